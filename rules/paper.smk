rule paper:
    input:
        inputs.of_every_set("paper"),


rule export_paper:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
        comparison=rules.compare.output,
    output:
        directory(f"{RESULTS}/paper"),
    log:
        f"{RESULTS}/paper.log",
    resources:
        **resources.light,
    params:
        folder=subpath(input.summary, parent=True),
    message:
        "Writing the tables and figures of {wildcards.experiment} for a paper"
    shell:
        "python -m scripts.paper --results {params.folder:q} --output {output:q} > {log:q} 2>&1"
