"""Scores of the predictions of runs that share their thresholds."""

import itertools

import numpy as np
import pandas as pd
import pytest

from emotion_grid import load_predictions, load_results
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.scores import macro_f1
from emotion_grid.data.tables import write_split
from emotion_grid.evaluation import predicted, scoring
from emotion_grid.evaluation.resampling import resamples
from emotion_grid.evaluation.scoring import ReadOnce, groups, score_group, tables_of
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, thresholds_from
from scripts import evaluate
from testing.hand_made import ALL_RIGHT, GOLD4, write_gold, write_tables
from testing.made import made_row, run_program, write_plan, write_records

LABELS = ["joy", "fear"]


def test_thresholds_of_one_run_come_from_validation_alone(experiment):
    def thresholds(mode: str) -> list[float]:
        plan = {**experiment.plan, "evaluation": {**experiment.plan["evaluation"], "threshold": mode}}
        tables = tables_of(row, experiment.home / row["folder"] / "predictions", experiment.home)
        found = score_group([tables], plan, experiment.home, ReadOnce())[row["run"]]["thresholds"]
        assert found["validation"] == found["dev"] == found["test"]
        return found["test"]

    row = experiment.rows[2]
    assert thresholds("global") == [0.4, 0.4]
    gold = experiment.home / "data" / "d1"
    write_gold(gold / "dev.csv", "d", 1 - GOLD4)
    write_tables(experiment.home / row["folder"] / "predictions", dev=1 - ALL_RIGHT, test=1 - ALL_RIGHT)
    write_gold(gold / "test.csv", "t", GOLD4)
    assert thresholds("global") == [0.4, 0.4]
    assert thresholds("per_label") == [0.4, 0.4]
    assert thresholds("bagged") == [0.4, 0.4], "as good in every resample"
    assert thresholds("fixed") == [0.5, 0.5]
    write_tables(
        experiment.home / row["folder"] / "predictions", validation=np.where(GOLD4 > 0, [0.4, 0.9], [0.1, 0.6])
    )
    assert thresholds("per_label") == [0.4, 0.61]


FOLDS, SEEDS, TEXTS = (1, 2, 3), (1, 2), 8


class CrossValidated:
    """A study of two settings with folds and seeds, predictions of a baseline for each fold, and test with gold labels."""

    def __init__(self, home):
        self.home, self.random, rows = home, np.random.default_rng(0), []
        for fold in FOLDS:
            for split in ("dev", "validation", "test"):
                self.write_gold(fold, split, (self.random.random((TEXTS, 2)) < 0.4).astype(float))
        for setting, fold, seed in itertools.product(("small", "large"), FOLDS, SEEDS):
            rows.append(self.row(f"{setting}-{fold}-{seed}", {"encoder": setting, "fold": fold, "seed": seed}, "run"))
        rows += [self.row(f"tfidf-{fold}", {"encoder": "tfidf", "fold": fold}, "baseline") for fold in FOLDS]
        evaluation = {"threshold": "bagged", "bootstrap": 100, "confidence": 0.9}
        self.plan = write_plan(home, rows, labels=LABELS, folds=3, evaluation=evaluation)

    def ids(self, fold: int, split: str) -> list[str]:
        """A fold's validation holds rows of the next fold."""
        held_out = fold % 3 + 1 if split == "validation" else fold
        return [f"{'t' if split == 'test' else held_out}-{number}" for number in range(TEXTS)]

    def write_gold(self, fold: int, split: str, gold: np.ndarray) -> None:
        table = pd.DataFrame(gold, columns=LABELS)
        table.insert(0, "text", "a text")
        table.insert(0, "id", self.ids(fold, split))
        write_split(table, self.home / "data" / f"d{fold}" / f"{split}.csv")

    def row(self, run: str, columns: dict, kind: str) -> dict:
        row = {**made_row(run, columns, kind), "data": f"d{columns['fold']}"}
        for split in ("validation", "dev", "test"):
            self.write_predictions(row, split)
        return row

    def write_predictions(self, row: dict, split: str) -> None:
        path = self.home / row["folder"] / "predictions" / f"{split}.csv"
        write_predictions(path, self.ids(row["columns"]["fold"], split), LABELS, self.random.random((TEXTS, 2)))

    def evaluate(self, **changes) -> dict[str, dict]:
        plan, files = {**self.plan, **changes}, ReadOnce()
        scored = {}
        for group in groups(plan["rows"], plan):
            tables = [tables_of(row, self.home / row["folder"] / "predictions", self.home) for row in group]
            scored |= score_group(tables, plan, self.home, files)
        return scored

    def thresholds(self, **changes) -> dict[str, dict]:
        return {run: scored["thresholds"] for run, scored in self.evaluate(**changes).items()}


@pytest.fixture
def folded(tmp_path):
    return CrossValidated(tmp_path)


def macro_f1_at(threshold: float, texts: dict[str, tuple], counts: dict[str, int]) -> float:
    """Macro-F1 of predictions of several seeds, each text as often as it was drawn."""
    scores = []
    for label in range(2):
        right = wrong = 0
        for key, (gold, probabilities) in texts.items():
            for one in probabilities:
                given, truth = one[label] >= threshold, gold[label] > 0.5
                right += counts[key] * (given and truth)
                wrong += counts[key] * (given != truth)
        scores.append(2 * right / (2 * right + wrong) if right else 0.0)
    return sum(scores) / 2


def expected_threshold(folded: CrossValidated, setting: str, folds: list[int]) -> float:
    """The mean over resamples of the best threshold on what a setting's runs predict for some held-out folds, in plain loops."""
    texts: dict[str, tuple] = {}
    for fold, seed in itertools.product(folds, SEEDS):
        gold = pd.read_csv(folded.home / "data" / f"d{fold}" / "dev.csv").set_index("id")
        table = pd.read_csv(folded.home / "runs" / f"{setting}-{fold}-{seed}" / "predictions" / "dev.csv")
        for cells in table.set_index("id").itertuples():
            texts.setdefault(cells.Index, (gold.loc[cells.Index, LABELS].tolist(), []))[1].append(cells[1:])
    candidates = sorted((percent / 100 for percent in range(5, 96)), key=lambda one: (abs(round(one - 0.5, 2)), one))
    best = []
    for weights in resamples(len(texts), 20):
        counts = dict(zip(sorted(texts), weights.astype(int).tolist(), strict=True))
        best.append(max(candidates, key=lambda one, counts=counts: macro_f1_at(one, texts, counts)))
    return sum(best) / len(best)


@pytest.mark.parametrize(("run", "split", "folds"), [("small-2-1", "dev", [1, 3]), ("large-3-2", "test", [1, 2, 3])])
def test_thresholds_with_folds_are_those_counted_by_hand(folded, run, split, folds):
    found = folded.thresholds()[run][split]
    assert found == pytest.approx([expected_threshold(folded, run.split("-")[0], folds)] * 2, abs=6e-5)


def test_flipped_gold_of_a_fold_or_of_test_moves_no_threshold_with_which_it_is_scored(folded):
    """Fault: a threshold saw the gold labels of the texts that it is judged on."""
    before = folded.thresholds()
    for split in ("dev", "test"):
        gold = pd.read_csv(folded.home / "data" / "d2" / f"{split}.csv")[LABELS].to_numpy(dtype=float)
        folded.write_gold(2, split, 1 - gold)
    after = folded.thresholds()
    assert [run for run in before if before[run]["validation"] != after[run]["validation"]] == []
    assert [run for run in before if "-2-" in run and before[run]["dev"] != after[run]["dev"]] == []
    assert before["small-1-1"]["dev"] != after["small-1-1"]["dev"], "fold 2 is among those that tune the others'"
    assert before["small-2-1"]["test"] != after["small-2-1"]["test"], "all held-out folds tune the one for test"


def test_without_folds_flipped_gold_of_dev_moves_no_threshold(folded):
    before = folded.thresholds(folds=None)
    for fold in FOLDS:
        folded.write_gold(fold, "dev", np.ones((TEXTS, 2)))
    assert folded.thresholds(folds=None) == before


@pytest.mark.parametrize("mode", ["global", "per_label", "fixed"])
def test_plain_thresholds_are_each_runs_own_with_folds_too(folded, mode):
    evaluation = {**folded.plan["evaluation"], "threshold": mode}
    for thresholds in folded.thresholds(evaluation=evaluation).values():
        assert thresholds["validation"] == thresholds["dev"] == thresholds["test"]


def test_a_baseline_of_a_fold_shares_its_thresholds_as_runs_do(folded):
    found = folded.thresholds()
    assert found["tfidf-1"]["test"] == found["tfidf-2"]["test"] != found["small-1-1"]["test"]
    assert found["tfidf-1"]["dev"] != found["tfidf-2"]["dev"]


def test_what_changes_thresholds_is_scored_again_and_nothing_else(folded, scored):
    """Fault: kept scores are at thresholds that another run's new predictions have changed."""
    folded.evaluate()
    assert len(scored) == len(folded.plan["rows"])
    scored.clear()
    folded.evaluate()
    assert scored == []
    row = next(row for row in folded.plan["rows"] if row["run"] == "small-2-1")
    folded.write_predictions(row, "dev")
    kept = {run: (scored["thresholds"], scored["metrics"]) for run, scored in folded.evaluate().items()}
    assert scored == [f"small-{fold}-{seed}" for fold, seed in itertools.product(FOLDS, SEEDS)]
    for record in (folded.home / "metrics").iterdir():
        record.unlink()
    assert {run: (scored["thresholds"], scored["metrics"]) for run, scored in folded.evaluate().items()} == kept


def test_another_seed_moves_the_thresholds_of_the_first(folded, scored):
    folded.evaluate(rows=[row for row in folded.plan["rows"] if row["columns"].get("seed") == 1])
    scored.clear()
    folded.evaluate()
    assert {name for name in scored if name.startswith("small")} == {f"small-{f}-{s}" for f in FOLDS for s in SEEDS}


@pytest.mark.parametrize("mode", ["bagged", "shrunk"])
def test_labels_at_the_thresholds_of_summary_csv_have_its_scores(folded, mode):
    """Fault: who labels test as docs/report.md says gets other labels than those that were scored."""
    evaluation = {**folded.plan["evaluation"], "threshold": mode}
    plan = write_plan(folded.home, folded.plan["rows"], labels=LABELS, folds=3, evaluation=evaluation)
    for row in plan["rows"]:
        write_records(folded.home / row["folder"])
    run_program(evaluate, "--plan", folded.home / "plan.json", "--output", folded.home)
    runs = load_results(folded.home).runs.set_index("run")
    for row in plan["rows"]:
        for split, column in THRESHOLD_COLUMNS.items():
            probabilities = load_predictions(folded.home / row["folder"], split)
            labels = probabilities >= thresholds_from(runs[column][row["run"]], list(probabilities))
            gold = pd.read_csv(folded.home / "data" / row["data"] / f"{split}.csv")[LABELS].to_numpy()
            assert macro_f1(gold, labels.to_numpy()) == pytest.approx(runs[f"{split}_macro_f1"][row["run"]], abs=1e-6)


def test_no_table_is_read_twice(folded, monkeypatch):
    read: list = []
    for module, name in ((predicted, "read_compared"), (scoring, "read_split"), (scoring, "file_digest")):
        original = getattr(module, name)

        def note(path, *arguments, original=original, name=name):
            read.append((name, path))
            return original(path, *arguments)

        monkeypatch.setattr(module, name, note)
    folded.evaluate()
    assert len(read) == len(set(read))
    read.clear()
    folded.evaluate()
    assert {name for name, _ in read} == {"file_digest"}, "kept scores need no table"
