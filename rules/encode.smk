# What runs read instead of texts, computed once for all of them. Where it is there already it waits for nothing, so the encoder that it was
# computed with may be gone; `update` leaves it in place for others who read it.
rule tokenize_texts:
    input:
        inputs.tokenize,
    output:
        update(f"{CACHE}/tokens/{{key}}/tokens.json"),
    log:
        f"{CACHE}/tokens/{{key}}/tokenize_texts.log",
    priority: 1
    group:
        resources.light_group("data")
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], parent=True),
        umask=study.cache_umask,
        encoder=inputs.encoder_of_tokens,
        files=options.raw_files,
        reading=options.reading,
    message:
        "Tokenizing the texts for {params.encoder}"
    shell:
        "umask {params.umask} && python -m scripts.tokenize_texts --spec {params.folder:q}/spec.json {params.files} {params.reading} --encoder {params.encoder:q}/files"
        " --output {params.folder:q} > {log:q} 2>&1"


rule encode:
    input:
        inputs.encode,
    output:
        update(f"{CACHE}/features/{{key}}/features.json"),
    log:
        f"{CACHE}/features/{{key}}/encode.log",
    # Before runs that need no features: others wait for these.
    priority: 1
    threads: resources.encoding_threads
    resources:
        **resources.encoding,
    params:
        threads=resources.encoding_threads,
        folder=subpath(output[0], parent=True),
        umask=study.cache_umask,
        tokens=inputs.tokens_of_features,
        encoder=inputs.encoder_of_features,
        limit=config.get("features_gb", 20),
    message:
        "Computing the hidden states of the frozen layers of {params.encoder}"
    shell:
        "umask {params.umask} && python -m scripts.encode --spec {params.folder:q}/spec.json --tokens {params.tokens:q}"
        " --encoder {params.encoder:q}/files"
        " --output {params.folder:q} --threads {params.threads} --limit-gb {params.limit} > {log:q} 2>&1"
