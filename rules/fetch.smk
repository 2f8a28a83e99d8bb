rule fetch_encoder:
    message:
        "Fetching the encoder {wildcards.key}"
    output:
        str(CACHE / "encoders/{key}/fetched.json"),
    params:
        folder=subpath(output[0], parent=True),
    log:
        str(CACHE / "encoders/{key}/fetch.log"),
    shell:
        "python -m scripts.fetch_encoder --spec {params.folder:q}/spec.json --output {params.folder:q} > {log:q} 2>&1"
