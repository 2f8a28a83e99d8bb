rule prepare:
    input:
        nothing,
    output:
        checks=str(RESULTS / "{experiment}/data/{key}/checks.json"),
        splits=expand(
            str(RESULTS / "{{experiment}}/data/{{key}}/{split}.csv"),
            split=["train", *SPLITS],
        ),
    log:
        str(RESULTS / "{experiment}/data/{key}/prepare.log"),
    resources:
        **light_resources(SITE),
    params:
        folder=subpath(output.checks, parent=True),
        files=raw_files,
    message:
        "Checking the data and cutting its splits"
    shell:
        "python -m scripts.prepare --spec {params.folder:q}/spec.json {params.files} --output {params.folder:q} > {log:q} 2>&1"
