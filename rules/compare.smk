rule compare:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        report(f"{RESULTS}/comparison.csv", category="Tables", labels={"result": "Which differences are significant"}),
    log:
        f"{RESULTS}/compare.log",
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], parent=True),
    message:
        "Comparing the settings of {wildcards.experiment}"
    shell:
        "python -m scripts.compare --results {params.folder:q} > {log:q} 2>&1"
