rule compare:
    input:
        summary=rules.evaluate.output.summary,
        metrics=rules.evaluate.output.metrics,
    output:
        str(RESULTS / "{experiment}/comparison.csv"),
    log:
        str(RESULTS / "{experiment}/compare.log"),
    message:
        "Comparing the settings of {wildcards.experiment}"
    shell:
        "python -m scripts.compare --results $(dirname {output:q}) > {log:q} 2>&1"
