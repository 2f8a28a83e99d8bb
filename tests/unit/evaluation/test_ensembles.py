"""An ensemble of a study's runs: what it predicts, what its weights are selected on, and which tables are refused."""

import itertools

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.integrity import write_record
from emotion_grid.base.layout import SELECTED
from emotion_grid.base.messages import InputError
from emotion_grid.evaluation.ensembles import ensemble
from testing.hand_made import LABELS, write_gold, write_tables

TEXTS = 12


class Grid:
    """Two settings, `a` and `b`, of two seeds each, on one set of splits or on two folds; `a` is right where `b` is wrong.

    Without folds, `a` is right on validation. With folds, `a` is right on what fold 2 holds out, and `b` on what fold 1 does.
    """

    def __init__(self, home, folds: tuple[str, ...]):
        self.home, self.folds = home, folds
        random = np.random.default_rng(3)
        for fold in folds:
            for split in ("validation", "dev", "test"):
                self.write_gold(fold, split, (random.random((TEXTS, 2)) < 0.5).astype(float))
        for setting, seed, fold in itertools.product("ab", "12", folds):
            run = home / "runs" / self.name(setting, seed, fold)
            write_json(run / "inputs.json", {"data": f"data/d{fold}"})
            for split in ("validation", "dev", "test"):
                is_right = (setting == "a") != (fold == "1")
                noise = 0.2 * random.random((TEXTS, 2))
                gold = self.gold(fold, split)
                write_tables(run / "predictions", **{split: np.where((gold > 0.5) == is_right, 0.6, 0.2) + noise})
            write_record(run / "provenance.json", {}, [f"predictions/{split}.csv" for split in ("dev", "test")])

    def name(self, setting: str, seed: str, fold: str) -> str:
        return f"{setting}{seed}{fold}"

    def data(self, fold: str):
        return self.home / "data" / f"d{fold}"

    def write_gold(self, fold: str, split: str, gold: np.ndarray) -> None:
        write_gold(self.data(fold) / f"{split}.csv", split[0], gold)

    def gold(self, fold: str, split: str) -> np.ndarray:
        return pd.read_csv(self.data(fold) / f"{split}.csv")[LABELS].to_numpy()

    def flip(self, fold: str, *splits: str) -> None:
        """Turn all gold labels of splits around."""
        for split in splits:
            self.write_gold(fold, split, 1 - self.gold(fold, split))

    def predictions(self, setting: str, fold: str, split: str) -> np.ndarray:
        """The mean of a setting's runs."""
        tables = [self.home / "runs" / self.name(setting, seed, fold) / "predictions" / f"{split}.csv" for seed in "12"]
        return np.mean([pd.read_csv(table)[LABELS].to_numpy() for table in tables], axis=0)

    def made(self, method: str, fold: str = "") -> tuple[dict[str, np.ndarray], dict]:
        """Its predictions by split, and how its weights were selected."""
        settings = [{one: [self.name(setting, seed, one) for seed in "12"] for one in self.folds} for setting in "ab"]
        spec = {"ensemble": method, "fold": fold, "settings": settings, "data": {"labels": LABELS}}
        predicted, facts = ensemble(spec, self.home, self.data(fold))
        return {split: probabilities for split, (_, probabilities) in predicted.items()}, facts[SELECTED]


@pytest.fixture
def plain(tmp_path):
    return Grid(tmp_path, ("",))


@pytest.fixture
def crossed(tmp_path):
    return Grid(tmp_path, ("1", "2"))


@pytest.mark.parametrize("method", ["seeds", "greedy"])
def test_without_folds_validation_selects_and_all_seeds_of_the_setting_are_averaged(plain, method):
    predicted, selected = plain.made(method)
    for split, probabilities in predicted.items():
        np.testing.assert_allclose(probabilities, plain.predictions("a", "", split), atol=1e-9)
    assert selected["dev"] == selected["test"]
    assert selected["test"]["weights"] == {"a1": 0.5, "a2": 0.5}
    assert (selected["test"]["on"], selected["test"]["rows"], selected["test"]["macro_f1"]) == ("validation", 12, 1.0)


def test_the_best_two_settings_have_the_same_weight_and_each_of_their_runs_a_share(plain):
    predicted, selected = plain.made("best-2")
    assert selected["dev"]["weights"] == dict.fromkeys(["a1", "a2", "b1", "b2"], 0.25)
    means = [plain.predictions(setting, "", "test") for setting in "ab"]
    np.testing.assert_allclose(predicted["test"], np.mean(means, axis=0), atol=1e-9)


@pytest.mark.parametrize("method", ["seeds", "greedy", "best-2"])
def test_gold_labels_of_dev_and_test_change_no_weight(plain, method):
    before = plain.made(method)
    plain.flip("", "dev", "test")
    after = plain.made(method)
    assert after[1] == before[1]
    for split, probabilities in before[0].items():
        assert (after[0][split] == probabilities).all()
    plain.flip("", "validation")
    assert plain.made(method)[1] != before[1], "or else the test says nothing"


def test_with_folds_the_others_select_for_a_fold_and_all_of_them_for_test(crossed):
    first, second = crossed.made("seeds", "1"), crossed.made("seeds", "2")
    assert first[1]["dev"]["weights"] == {"a11": 0.5, "a21": 0.5}, "a is right on what fold 2 holds out"
    assert second[1]["dev"]["weights"] == {"b12": 0.5, "b22": 0.5}
    assert first[1]["dev"]["folds"] == ["2"] and first[1]["dev"]["on"] == "held-out folds"
    np.testing.assert_allclose(first[0]["dev"], crossed.predictions("a", "1", "dev"), atol=1e-9)
    np.testing.assert_allclose(second[0]["dev"], crossed.predictions("b", "2", "dev"), atol=1e-9)
    assert first[1]["test"] == second[1]["test"] and first[1]["test"]["rows"] == 2 * TEXTS
    (chosen,) = {run[0] for run in first[1]["test"]["weights"]}
    assert first[1]["test"]["weights"] == {f"{chosen}{seed}{fold}": 0.25 for fold in "12" for seed in "12"}
    means = [crossed.predictions(chosen, fold, "test") for fold in "12"]
    np.testing.assert_allclose(first[0]["test"], np.mean(means, axis=0), atol=1e-9)
    assert (first[0]["test"] == second[0]["test"]).all()


@pytest.mark.parametrize("method", ["seeds", "greedy"])
def test_gold_labels_of_a_held_out_fold_change_no_weight_with_which_it_is_scored(crossed, method):
    first, second = (crossed.made(method, fold)[1]["dev"] for fold in "12")
    crossed.flip("1", "dev")
    assert crossed.made(method, "1")[1]["dev"] == first
    assert crossed.made(method, "2")[1]["dev"]["weights"] != second["weights"], "or else the test says nothing"


def test_one_fold_alone_selects_on_its_validation(tmp_path):
    _, selected = Grid(tmp_path, ("2",)).made("seeds", "2")
    assert selected["dev"] == selected["test"] and selected["dev"]["on"] == "validation"
    assert selected["dev"]["weights"] == {"a12": 0.5, "a22": 0.5}


def test_a_run_with_other_texts_or_other_labels_is_refused_by_its_name(plain):
    table = plain.home / "runs" / "b2" / "predictions" / "validation.csv"
    content = table.read_text()
    table.write_text(content.replace("v3,", "v99,"))
    with pytest.raises(InputError, match=r"runs/b2/predictions/validation.csv.*v99"):
        plain.made("greedy")
    table.write_text(content.replace("id,joy,fear", "id,joy,anger"))
    with pytest.raises(InputError, match=r"runs/b2/predictions/validation.csv: expected the column fear, found"):
        plain.made("greedy")


def test_a_table_that_was_edited_after_it_was_written_is_refused(plain):
    table = plain.home / "runs" / "a1" / "predictions" / "dev.csv"
    table.write_text(table.read_text().replace("0.6", "0.7", 1))
    with pytest.raises(InputError, match=r"runs/a1/predictions/dev.csv: expected SHA-256"):
        plain.made("seeds")
