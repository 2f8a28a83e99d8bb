rule label:
    input:
        lambda wildcards: inputs.labelled(checkpoints),


rule label_texts:
    input:
        texts=inputs.new_texts,
        model=f"{RESULTS}/runs/{{run}}/{MODEL_FILES[0]}",
        thresholds=f"{RESULTS}/runs/{{run}}/model/labelling.json",
        encoder=lambda wildcards: f"{inputs.encoder(wildcards)}/fetched.json",
    output:
        f"{RESULTS}/labelled/{{run}}/{{file}}.csv",
    log:
        f"{RESULTS}/labelled/{{run}}/{{file}}.log",
    threads: resources.training_threads
    resources:
        **resources.training,
    params:
        threads=resources.training_threads,
        model=subpath(input.model, parent=True),
        encoder=inputs.encoder,
    message:
        "Labelling {input.texts} with {wildcards.run}"
    shell:
        "python -m scripts.predict --model {params.model:q} --encoder {params.encoder:q}/files --input {input.texts:q}"
        " --output {output:q} --threads {params.threads} > {log:q} 2>&1"
