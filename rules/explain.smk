def explained_run(wildcards):
    """The run to explain: the one that the config names, or the best; known once the tables are made."""
    run = config.get("explanations", {}).get("run", "best")
    with open(checkpoints.models.get(experiment=HOME.name).output[0], newline="") as table:
        return next(
            row["run"] for row in csv.DictReader(table) if row["run"] == run or (run, row["best"]) == ("best", "True")
        )


def explanation_page(wildcards):
    """The page of the run to explain."""
    return HOME / "explanations" / explained_run(wildcards) / "explanation.html"


def explanation_of_study(wildcards):
    """The same in the full study, which explains only if texts are asked for and models are kept; a job asks for nothing."""
    return explanation_page(wildcards) if PLAN and PLAN.settings["explained"] else []


rule explain:
    input:
        explanation_page,


rule explain_run:
    input:
        model=str(RESULTS / "{experiment}/runs/{run}/model/model.safetensors"),
        predictions=expand(str(RESULTS / "{{experiment}}/runs/{{run}}/{file}"), file=RESULT_FILES),
        encoder=lambda wildcards: encoder_folder(wildcards) / "fetched.json",
        data=lambda wildcards: data_folder(wildcards) / "checks.json",
        request=lambda wildcards: request_path("explanations.json", lambda: PLAN.explanations),
    output:
        page=report(
            str(RESULTS / "{experiment}/explanations/{run}/explanation.html"),
            category="Pages",
            labels={"result": "Explanations of {run}"},
        ),
        contributions=str(RESULTS / "{experiment}/explanations/{run}/contributions.csv"),
        logits=str(RESULTS / "{experiment}/explanations/{run}/logits.csv"),
    log:
        str(RESULTS / "{experiment}/explanations/{run}/explain.log"),
    threads: training_threads
    resources:
        **TRAINING_RESOURCES,
    message:
        "Explaining {wildcards.run}"
    shell:
        "python -m scripts.explain --run $(dirname $(dirname {input.model:q})) --data $(dirname {input.data:q})"
        " --encoder $(dirname {input.encoder:q})/files --request {input.request:q} --threads {threads}"
        " --output $(dirname {output.page:q}) > {log:q} 2>&1"
