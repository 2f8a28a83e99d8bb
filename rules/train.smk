KEEP = "results" if config.get("keep_models") == "none" else "all"


rule train:
    input:
        needs_of_run,
    output:
        expand(str(RESULTS / "{{experiment}}/runs/{{run}}/{file}"), file=RESULT_FILES),
    log:
        str(RESULTS / "{experiment}/runs/{run}/train.log"),
    benchmark:
        str(RESULTS / "{experiment}/runs/{run}/benchmark.tsv")
    threads: training_threads
    resources:
        **TRAINING_RESOURCES,
    params:
        folder=subpath(output[-1], parent=True),
        data=data_folder,
        cached=cached_options,
        encoder=encoder_folder,
        keep=KEEP,
    message:
        "Training {wildcards.run}"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} {params.cached}"
        " --encoder {params.encoder:q}/files --output {params.folder:q} --threads {threads} --keep {params.keep} > {log:q} 2>&1"


# On a cluster, runs that wait may share a job (`pack` in profiles/slurm/site.yaml). Their results are no outputs of it: Snakemake deletes
# the outputs of a job that failed, and one member's failure must cost no other's results.
rule train_pack:
    input:
        needs_of_pack,
    output:
        str(RESULTS / "{experiment}/packs/{pack}.done"),
    log:
        str(RESULTS / "{experiment}/packs/{pack}.log"),
    threads: training_threads
    resources:
        **TRAINING_RESOURCES,
    params:
        folder=subpath(output[0], ancestor=2),
        runs=lambda wildcards: len(runs_of(wildcards)),
        cache=CACHE,
        keep=KEEP,
    message:
        "Training {params.runs} runs in the pack {wildcards.pack}"
    shell:
        "python -m scripts.train_pack --pack {params.folder:q}/packs/{wildcards.pack}.json --results {params.folder:q}"
        " --cache {params.cache:q} --output {output:q} --threads {threads} --keep {params.keep} > {log:q} 2>&1"


rule restore_model:
    input:
        lambda wildcards: needs_of_run(wildcards, MODEL_FILES),
    output:
        expand(str(RESULTS / "{{experiment}}/runs/{{run}}/{file}"), file=MODEL_FILES),
    log:
        str(RESULTS / "{experiment}/runs/{run}/restore_model.log"),
    threads: training_threads
    resources:
        **TRAINING_RESOURCES,
    params:
        folder=subpath(output[0], ancestor=2),
        data=data_folder,
        cached=cached_options,
        encoder=encoder_folder,
    # Only on request: a model that was cleared away is trained again from its spec; its predictions stay as they are.
    message:
        "Training {wildcards.run} again for its model"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} {params.cached}"
        " --encoder {params.encoder:q}/files --output {params.folder:q} --threads {threads} --keep model > {log:q} 2>&1"
