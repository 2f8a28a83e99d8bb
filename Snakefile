# emotion-grid: fine-tune a declared grid of text encoders for multi-label emotion detection, and say what made a difference.
#
#   CSV ──┬─prepare───► splits ─────────────────────────────┬─► train, one job per run ──► predictions ──evaluate──► tables ──► report
#         └─tokenize──► tokens ──encode──► hidden states ───┘
#
# The grid is declared in a config file (config/config.yaml unless --configfile names another); docs/configuration.md lists every key.
# What the rules ask for is in emotion_grid/workflow/.
import sys

from snakemake.utils import min_version

min_version("9.0")
sys.path.insert(0, workflow.basedir)

from emotion_grid.workflow.place import check_place
from emotion_grid.workflow.reading import check_config_files

check_place(workflow)
check_config_files(workflow, default="config/config.yaml")
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


from emotion_grid.data.splits import BASELINE_FILES, MODEL_FILES, RESULT_FILES, SPLITS
from emotion_grid.plan.kinds import KINDS
from emotion_grid.workflow.inputs import RuleInputs
from emotion_grid.workflow.options import RuleOptions
from emotion_grid.workflow.resources import RuleResources
from emotion_grid.workflow.signatures import with_signatures
from emotion_grid.workflow.study import Study

study = Study(workflow, config)
inputs = with_signatures(RuleInputs(study))
options = with_signatures(RuleOptions(study, inputs))
resources = with_signatures(RuleResources(study, inputs))
RESULTS, CACHE = f"{study.results}/{{experiment}}", str(study.cache)
PROGRAMS = {kind.folder: kind.program for kind in KINDS if kind.rule == "predict_row"}


wildcard_constraints:
    **dict.fromkeys(("run", "row", "pack", "key", "file"), "[^/]+"),
    experiment="[^/]+/sets/[^/]+" if study.has_sets else "[^/]+",
    kind="|".join(PROGRAMS),
    texts="[0-9a-f]+",


# Where a profile asks for it, every rule runs inside this image.
container: study.image_path


include: "rules/container.smk"
include: "rules/fetch.smk"
include: "rules/prepare.smk"
include: "rules/encode.smk"
include: "rules/train.smk"
include: "rules/predict.smk"
include: "rules/ensemble.smk"
include: "rules/ask.smk"
include: "rules/evaluate.smk"
include: "rules/compare.smk"
include: "rules/annotators.smk"
include: "rules/explain.smk"
include: "rules/report.smk"
include: "rules/paper.smk"
include: "rules/label.smk"
include: "rules/submission.smk"


if study.has_sets:

    include: "rules/sets.smk"


# On a cluster these run where Snakemake runs: what needs a connection, and the light steps unless they are jobs.
workflow.localrules(*study.local_rules)

if study.image:
    study.image.refuse_host_steps()


onsuccess:
    study.tell_end()


onerror:
    study.tell_end()


rule all:
    default_target: True
    input:
        inputs.unfinished,
        # Each by itself: where one alone is missing, nothing else would ask for it.
        inputs.of_every_set("summary.csv", "settings.csv", "metrics.csv", "comparison.csv", "models.csv", "report.html"),
        inputs.annotators_of_every_set,
        inputs.of_all_sets("summary.csv", "sets.csv", "comparison.csv", "report.html"),
        lambda wildcards: inputs.explanations(checkpoints) if inputs.explains else [],
