rule report:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        str(RESULTS / "{experiment}/report.html"),
    log:
        str(RESULTS / "{experiment}/report.log"),
    resources:
        **light_resources(SITE),
    message:
        "Writing the report of {wildcards.experiment}"
    shell:
        "python -m scripts.report --results $(dirname {output:q}) > {log:q} 2>&1"
