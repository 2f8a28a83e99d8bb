"""What thresholds are tuned on: other seeds and folds, never what they judge."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation.thresholds import Labelled, tune_threshold
from emotion_grid.evaluation.tuning import Member, tune_together

MODES = ["bagged", "shrunk"]
NOTHING = Labelled(np.empty(0, dtype=str), np.empty((0, 2)), np.empty((0, 2)))


def predictions(random, ids: list[str], gold: dict[str, np.ndarray]) -> Labelled:
    """Random predictions for texts, a little higher where a label is gold."""
    truth = np.array([gold[key] for key in ids])
    return Labelled(np.array(ids), np.clip(0.2 * truth + 0.7 * random.random(truth.shape), 0, 1), truth)


def study(seed: int, folds: int, seeds: int) -> list[Member]:
    """Runs of a setting, seed by seed, on 12 texts a fold; each validates on texts of the other folds."""
    random = np.random.default_rng(seed)
    texts = {fold: [f"{fold}-{number}" for number in range(12)] for fold in range(folds)}
    gold = {key: (random.random(2) < 0.4).astype(float) for key in itertools.chain(*texts.values())}
    members = []
    for _, fold in itertools.product(range(seeds), texts):
        elsewhere = [key for other in texts if other != fold for key in texts[other]]
        validation = random.choice(elsewhere or ["v0", "v1", "v2"], 3, replace=False).tolist()
        gold |= {key: np.array([1.0, 0.0]) for key in validation if key.startswith("v")}
        members.append(
            Member(f"data-{fold}", predictions(random, validation, gold), predictions(random, texts[fold], gold))
        )
    return members


STUDIES = st.builds(study, st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))


def written_out(parts: list[Labelled], mode: str) -> list[float]:
    """Thresholds of some predictions one after the other."""
    columns = ("ids", "probabilities", "gold")
    return tune_threshold(
        Labelled(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns)), mode
    ).tolist()


@given(STUDIES, st.sampled_from(MODES))
def test_with_folds_a_fold_is_scored_with_what_the_others_hold_out_and_test_with_all(members, mode):
    found = tune_together(members, mode, folds=True)
    for member, thresholds in zip(members, found, strict=True):
        others = [other.dev for other in members if other.data != member.data]
        alike = [other.validation for other in members if other.data == member.data]
        assert thresholds["dev"].tolist() == written_out(others or alike, mode)
        assert thresholds["test"].tolist() == written_out([one.dev for one in members] if others else alike, mode)
        assert thresholds["validation"].tolist() == tune_threshold(member.validation, mode).tolist()


@given(STUDIES, st.sampled_from([*MODES, "global", "per_label"]), st.data())
def test_the_gold_labels_of_a_fold_change_no_threshold_that_it_is_scored_with(members, mode, data):
    """Fault: a score is too high because its threshold was chosen on the same texts."""
    fold = data.draw(st.sampled_from([member.data for member in members]))
    flipped = [
        replace(member, dev=replace(member.dev, gold=1 - member.dev.gold)) if member.data == fold else member
        for member in members
    ]
    before, after = (tune_together(group, mode, folds=True) for group in (members, flipped))
    for member, one, other in zip(members, before, after, strict=True):
        assert one["validation"].tolist() == other["validation"].tolist()
        if member.data == fold:
            assert one["dev"].tolist() == other["dev"].tolist()


def test_a_text_that_another_run_held_out_with_its_fold_does_not_tune_the_threshold_for_it():
    """Fault: results of an older program, cut into other folds, bring the judged texts back in."""
    members = study(1, 3, 1)
    stray = replace(members[0], data="older", dev=replace(members[0].dev, gold=1 - members[0].dev.gold))
    with_it, without = (tune_together(group, "bagged", folds=True) for group in ([*members, stray], members))
    assert with_it[0]["dev"].tolist() == without[0]["dev"].tolist()


@given(STUDIES, st.sampled_from(MODES))
def test_without_folds_dev_tunes_nothing_and_seeds_share_what_their_validation_tunes(members, mode):
    found = tune_together(members, mode, folds=False)
    unlabelled = tune_together([replace(member, dev=NOTHING) for member in members], mode, folds=False)
    for member, thresholds, same in zip(members, found, unlabelled, strict=True):
        shared = written_out([other.validation for other in members if other.data == member.data], mode)
        assert thresholds["dev"].tolist() == thresholds["test"].tolist() == shared
        assert {split: values.tolist() for split, values in thresholds.items()} == {
            split: values.tolist() for split, values in same.items()
        }


@given(STUDIES, st.sampled_from(MODES), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_runs_changes_nothing(members, mode, folds, random):
    order = list(range(len(members)))
    random.shuffle(order)
    before, after = tune_together(members, mode, folds), tune_together([members[n] for n in order], mode, folds)
    for place, number in enumerate(order):
        assert {split: values.tolist() for split, values in before[number].items()} == {
            split: values.tolist() for split, values in after[place].items()
        }


@pytest.mark.parametrize("folds", [True, False])
def test_predictions_without_any_gold_labels_are_judged_at_a_half(folds):
    (found,) = tune_together([Member("d", NOTHING, NOTHING)], "bagged", folds)
    assert {tuple(values) for values in found.values()} == {(0.5, 0.5)}
