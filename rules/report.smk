rule report:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
        comparison=rules.compare.output,
        annotators=inputs.annotators,
    output:
        report(f"{RESULTS}/report.html", category="Pages", labels={"result": "Report"}),
    log:
        f"{RESULTS}/report.log",
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], parent=True),
        cache=CACHE,
    message:
        "Writing the report of {wildcards.experiment}"
    shell:
        "python -m scripts.report --results {params.folder:q} --cache {params.cache:q} > {log:q} 2>&1"
