"""The noise that a study is said to show is the noise it was made with."""

import numpy as np
import pandas as pd
import pytest

from emotion_grid.evaluation.contrasts import Scored
from emotion_grid.evaluation.foresight import FoldNoise, Noise
from emotion_grid.evaluation.noise import noise_of

TEXTS, RESAMPLES = 400, 300


def made(settings: int, seeds: int, folds: int = 1, kinds: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = [
        {"kind": "run", "setting": setting, "fold": str(fold) if folds > 1 else ""}
        for setting in range(settings)
        for fold in range(folds)
        for _ in range(seeds)
    ]
    others = [{"kind": kind, "setting": settings + place, "fold": ""} for place, kind in enumerate(kinds)]
    return pd.DataFrame(rows + others)


def test_seeds_and_texts_are_told_apart():
    """Texts change a setting's runs together by 0.3 and each run alone by 0.2 for one text; seeds change them by 0.02."""
    random, rows = np.random.default_rng(0), made(120, 6, kinds=("baseline",))
    shared = 0.3 * random.normal(size=(121, 1 + RESAMPLES))[rows["setting"]]
    own = 0.2 * random.normal(size=(len(rows), 1 + RESAMPLES))
    seeds = 0.02 * random.normal(size=(len(rows), 1))
    noise = noise_of(Scored(rows, 0.7 + seeds + (shared + own) / np.sqrt(TEXTS), TEXTS), 0)
    assert isinstance(noise, Noise)
    assert vars(noise) == pytest.approx({"seeds": 0.02, "own": 0.2, "texts": 0.3 * np.sqrt(2)}, rel=0.1)


def test_folds_show_one_number():
    """What is common to a fold, and how good a setting is, are no noise."""
    random, rows = np.random.default_rng(0), made(60, 1, folds=5)
    folds, settings = (random.normal(size=count) for count in (5, 60))
    scores = (
        0.1 * folds[rows["fold"].astype(int)] + 0.1 * settings[rows["setting"]] + 0.02 * random.normal(size=len(rows))
    )
    noise = noise_of(Scored(rows, np.repeat(scores[:, None], 3, axis=1), TEXTS), 0)
    assert isinstance(noise, FoldNoise) and noise.folds == pytest.approx(0.02 * np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("settings, seeds, folds", [(6, 1, 1), (1, 9, 1), (2, 2, 1), (1, 1, 5)])
def test_where_nothing_is_tested_nothing_is_known(settings, seeds, folds):
    rows = made(settings, seeds, folds)
    assert noise_of(Scored(rows, np.random.default_rng(0).random((len(rows), 9)), TEXTS), 0) is None
