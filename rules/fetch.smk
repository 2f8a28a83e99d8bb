# What comes from elsewhere: encoders, and data sets of the hub. On a cluster, these run where Snakemake runs, which has a connection.
rule fetch_encoder:
    input:
        inputs.nothing,
    output:
        [update(f"{CACHE}/encoders/{{key}}/{name}") for name in ("facts.json", "fetched.json")],
    log:
        f"{CACHE}/encoders/{{key}}/fetch.log",
    resources:
        **resources.fetching,
    params:
        folder=subpath(output[0], parent=True),
        umask=study.cache_umask,
    message:
        "Fetching the encoder {wildcards.key}"
    shell:
        "umask {params.umask} && python -m scripts.fetch_encoder --spec {params.folder:q}/spec.json --output {params.folder:q} > {log:q} 2>&1"


rule fetch_dataset:
    input:
        inputs.nothing,
    output:
        update(f"{CACHE}/datasets/{{key}}/fetched.json"),
    log:
        f"{CACHE}/datasets/{{key}}/fetch.log",
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], parent=True),
        umask=study.cache_umask,
    message:
        "Fetching the data set {wildcards.key}"
    shell:
        "umask {params.umask} && python -m scripts.fetch_dataset --spec {params.folder:q}/spec.json --output {params.folder:q} > {log:q} 2>&1"
