rule evaluate:
    input:
        unpack(inputs.tables),
    output:
        summary=report(f"{RESULTS}/summary.csv", category="Tables", labels={"result": "Every run"}),
        settings=f"{RESULTS}/settings.csv",
        metrics=f"{RESULTS}/metrics.csv",
    log:
        f"{RESULTS}/evaluate.log",
    # One job for all runs; it keeps what it computed, so that a new run costs one run's metrics.
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(output.summary, parent=True),
    message:
        "Scoring the predictions of {wildcards.experiment}"
    shell:
        "python -m scripts.evaluate --plan {input.plan:q} --output {params.folder:q} > {log:q} 2>&1"


checkpoint keep_models:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
        models=inputs.models,
    output:
        f"{RESULTS}/models.csv",
    log:
        f"{RESULTS}/keep_models.log",
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], parent=True),
    message:
        "Keeping the models that the config asks for, removing others"
    shell:
        "python -m scripts.keep_models --results {params.folder:q} > {log:q} 2>&1"
