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
