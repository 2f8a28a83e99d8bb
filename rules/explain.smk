rule explain:
    input:
        lambda wildcards: inputs.explanations(checkpoints),


rule explain_run:
    input:
        model=f"{RESULTS}/runs/{{run}}/{MODEL_FILES[0]}",
        predictions=[f"{RESULTS}/runs/{{run}}/{file}" for file in RESULT_FILES],
        encoder=lambda wildcards: [f"{inputs.encoder(wildcards)}/{name}" for name in ("facts.json", "fetched.json")],
        data=lambda wildcards: f"{inputs.data(wildcards)}/checks.json",
        request=inputs.explanation_request,
    output:
        page=report(
            f"{RESULTS}/explanations/{{run}}/explanation.html",
            category="Pages",
            labels={"result": "Explanations of {run}"},
        ),
        contributions=f"{RESULTS}/explanations/{{run}}/contributions.csv",
        logits=f"{RESULTS}/explanations/{{run}}/logits.csv",
    log:
        f"{RESULTS}/explanations/{{run}}/explain.log",
    threads: resources.training_threads
    resources:
        **resources.training,
    params:
        threads=resources.training_threads,
        folder=subpath(output.page, parent=True),
        run=subpath(input.model, ancestor=2),
        data=inputs.data,
        encoder=inputs.encoder,
    message:
        "Explaining the predictions of {wildcards.run}"
    shell:
        "python -m scripts.explain --run {params.run:q} --data {params.data:q} --encoder {params.encoder:q}/files"
        " --request {input.request:q} --threads {params.threads} --output {params.folder:q} > {log:q} 2>&1"
