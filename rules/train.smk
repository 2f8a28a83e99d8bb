rule train:
    input:
        needs_of_run,
    output:
        expand(str(RESULTS / "{{experiment}}/runs/{{run}}/{file}"), file=RESULT_FILES),
    log:
        str(RESULTS / "{experiment}/runs/{run}/train.log"),
    benchmark:
        str(RESULTS / "{experiment}/runs/{run}/benchmark.tsv")
    threads: lambda wildcards: spec_of(wildcards)["training"]["threads"]
    resources:
        **fixed_resources(SITE, gpu=True),
        mem_mb=training_resource("mem_mb"),
        runtime=training_resource("runtime"),
    params:
        folder=subpath(output[-1], parent=True),
        data=data_folder,
        encoder=encoder_folder,
        keep="results" if config.get("keep_models") == "none" else "all",
    message:
        "Training {wildcards.run}"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} --encoder {params.encoder:q}/files"
        " --output {params.folder:q} --threads {threads} --keep {params.keep} > {log:q} 2>&1"


rule restore_model:
    input:
        lambda wildcards: needs_of_run(wildcards, ["model/model.safetensors"]),
    output:
        str(RESULTS / "{experiment}/runs/{run}/model/model.safetensors"),
    log:
        str(RESULTS / "{experiment}/runs/{run}/restore_model.log"),
    threads: lambda wildcards: spec_of(wildcards)["training"]["threads"]
    resources:
        **fixed_resources(SITE, gpu=True),
        mem_mb=training_resource("mem_mb"),
        runtime=training_resource("runtime"),
    params:
        folder=subpath(output[0], ancestor=2),
        data=data_folder,
        encoder=encoder_folder,
    # Only on request: a model that was cleared away is trained again from its spec; its predictions stay as they are.
    message:
        "Training {wildcards.run} again for its model"
    shell:
        "python -m scripts.train --spec {params.folder:q}/spec.json --data {params.data:q} --encoder {params.encoder:q}/files"
        " --output {params.folder:q} --threads {threads} --keep model > {log:q} 2>&1"
