rule report:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
        comparison=rules.compare.output,
    output:
        report(
            str(RESULTS / "{experiment}/report.html"),
            category="Pages",
            labels={"result": "Report"},
        ),
    log:
        str(RESULTS / "{experiment}/report.log"),
    group:
        light_group("tables")
    resources:
        **LIGHT_RESOURCES,
    message:
        "Writing the report of {wildcards.experiment}"
    shell:
        "python -m scripts.report --results $(dirname {output:q}) > {log:q} 2>&1"
