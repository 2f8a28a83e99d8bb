# Rows that language models answer. They need a connection: on a cluster, they run where Snakemake runs.
rule ask:
    input:
        inputs.asked,


rule ask_model:
    input:
        inputs.row,
    output:
        [update(f"{RESULTS}/{{kind}}/{{row}}/{file}") for file in BASELINE_FILES],
    log:
        f"{RESULTS}/{{kind}}/{{row}}/ask_model.log",
    wildcard_constraints:
        kind="|".join(kind.folder for kind in KINDS if kind.rule == "ask_model"),
    resources:
        **resources.light,
    params:
        folder=subpath(output[0], ancestor=2),
        data=inputs.data,
        asking=options.asking,
    message:
        "Asking the language model of {wildcards.row}"
    shell:
        "python -m scripts.ask_model --spec {params.folder:q}/spec.json --data {params.data:q} --output {params.folder:q}"
        " {params.asking} > {log:q} 2>&1"
