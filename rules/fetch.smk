rule fetch_encoder:
    input:
        nothing,
    output:
        update(str(CACHE / "encoders/{key}/fetched.json")),
    log:
        str(CACHE / "encoders/{key}/fetch.log"),
    resources:
        **LIGHT_RESOURCES,
    params:
        folder=subpath(output[0], parent=True),
    message:
        "Fetching the encoder {wildcards.key}"
    shell:
        "python -m scripts.fetch_encoder --spec {params.folder:q}/spec.json --output {params.folder:q} > {log:q} 2>&1"
