rule prepare:
    input:
        inputs.prepare,
    output:
        splits=[f"{RESULTS}/data/{{key}}/{split}.csv" for split in ("train", *SPLITS)],
        checks=f"{RESULTS}/data/{{key}}/checks.json",
    log:
        f"{RESULTS}/data/{{key}}/prepare.log",
    group:
        resources.light_group("data")
    resources:
        **resources.light,
    params:
        folder=subpath(output.checks, parent=True),
        files=options.raw_files,
    message:
        "Checking the data and splitting it"
    shell:
        "python -m scripts.prepare --spec {params.folder:q}/spec.json {params.files} --output {params.folder:q} > {log:q} 2>&1"
