# The archive to hand in to SemEval-2025 Task 11: of the best run on each language, or of the row that the config names.
rule submission:
    input:
        inputs.submission,


rule write_submission:
    input:
        inputs.submitted,
    output:
        directory(f"{study.home}/submission/{{row}}"),
    log:
        f"{study.home}/submission/{{row}}.log",
    resources:
        **resources.light,
    params:
        languages=options.submitted,
    message:
        "Writing the submission of {wildcards.row}"
    shell:
        "python -m scripts.submission {params.languages} --row {wildcards.row:q} --output {output:q} > {log:q} 2>&1"
