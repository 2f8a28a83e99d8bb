"""Two sets united by hand, one of which is not annotated for disgust: it is learned and scored on the other alone.

The second pair is BRIGHTER's English and German Track A: set BRIGHTER_DATA to the folder that holds track_a.
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from emotion_grid.base.digests import file_digest
from emotion_grid.data.preparation import prepare
from emotion_grid.evaluation.calibration import calibration, label_calibration_errors, threshold_curves
from emotion_grid.evaluation.metrics import score
from emotion_grid.evaluation.mistakes import Predicted, by_count, by_length, confusion, mistakes, together
from emotion_grid.evaluation.resampling import resampled_macro_f1
from emotion_grid.evaluation.thresholds import Labelled, tune_threshold
from emotion_grid.prediction.baselines import most_frequent, tfidf

LABELS = ["anger", "disgust", "fear", "joy"]

Sets = dict[tuple[str, str], list[dict[str, str]]]
"""Rows by split and language; English ones have no column disgust."""


def made_up() -> Sets:
    """Texts of words that give labels away, and of others; of those with a German word, none is English."""
    random = np.random.default_rng(5)
    words = {"eng": ["furious", "yuck", "scared", "glad"], "deu": ["wütend", "eklig", "bange", "froh"]}
    sets: Sets = {}
    for split, language in ((split, language) for split in ("train", "dev") for language in words):
        rows = []
        for number in range(160 if split == "train" else 60):
            gold = random.random(4) < 0.35
            told = [word for word, has in zip(words[language], gold, strict=True) if has and random.random() < 0.8]
            other = [f"{language}{n}" for n in random.integers(0, 30, 5)]
            cells = {label: str(int(has)) for label, has in zip(LABELS, gold, strict=True)}
            text = " ".join(random.permutation([*told, *other]))
            rows.append({"id": f"{language}-{split}-{number}", "text": text, **cells})
        sets[split, language] = rows
    return sets


def brighter() -> Sets:
    root = os.environ.get("BRIGHTER_DATA")
    if not root:
        pytest.skip("BRIGHTER_DATA names no folder that holds track_a: the pair of real sets is not tested")
    sets = {}
    for split in ("train", "dev"):
        for language in ("eng", "deu"):
            with Path(root, "track_a", split, f"{language}.csv").open(encoding="utf-8", newline="") as file:
                sets[split, language] = list(csv.DictReader(file))
    assert "disgust" not in sets["train", "eng"][0]
    return sets


@dataclass
class Study:
    """Prepared splits, what the TF-IDF baseline predicts for each, and thresholds tuned on validation."""

    splits: dict[str, pd.DataFrame]
    checks: dict
    probabilities: dict[str, np.ndarray]
    thresholds: np.ndarray

    def gold(self, split: str) -> np.ndarray:
        return self.splits[split][LABELS].to_numpy()

    def english(self, split: str) -> np.ndarray:
        return self.splits[split]["id"].str.startswith("eng").to_numpy()


@pytest.fixture(scope="module", params=[made_up, brighter])
def study(request, tmp_path_factory):
    sets, folder, paths = request.param(), tmp_path_factory.mktemp("united"), {}
    for split in ("train", "dev"):
        paths[split] = str(folder / f"{split}.csv")
        rows = [
            {**row, "disgust": "" if language == "eng" else row["disgust"]}
            for language in ("eng", "deu")
            for row in sets[split, language]
        ]
        with open(paths[split], "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["id", "text", *LABELS], extrasaction="ignore")
            table.writeheader()
            table.writerows(rows)
    digests = {split: file_digest(path) for split, path in paths.items()}
    spec = {"files": digests, "labels": LABELS, "validation": 0.2, "split_seed": 1}
    splits, checks = prepare({**spec, "clean": ["nfc"], "drop": [], "folds": None, "fold": None}, paths)
    predict = tfidf(splits["train"], LABELS)
    probabilities = {split: predict(splits[split]["text"]) for split in ("validation", "dev")}
    validation = splits["validation"]
    labelled = Labelled(
        validation["id"].to_numpy(dtype=str), probabilities["validation"], validation[LABELS].to_numpy()
    )
    thresholds = tune_threshold(labelled, "per_label")
    return Study(splits, checks, probabilities, thresholds)


def test_both_languages_are_in_every_part_and_counted(study):
    for split in ("train", "validation", "dev"):
        english, known = study.english(split), ~np.isnan(study.gold(split))
        assert known[~english].all() and known[english].sum(1).tolist() == [3] * english.sum()
        assert study.checks["prepared"][split]["known"]["disgust"] == (~english).sum()
    train, validation = (np.array([study.english(s).sum(), (~study.english(s)).sum()]) for s in ("train", "validation"))
    assert (validation / (train + validation)).tolist() == pytest.approx([0.2, 0.2], abs=0.02)
    assert not any("disgust" in warning for warning in study.checks["warnings"])


def test_disgust_is_learned_from_german_alone(study):
    """Fault: English texts teach that nothing is disgusting."""
    train, german = study.splits["train"], ~study.english("train")
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(train["text"])
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    model.fit(vectorizer.transform(train["text"][german]), train["disgust"][german])
    expected = model.predict_proba(vectorizer.transform(study.splits["dev"]["text"]))[:, 1]
    place = LABELS.index("disgust")
    assert study.probabilities["dev"][:, place] == pytest.approx(expected)
    share = most_frequent(train, LABELS)(train["text"][:1])[0, place]
    assert share == pytest.approx(train["disgust"][german].mean())


def test_metrics_are_those_of_scikit_learn_on_known_rows(study):
    for split in ("validation", "dev"):
        gold, predicted = study.gold(split), study.probabilities[split] >= study.thresholds
        rows = score(study.probabilities[split], gold, study.thresholds, LABELS, 20, 0.95)
        found = {(row["metric"], row["label"]): row["value"] for row in rows}
        expected = {}
        for place, label in enumerate(LABELS):
            known = ~np.isnan(gold[:, place])
            truth, given, p = gold[known, place], predicted[known, place], study.probabilities[split][known, place]
            expected["f1", label] = reference.f1_score(truth, given, zero_division=0)
            expected["precision", label] = reference.precision_score(truth, given, zero_division=0)
            expected["recall", label] = reference.recall_score(truth, given, zero_division=0)
            expected["average_precision", label] = reference.average_precision_score(truth, p)
        expected["macro_f1", ""] = np.mean([value for (name, _), value in expected.items() if name == "f1"])
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, abs=1e-6), name


def test_what_is_predicted_for_disgust_in_english_changes_nothing(study):
    """Fault: a run is punished for disgust that it finds where nobody looked for it."""
    flipped = {}
    for split, probabilities in study.probabilities.items():
        cells = study.english(split), LABELS.index("disgust")
        flipped[split] = probabilities.copy()
        flipped[split][cells] = 1 - probabilities[cells]
        assert (flipped[split] != probabilities).sum() > 20
    ids, gold = study.splits["validation"]["id"].to_numpy(dtype=str), study.gold("validation")
    for mode in ("per_label", "global", "bagged", "shrunk"):
        both = (study.probabilities["validation"], flipped["validation"])
        pair = [tune_threshold(Labelled(ids, probabilities, gold), mode) for probabilities in both]
        assert pair[0].tolist() == pair[1].tolist()
    for split in flipped:
        both, gold = (study.probabilities[split], flipped[split]), study.gold(split)
        scores = [score(p, gold, study.thresholds, LABELS, 20, 0.95) for p in both]
        assert scores[0] == scores[1]
        samples = [resampled_macro_f1(gold, p >= study.thresholds, 20).tolist() for p in both]
        assert samples[0] == samples[1]
        runs = [Predicted(study.splits[split], LABELS, gold, p, study.thresholds) for p in both]
        for count in (confusion, together, calibration, label_calibration_errors, threshold_curves):
            assert count(runs[0]) == count(runs[1]), count.__name__
        assert mistakes(runs[0], "wrong") == mistakes(runs[1], "wrong")
        assert by_length(runs[0], 20, 0.95) == by_length(runs[1], 20, 0.95)
        assert by_count(runs[0], 0.95) == by_count(runs[1], 0.95)
