rule paper:
    input:
        HOME / "paper",


rule export_paper:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
        comparison=rules.compare.output,
    output:
        directory(str(RESULTS / "{experiment}/paper")),
    log:
        str(RESULTS / "{experiment}/paper.log"),
    resources:
        **LIGHT_RESOURCES,
    message:
        "Writing the tables and figures of {wildcards.experiment} for a paper"
    shell:
        "python -m scripts.paper --results $(dirname {input.summary:q}) --output {output:q} > {log:q} 2>&1"
