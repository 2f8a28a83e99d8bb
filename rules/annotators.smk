rule compare_annotators:
    input:
        summary=rules.evaluate.output.summary,
        answers=inputs.answers,
    output:
        report(f"{RESULTS}/annotators/agreement.csv", category="Tables", labels={"result": "How far annotators agree"}),
        report(f"{RESULTS}/annotators/scores.csv", category="Tables", labels={"result": "Annotators beside the models"}),
        f"{RESULTS}/annotators/disagreements.csv",
        f"{RESULTS}/annotators/texts.csv",
    log:
        f"{RESULTS}/compare_annotators.log",
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(input.summary, parent=True),
    message:
        "Comparing annotators and models of {wildcards.experiment}"
    shell:
        "python -m scripts.compare_annotators --results {params.folder:q} > {log:q} 2>&1"
