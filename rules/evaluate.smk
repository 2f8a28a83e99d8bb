rule evaluate:
    input:
        unpack(needs_of_tables),
    output:
        summary=report(
            str(RESULTS / "{experiment}/summary.csv"),
            category="Tables",
            labels={"result": "Every run"},
        ),
        metrics=str(RESULTS / "{experiment}/metrics.csv"),
    log:
        str(RESULTS / "{experiment}/evaluate.log"),
    # One job for all runs; it keeps what it computed, so that a new run costs one run's metrics.
    group:
        light_group("tables")
    resources:
        **LIGHT_RESOURCES,
    message:
        "Scoring the predictions of {wildcards.experiment}"
    shell:
        "python -m scripts.evaluate --plan {input.plan:q} --output $(dirname {output.summary:q}) > {log:q} 2>&1"


checkpoint models:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        str(RESULTS / "{experiment}/models.csv"),
    log:
        str(RESULTS / "{experiment}/models.log"),
    group:
        light_group("tables")
    resources:
        **LIGHT_RESOURCES,
    message:
        "Keeping the models that the config asks for"
    shell:
        "python -m scripts.keep_models --results $(dirname {output:q}) > {log:q} 2>&1"
