"""Where the project lies, and the names of folders and files of results and of the cache.

An experiment's folder of results, `<results_root>/<experiment>`:

    plan.json, explanations.json             what decides the tables and the explanations
    data/<key>/                              prepared splits: spec.json, checks.json, <split>.csv
    runs/<run>/                              spec.json, inputs.json, train.log, predictions/<split>.csv, history.csv,
                                             provenance.json, model/, and checkpoint/ while it trains
    baselines/<row>/                         spec.json, inputs.json, predictions/<split>.csv, provenance.json
    ensembles/<row>/                         the same, and labelling.json: how it labels new texts, with the weight of each run
    language-models/<row>/                   as baselines, with what is to be known of the answers in provenance.json
    packs/<pack>.json                        which runs share a job
    metrics/<row>.json                       metrics of each row, kept for the next evaluation
    summary.json, comparison.json, ...       digests of the tables and of the report, each beside what it is about
    summary.csv, settings.csv, metrics.csv   scores of rows and settings
    comparison.csv, models.csv, report.html  what is made from them
    annotators/<table>.csv                   how far annotators agree, their scores beside the rows', and which texts they annotated
    explanations/<run>/explanation.html
    labelled/<run>/<file>.csv                labels of new texts
    annotations/<split>.sqlite               what people answered on the labelling page; <split>.csv and <split>/<person>.csv: tables of it

    submission/<row>/track_a.zip             the answers of a row to the test texts of SemEval-2025 Task 11, on all sets

    sets/<set>/                              of a study on several data sets: all of the above for each of them,
    sets.json                                which set's files each folder of tokens is made from
    summary.csv, sets.csv, comparison.csv    and of the study as a whole: all rows, settings on each set, what differs on average over the
    report.html                              sets, and their report

    set-aside/<date>/                        what was damaged, each with the reason beside it

The cache, `<cache_root>`, which experiments share:

    encoders/<key>/                          spec.json, facts.json, fetched.json, files/
    tokens/<key>/                            spec.json, tokens.json, files/
    features/<key>/                          spec.json, features.json, files/
    datasets/<key>/                          spec.json, fetched.json, files/: a split of a data set of the hub
    images/<key>/                            images from a registry

The folder of answers, `<answers_root>`, which experiments share, too:

    <model>_<digest>.jsonl                   what a language model was asked with one prompt, and what it answered; it only grows

A file named here beside `files/` appears when these are whole. Training and features do not import this module: it would enter their
digests, and a new name of a table would rename every run. What they write is named in data/splits.py (a row's own files) and in
features/index.py (the files of tokens and features).
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# Folders of an experiment's results.
DATA, RUNS, BASELINES, PACKS = "data", "runs", "baselines", "packs"
ENSEMBLES = "ensembles"
METRICS, EXPLANATIONS, LABELLED, SETS = "metrics", "explanations", "labelled", "sets"
SUBMISSION = "submission"
ANNOTATIONS = "annotations"
LANGUAGE_MODELS = "language-models"

# Files of an experiment's results.
PLAN, EXPLANATIONS_REQUEST, GUARD = "plan.json", "explanations.json", ".guard"
TOKENS_OF_SETS = "sets.json"
SUMMARY_TABLE, SETTINGS_TABLE, METRICS_TABLE = "summary.csv", "settings.csv", "metrics.csv"
SETS_TABLE, SETS_RECORD = "sets.csv", "tables-of-sets.json"
AGREEMENT_TABLE, ANNOTATORS_TABLE = "annotators/agreement.csv", "annotators/scores.csv"
DISAGREEMENTS_TABLE, ANNOTATED_TABLE = "annotators/disagreements.csv", "annotators/texts.csv"
ANNOTATORS_RECORD = "annotators.json"
COMPARISON_TABLE, MODELS_TABLE, REPORT = "comparison.csv", "models.csv", "report.html"
SUMMARY_RECORD, COMPARISON_RECORD, MODELS_RECORD = "summary.json", "comparison.json", "models.json"
REPORT_RECORD, EXPLANATION_RECORD, MODEL_RECORD = "report.json", "explanation.json", "digests.json"
CHECKS, TRAIN_LOG, EXPLANATION_PAGE = "checks.json", "train.log", "explanation.html"

# Folders of the cache, and the file that stands in each of their folders when it is whole.
ENCODERS, TOKENS, FEATURES, IMAGES, DATASETS = "encoders", "tokens", "features", "images", "datasets"
KEPT = "digests"
FETCHED, TOKENS_RECORD, FEATURES_RECORD = "fetched.json", "tokens.json", "features.json"
FILES, FACTS = "files", "facts.json"

LABELLING = "labelling.json"
"""In a model's folder: `clean` (the steps that its texts went through), the `prompt` around them if there is one, `precision`, and the
`thresholds` by label."""

SELECTED = "selected"
"""The key of an ensemble's record that says how its weights for dev and those for test were selected (evaluation/ensembles.py)."""

SPEC = "spec.json"
"""What decides the content of a folder of results or of the cache."""


RECORDED = {
    SUMMARY_RECORD: (METRICS_TABLE, SETTINGS_TABLE, SUMMARY_TABLE),
    COMPARISON_RECORD: (COMPARISON_TABLE,),
    MODELS_RECORD: (MODELS_TABLE,),
    REPORT_RECORD: (REPORT,),
    ANNOTATORS_RECORD: (AGREEMENT_TABLE, ANNOTATORS_TABLE, DISAGREEMENTS_TABLE, ANNOTATED_TABLE),
    SETS_RECORD: (SUMMARY_TABLE, SETS_TABLE, COMPARISON_TABLE),
}
"""Of which tables a record in an experiment's folder holds the digests."""


def experiment_of_set(experiment: str, name: str) -> str:
    """What the rules call the part of a study on one data set: its folder under the results.

    Args:
        experiment: the study's name.
        name: the set's; empty in a study on a single one.
    """
    return f"{experiment}/{SETS}/{name}" if name else experiment


def set_of(experiment: str) -> str:
    """The name of the set of a part of a study; empty in a study on a single one."""
    return experiment.partition(f"/{SETS}/")[2]


def study_home(home: Path) -> Path:
    """The folder of results of the study that a part belongs to; of a study on a single data set it is the part's own.

    Args:
        home: the part's folder of results.
    """
    return home.parents[1] if home.parent.name == SETS else home


def experiment_at(home: Path) -> str:
    """What the rules call the part whose results lie in a folder."""
    return experiment_of_set(study_home(home).name, home.name if home.parent.name == SETS else "")


def part_homes(home: Path) -> list[Path]:
    """The folders of results of a study's parts that were started: of each data set, or the study's own.

    Args:
        home: the study's folder of results, or that of a part.
    """
    return sorted(path.parent for path in (home / SETS).glob(f"*/{PLAN}")) or [home]


def run_folder(home: Path, run: str) -> Path:
    """A run's folder in an experiment's folder of results."""
    return home / RUNS / run


def data_folder(home: Path, key: str) -> Path:
    """A folder of prepared splits in an experiment's folder of results."""
    return home / DATA / key
