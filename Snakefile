# emotion-grid: fine-tune a declared grid of text encoders for multi-label emotion detection, and say what made a difference.
#
#   CSV ──prepare──► splits ──┬─► tokens ──encode──► features of what is frozen
#                             └─► train, one job a run ──► predictions ──evaluate──► tables ──► report
#
# The grid stands in a config file (config/config.yaml unless --configfile names another); docs/configuration.md lists every key.
from snakemake.utils import min_version

min_version("9.0")

if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"


# Where a profile says so, every rule runs inside this image.
container: image


include: "rules/container.smk"
include: "rules/fetch.smk"
include: "rules/prepare.smk"
include: "rules/encode.smk"
include: "rules/train.smk"
include: "rules/baseline.smk"
include: "rules/evaluate.smk"
include: "rules/compare.smk"
include: "rules/explain.smk"
include: "rules/report.smk"
include: "rules/paper.smk"


refuse_host_steps()


# On a cluster these run where Snakemake runs: fetching where there is a connection, the light steps unless they are jobs.
localrules:
    all,
    build_container,
    explain,
    paper,


if runtime() or not CONTAINED:

    localrules:
        fetch_encoder,


if not LIGHT_JOBS:

    localrules:
        prepare,
        tokenize_texts,
        baseline,
        evaluate,
        models,
        compare,
        report,
        export_paper,


onsuccess:
    tell_end()


onerror:
    tell_end()


rule all:
    default_target: True
    input:
        unfinished,
        f"{HOME}/summary.csv",
        f"{HOME}/report.html",
        f"{HOME}/models.csv",
        explanation_of_study,
