rule compare:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        report(
            str(RESULTS / "{experiment}/comparison.csv"),
            category="Tables",
            labels={"result": "Which differences are real"},
        ),
    log:
        str(RESULTS / "{experiment}/compare.log"),
    group:
        light_group("tables")
    resources:
        **LIGHT_RESOURCES,
    message:
        "Comparing the settings of {wildcards.experiment}"
    shell:
        "python -m scripts.compare --results $(dirname {output:q}) > {log:q} 2>&1"
