rule report:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        str(RESULTS / "{experiment}/report.html"),
    log:
        str(RESULTS / "{experiment}/report.log"),
    resources:
        **fixed_resources(SITE, gpu=False),
    message:
        "Writing the report of {wildcards.experiment}"
    shell:
        "python -m scripts.report --results $(dirname {output:q}) > {log:q} 2>&1"
