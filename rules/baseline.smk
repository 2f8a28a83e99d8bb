rule baseline:
    input:
        needs_of_baseline,
    output:
        expand(
            str(RESULTS / "{{experiment}}/baselines/{{baseline}}/{file}"),
            file=BASELINE_FILES,
        ),
    log:
        str(RESULTS / "{experiment}/baselines/{baseline}/baseline.log"),
    resources:
        **light_resources(SITE),
    params:
        folder=subpath(output[0], ancestor=2),
        data=data_folder,
    message:
        "Computing the baseline {wildcards.baseline}"
    shell:
        "python -m scripts.baseline --spec {params.folder:q}/spec.json --data {params.data:q} --output {params.folder:q} > {log:q} 2>&1"
