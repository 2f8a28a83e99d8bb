# Rows of the comparison that are no runs of the grid; emotion_grid/plan/kinds.py says which program makes each kind.
rule predict_row:
    input:
        inputs.row,
    output:
        [update(f"{RESULTS}/{{kind}}/{{row}}/{file}") for file in BASELINE_FILES],
    log:
        f"{RESULTS}/{{kind}}/{{row}}/predict.log",
    group:
        resources.light_group("data")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], ancestor=2),
        data=inputs.data,
        program=lambda wildcards: PROGRAMS[wildcards.kind],
    message:
        "Predicting with {wildcards.row}"
    shell:
        "python -m scripts.{params.program} --spec {params.folder:q}/spec.json --data {params.data:q} --output {params.folder:q}"
        " > {log:q} 2>&1"


# Dev or test has other texts than when the run was trained: its model, restored if it was not kept, predicts them.
rule predict_again:
    input:
        model=f"{RESULTS}/runs/{{run}}/{MODEL_FILES[0]}",
        data=lambda wildcards: f"{inputs.data(wildcards)}/checks.json",
        tokens=lambda wildcards: f"{inputs.tokens(wildcards)}/tokens.json",
        encoder=lambda wildcards: f"{inputs.encoder(wildcards)}/fetched.json",
    output:
        f"{RESULTS}/runs/{{run}}/predictions/texts-{{texts}}.json",
    log:
        f"{RESULTS}/runs/{{run}}/predict_again-{{texts}}.log",
    threads: resources.training_threads
    resources:
        **resources.training,
    params:
        threads=resources.training_threads,
        folder=subpath(output[0], ancestor=2),
        data=inputs.data,
        tokens=inputs.tokens,
        encoder=inputs.encoder,
    message:
        "Predicting new texts with {wildcards.run}"
    shell:
        "python -m scripts.predict_again --run {params.folder:q} --data {params.data:q} --tokens {params.tokens:q}"
        " --encoder {params.encoder:q}/files --texts {wildcards.texts} --threads {params.threads} > {log:q} 2>&1"
