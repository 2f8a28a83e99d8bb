# Rows of the comparison that are made from the finished predictions of the runs: their weighted means.
rule ensemble:
    input:
        inputs.members,
    output:
        [update(f"{RESULTS}/{{kind}}/{{row}}/{file}") for file in BASELINE_FILES],
    log:
        f"{RESULTS}/{{kind}}/{{row}}/ensemble.log",
    wildcard_constraints:
        kind="ensembles",
    group:
        resources.light_group("tables")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], ancestor=2),
        results=subpath(output[0], ancestor=4),
        data=inputs.data,
    message:
        "Selecting the ensemble {wildcards.row}"
    shell:
        "python -m scripts.ensemble --spec {params.folder:q}/spec.json --results {params.results:q} --data {params.data:q}"
        " --output {params.folder:q} > {log:q} 2>&1"
