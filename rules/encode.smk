# What runs read in the place of texts, made once for all of them. Where it is there already it waits for nothing, so the encoder that it was
# made with may be gone; `update` leaves it in place for others who read it.
rule tokenize_texts:
    input:
        needs_of_tokens,
    output:
        update(str(CACHE / "tokens/{key}/tokens.json")),
    log:
        str(CACHE / "tokens/{key}/tokenize_texts.log"),
    priority: 1
    group:
        light_group("data")
    resources:
        **LIGHT_RESOURCES,
    params:
        folder=subpath(output[0], parent=True),
        encoder=lambda wildcards: encoder_of(spec_in_cache("tokens", wildcards)),
        files=raw_files,
    message:
        "Turning the texts into tokens"
    shell:
        "python -m scripts.tokenize_texts --spec {params.folder:q}/spec.json {params.files} --encoder {params.encoder:q}/files"
        " --output {params.folder:q} > {log:q} 2>&1"


rule encode:
    input:
        needs_of_features,
    output:
        update(str(CACHE / "features/{key}/features.json")),
    log:
        str(CACHE / "features/{key}/encode.log"),
    # Before runs that need no features: others wait for these.
    priority: 1
    threads: lambda wildcards: spec_in_cache("features", wildcards)["threads"]
    resources:
        **ENCODING_RESOURCES,
    params:
        folder=subpath(output[0], parent=True),
        tokens=tokens_of_features,
        encoder=lambda wildcards: encoder_of(spec_in_cache("features", wildcards)["tokens"]),
        limit=config.get("features_gb", 20),
    message:
        "Asking a frozen encoder for its features"
    shell:
        "python -m scripts.encode --spec {params.folder:q}/spec.json --tokens {params.tokens:q} --encoder {params.encoder:q}/files"
        " --output {params.folder:q} --threads {threads} --limit-gb {params.limit} > {log:q} 2>&1"
