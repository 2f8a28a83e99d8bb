"""Agreement of annotators, against published examples, other libraries and the definitions.

The figures of BRIGHTER's files are those of two independent libraries, which are no dependency of the project:

    pip install krippendorff nltk
    krippendorff.alpha(reliability_data=answers, level_of_measurement="nominal")
    nltk.metrics.agreement.AnnotationTask(data=...).alpha()
"""

import itertools
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score, f1_score

from emotion_grid.data.annotators import read_answers, source_of
from emotion_grid.data.forms import Form, read_text
from emotion_grid.evaluation.agreement import (
    alpha,
    basic_interval,
    macro_f1_against,
    majority_of_others,
    pair_agreement,
)

NAN = float("nan")

ANSWERS = arrays(float, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.sampled_from([0.0, 1.0, NAN]))
"""Of one label, (texts, annotators)."""

CUBES = arrays(
    float,
    st.tuples(st.integers(1, 8), st.integers(2, 4), st.integers(1, 3)),
    elements=st.sampled_from([0.0, 1.0, NAN]),
)
"""Of several labels, (texts, annotators, labels)."""


def as_it_is(answers: np.ndarray) -> np.ndarray:
    return np.ones((1, len(answers)), dtype=np.float32)


def test_alpha_of_the_published_example_of_two_observers_and_two_categories():
    """Krippendorff 2011, example A: two observers, ten articles."""
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    answers = np.array([first, second], dtype=float).T
    assert alpha(answers, as_it_is(answers))[0] == pytest.approx(0.095, abs=5e-4)


def by_definition(answers: np.ndarray) -> float:
    """Alpha as a ratio of disagreements over all pairs of answers: within texts, and of all texts."""
    texts = [row[~np.isnan(row)] for row in answers]
    texts = [row for row in texts if len(row) > 1]
    every = [value for row in texts for value in row]
    within = sum(sum(a != b for a, b in itertools.permutations(row, 2)) / (len(row) - 1) for row in texts)
    among = sum(a != b for a, b in itertools.permutations(every, 2))
    return 1 - (within / len(every)) / (among / (len(every) * (len(every) - 1))) if among else NAN


@given(ANSWERS)
def test_alpha_is_the_ratio_of_observed_to_expected_disagreement(answers):
    assert alpha(answers, as_it_is(answers))[0] == pytest.approx(by_definition(answers), nan_ok=True)


@given(ANSWERS)
def test_a_text_that_counts_twice_is_two_texts(answers):
    weights = np.full((1, len(answers)), 2, dtype=np.float32)
    assert alpha(answers, weights)[0] == pytest.approx(by_definition(np.repeat(answers, 2, axis=0)), nan_ok=True)


@given(ANSWERS)
def test_pairs_agree_as_scikit_learn_says(answers):
    first, second = answers[:, :1], answers[:, 1:2]
    texts, share, kappa = pair_agreement(first, second)
    both = ~np.isnan(first[:, 0]) & ~np.isnan(second[:, 0])
    one, other = first[both, 0], second[both, 0]
    assert texts[0] == both.sum()
    if not both.any():
        assert math.isnan(share[0]) and math.isnan(kappa[0])
    elif len({*one, *other}) == 1:
        assert share[0] == 1 and math.isnan(kappa[0])
    else:
        assert share[0] == pytest.approx((one == other).mean())
        assert kappa[0] == pytest.approx(cohen_kappa_score(one, other))


def test_the_majority_of_the_others_leaves_out_the_annotator_and_is_none_in_a_tie():
    answers = np.array([[1, 1, 0], [1, 0, 0], [1, NAN, 1], [1, NAN, NAN]], dtype=float)[:, :, None]
    assert np.array_equal(
        majority_of_others(answers)[:, :, 0],
        [[NAN, NAN, 1], [0, NAN, NAN], [1, NAN, 1], [NAN, NAN, NAN]],
        equal_nan=True,
    )


@given(CUBES)
def test_macro_f1_counts_every_pair_of_a_text_and_an_annotator_as_scikit_learn_does(answers):
    references = majority_of_others(answers)
    found = macro_f1_against(references, answers > 0.5, as_it_is(answers))[0]
    scores = []
    for label in range(answers.shape[2]):
        known = ~np.isnan(references[:, :, label])
        if known.any():
            gold, own = references[:, :, label][known], answers[:, :, label][known]
            scores.append(f1_score(gold, own, zero_division=0))
    assert found == pytest.approx(np.mean(scores) if scores else NAN, nan_ok=True)


def test_a_model_is_scored_against_the_same_references_as_the_annotators():
    answers = np.array([[1, 1, 1], [0, 0, 0], [1, 1, 0]], dtype=float)[:, :, None]
    always = np.ones((3, 1, 1), dtype=bool)
    # Of seven pairs, four have a reference of 1: three of the first text, and one of the last, whose other two have a tie as reference.
    found = macro_f1_against(majority_of_others(answers), always, np.ones((1, 3), dtype=np.float32))[0]
    assert found == pytest.approx(2 * 4 / (7 + 4))


def test_the_basic_interval_undoes_the_bias_of_the_resamples():
    """Resamples that are all 0.1 too low: the interval lies above the value by as much."""
    samples = np.array([0.5, *np.linspace(0.3, 0.5, 101)])
    low, high = basic_interval(samples, 0.9)
    assert (low, high) == (pytest.approx(0.51), pytest.approx(0.69))


# --- the real files


FOLDER = Path(os.environ.get("BRIGHTER_DATA", ".")) / "annotators"

EMOTIONS = {
    "ukr": ["Anger", "Disgust", "Fear", "Joy", "Sad", "Surprise"],
    "swe": ["Anger", "Disgust", "Fear", "Joy", "Sadness", "Surprise"],
    "ron": ["furie", "dezgust", "frica", "bucurie", "tristete", "surpriza"],
}
ALPHAS = {
    "ukr": [
        0.3855694867028372,
        0.37026383277328245,
        0.6252228594514364,
        0.4849761515611709,
        0.48660831606697774,
        0.4033686954582206,
    ],
    "swe": [
        0.37319054312992106,
        0.26272181005014905,
        0.18008885536267094,
        0.8219608432996576,
        0.19880464541199327,
        0.10126102363121992,
    ],
    "ron": [
        0.3507009341796109,
        0.33577056980165165,
        0.5377371736454308,
        0.859331162320659,
        0.3948140700864101,
        0.007184708520323935,
    ],
}
"""What krippendorff 0.9.0 and nltk 3.10.4 say of the emotions, both the same to 1e-14; texts of one answer left out for nltk."""

KAPPAS = {
    "ukr": [
        0.35622710431778426,
        0.3844563349860095,
        0.6286972947728682,
        0.5045749166734587,
        0.48404710409116203,
        0.3699770123135592,
    ],
    "swe": [
        0.4583954924146795,
        0.12123940280591183,
        0.04158938795258449,
        0.801102526873558,
        0.14589446124678374,
        0.05099033084488025,
    ],
    "ron": [
        0.3195929228327342,
        0.3944010664635308,
        0.44676409185803767,
        0.7648624667258208,
        0.47032595325953264,
        0.053170983968783614,
    ],
}
"""Cohen's kappa of the first two annotators, by scikit-learn 1.9.1."""


@pytest.mark.skipif(not FOLDER.is_dir(), reason="BRIGHTER_DATA names no folder with annotators")
@pytest.mark.parametrize("language", EMOTIONS)
def test_agreement_on_the_published_files_is_that_of_independent_libraries(language):
    path = FOLDER / f"{language}.csv"
    raters = [name for name in read_text(path, Form()).columns if name.lower().startswith("annotator")]
    reading = {
        "columns": {"id": None, "text": "text"},
        "label_column": "emotion",
        "positive_from": 1.0,
        "raters": {"unite": "majority", "columns": raters},
    }
    source = source_of({"file": str(path), "reading": reading, "annotator": None, "clean": []}, EMOTIONS[language])
    found = read_answers(read_text(path, Form()), source)
    answers = np.full((len(found.items), len(raters), 6), np.nan)
    for place, values in found.given.items():
        answers[place] = np.array(values, dtype=float)
    alphas = [alpha(answers[:, :, label], as_it_is(answers))[0] for label in range(6)]
    _, _, kappas = pair_agreement(answers[:, 0], answers[:, 1])
    assert alphas == pytest.approx(ALPHAS[language], rel=0, abs=1e-9)
    assert kappas.tolist() == pytest.approx(KAPPAS[language], rel=0, abs=1e-9)
