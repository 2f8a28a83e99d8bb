# A study on several data sets as a whole; each set's own tables and report are made as if it were alone.
rule compare_sets:
    input:
        inputs.of_every_set("summary.csv"),
    output:
        report(f"{study.home}/summary.csv", category="Tables", labels={"result": "Every run on every data set"}),
        report(f"{study.home}/sets.csv", category="Tables", labels={"result": "Every setting on every data set"}),
        report(f"{study.home}/comparison.csv", category="Tables", labels={"result": "Significant over the data sets"}),
    log:
        f"{study.home}/compare_sets.log",
    resources:
        **resources.light,
    params:
        folder=study.home,
        sets=options.sets,
    message:
        "Comparing the settings over all data sets"
    shell:
        "python -m scripts.compare_sets --results {params.folder:q} --sets {params.sets} > {log:q} 2>&1"


rule report_sets:
    input:
        rules.compare_sets.output,
        inputs.of_every_set("report.html"),
    output:
        report(f"{study.home}/report.html", category="Pages", labels={"result": "Report on all data sets"}),
    log:
        f"{study.home}/report_sets.log",
    resources:
        **resources.light,
    params:
        folder=study.home,
        sets=options.sets,
        title=options.title,
    message:
        "Writing the report on all data sets"
    shell:
        "python -m scripts.report_sets --results {params.folder:q} --sets {params.sets} --title {params.title:q} > {log:q} 2>&1"
