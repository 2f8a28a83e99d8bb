rule train:
    input:
        inputs.run,
    output:
        [update(f"{RESULTS}/runs/{{run}}/{file}") for file in RESULT_FILES],
    log:
        f"{RESULTS}/runs/{{run}}/train.log",
    benchmark:
        f"{RESULTS}/runs/{{run}}/benchmark.tsv"
    priority: resources.training_priority
    threads: resources.training_threads
    resources:
        **resources.training,
    params:
        threads=resources.training_threads,
        folder=subpath(output[-1], parent=True),
        data=inputs.data,
        cached=options.cached,
        encoder=inputs.encoder,
        texts=options.texts,
        keep=study.keep,
    message:
        "Training {wildcards.run}"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} {params.cached}"
        " --encoder {params.encoder:q}/files --output {params.folder:q} --texts {params.texts} --threads {params.threads}"
        " --keep {params.keep} > {log:q} 2>&1"


# On a cluster, runs that wait may share a job (`pack` in profiles/slurm/site.yaml). Their results are no outputs of it: Snakemake deletes
# the outputs of a job that failed, and one member's failure must cost no other's results.
rule train_pack:
    input:
        inputs.pack,
    output:
        f"{RESULTS}/packs/{{pack}}.done",
    log:
        f"{RESULTS}/packs/{{pack}}.log",
    threads: resources.pack_threads
    resources:
        **resources.pack,
    params:
        threads=resources.training_threads,
        folder=subpath(output[0], ancestor=2),
        runs=lambda wildcards: len(inputs.runs(wildcards)),
        cache=CACHE,
        keep=study.keep,
    message:
        "Training {params.runs} runs in the pack {wildcards.pack}"
    shell:
        "python -m scripts.train_pack --pack {params.folder:q}/packs/{wildcards.pack}.json --results {params.folder:q}"
        " --cache {params.cache:q} --output {output:q} --threads {params.threads} --keep {params.keep} > {log:q} 2>&1"


# Only on request: a model that was cleared away is trained again from its spec; the run's predictions stay as they are.
rule restore_model:
    input:
        inputs.model,
    output:
        [update(f"{RESULTS}/runs/{{run}}/{file}") for file in MODEL_FILES],
    log:
        f"{RESULTS}/runs/{{run}}/restore_model.log",
    threads: resources.training_threads
    resources:
        **resources.training,
    params:
        threads=resources.training_threads,
        folder=subpath(output[0], ancestor=2),
        data=inputs.data,
        cached=options.cached,
        encoder=inputs.encoder,
    message:
        "Training {wildcards.run} again for its model, which was not kept"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} {params.cached}"
        " --encoder {params.encoder:q}/files --output {params.folder:q} --threads {params.threads} --keep model > {log:q} 2>&1"
