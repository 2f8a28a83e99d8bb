"""Scaling laws of a study: their bands on simulated studies, what is refused, and which runs a law is about."""

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import write_json
from emotion_grid.evaluation.contrasts import Scored
from emotion_grid.evaluation.results import Results, varying_axes
from emotion_grid.evaluation.scaling import Levels, law_of, scaling_laws

X = np.array([250.0, 500, 1000, 2000, 4000, 8000])
A, B, C = 0.28, 9.0, 0.6
TRUTH = A + B * X**-C
GAIN = B * X[-1] ** -C - B * (2 * X[-1]) ** -C


def simulated(random: np.random.Generator, runs: int = 3, folds: int = 1, noise: float = 0.008, truth=TRUTH) -> Levels:
    """A study whose errors lie on a known law but for the luck of texts (that of all runs), of folds, of training rows and of runs."""
    places = np.repeat(np.arange(len(X)), runs * folds)
    fold = np.tile(np.repeat(np.arange(folds), runs), len(X))
    luck = random.normal(0, 0.015, folds)
    # Of two folds, most training rows are the same: as much of the luck with them as the correction for it assumes.
    rows = random.normal(0, 0.6 * noise, (len(X), folds))
    shared = (rows.sum(1, keepdims=True) - rows) / np.sqrt(max(folds - 1, 1))
    errors = truth[places] + luck[fold] + shared[places, fold] + random.normal(0, noise, len(places))
    if folds == 1:
        return Levels(X[places], errors[:, None] + np.append(0, random.normal(0, 0.015, 200)), fold)
    return Levels(X[places], np.repeat(errors[:, None], 201, axis=1), fold)


@pytest.mark.parametrize(("runs", "folds"), [(3, 1), (1, 5)], ids=["seeds", "folds"])
def test_bands_hold_the_true_law_in_95_of_100_simulated_studies(runs, folds):
    """Fault: bands of the means' noise alone, or of the luck of the texts alone."""
    random, studies = np.random.default_rng(4), 200
    held, gains, centres = [], [], []
    for number in range(studies):
        found = law_of(simulated(random, runs, folds), seed=number)
        assert not found["why_not"]
        curve = pd.DataFrame(found["curve"])
        truth = A + B * curve["x"] ** -C
        held.append(((curve["low"] <= truth) & (truth <= curve["high"])).mean())
        doubling = found["doubling"]
        gains.append(doubling["low"] <= GAIN <= doubling["high"])
        centres.append((found["a"], found["c"], doubling["gain"]))
    assert 0.90 <= np.mean(held) <= 0.98
    assert 0.90 <= np.mean(gains) <= 0.98
    assert np.median(centres, axis=0) == pytest.approx((A, C, GAIN), rel=0.15)


def test_too_few_levels_are_refused():
    levels = simulated(np.random.default_rng(1))
    few = levels.x < 2000
    found = law_of(Levels(levels.x[few], levels.errors[few], levels.folds[few]))
    assert found["why_not"] == "a law needs at least 4 levels, and there are 3"
    assert "doubling" not in found and len(found["levels"]) == 3


def test_levels_that_were_run_once_are_refused():
    found = law_of(simulated(np.random.default_rng(1), runs=1))
    assert "were not run often enough" in found["why_not"] and "doubling" not in found


def test_errors_that_do_not_fall_are_refused():
    """Fault: a law through noise, which promises what doubling would bring."""
    random = np.random.default_rng(5)
    spoken = [not law_of(simulated(random, truth=np.full(len(X), 0.3)))["why_not"] for _ in range(100)]
    assert np.mean(spoken) < 0.4
    rising = law_of(simulated(random, truth=TRUTH[::-1]))
    assert rising["why_not"] == "at levels that were left out, a power law is no better than a constant"


def test_the_same_study_has_the_same_law():
    one, other = (law_of(simulated(np.random.default_rng(6))) for _ in range(2))
    assert one == other


@pytest.fixture
def study(tmp_path):
    """Call with the columns of settings: a study of them with three seeds each, whose errors fall with `rows`."""

    def make(settings: list[dict], columns: list[str], counts: dict | None = None) -> tuple[Results, Scored]:
        random, runs = np.random.default_rng(7), []
        for number, setting in enumerate(settings):
            for seed in ("1", "2", "3"):
                cells = {name: setting.get(name, "") for name in columns}
                runs.append(
                    {**cells, "run": f"r{number}-{seed}", "kind": "run", "fold": "", "seed": seed, "setting": number}
                )
                runs[-1]["trainable_parameters"] = setting.get("parameters", 100.0)
        plan = {
            "columns": [*columns, "seed", "fold"],
            "repetitions": ["seed", "fold"],
            "derived": ["head_units"],
            "evaluation": {"confidence": 0.95},
            "rows": [{"run": row["run"], "data": f"d{row['setting']}"} for row in runs],
        }
        for number, setting in enumerate(settings):
            check = {"prepared": {"train": {"rows": setting.get("rows", 0)}}}
            check |= {"added": {"rows": setting["more"]}} if "more" in setting else {}
            write_json(tmp_path / "data" / f"d{number}" / "checks.json", check)
        table = pd.DataFrame(runs)
        x = np.array([settings[number].get("rows", 1) + settings[number].get("more", 0) for number in table["setting"]])
        scores = 1 - (0.2 + x**-0.3) + random.normal(0, 0.003, len(table))
        results = Results(tmp_path, plan, table, table, varying_axes(table, plan), table.iloc[0], "dev")
        return results, Scored(table, np.repeat(scores[:, None], 101, axis=1), 100)

    return make


def test_a_law_along_shares_counts_training_rows_in_each_group_of_runs(study):
    shares = {"0.125": 250, "0.25": 500, "0.5": 1000, "1": 2000}
    settings = [
        {"encoder": encoder, "train_share": share, "rows": rows}
        for encoder in ("one", "two")
        for share, rows in shares.items()
    ]
    laws = scaling_laws(*study(settings[:7], ["encoder", "train_share"]))
    assert [(law["axis"], law["name"], law["group"]) for law in laws] == [
        ("train share", "training rows", "encoder one")
    ]
    assert [level["x"] for level in laws[0]["levels"]] == [250, 500, 1000, 2000]
    assert (laws[0]["doubling"]["from"], laws[0]["doubling"]["to"]) == (2000, 4000)
    assert len(scaling_laws(*study(settings, ["encoder", "train_share"]))) == 2


def test_runs_without_added_rows_are_the_first_level_of_every_way_to_add_some(study):
    settings = [{"encoder": "one", "added": "none", "added_share": "0", "rows": 500}]
    settings += [
        {"encoder": "one", "added": "other", "added_share": share, "added_stage": stage, "rows": 500, "more": more}
        for stage in ("first", "mixed")
        for share, more in {"0.25": 500, "0.5": 1500, "1": 3500}.items()
    ]
    laws = scaling_laws(*study(settings, ["encoder", "added", "added_share", "added_stage"]))
    assert sorted(law["group"] for law in laws) == ["added other, added stage first", "added other, added stage mixed"]
    for law in laws:
        assert law["name"] == "training and added rows"
        assert [level["x"] for level in law["levels"]] == [500, 1000, 2000, 4000]


def test_head_sizes_are_counted_in_units_and_in_parameters(study):
    settings = [
        {
            "head_type": "mlp",
            "head_size": f"{times}x",
            "head_units": str(64 * times),
            "parameters": 1000.0 * times,
            "rows": times,
        }
        for times in (1, 2, 4, 8)
    ]
    settings.append({"head_type": "linear", "rows": 3})
    laws = scaling_laws(*study(settings, ["head_type", "head_size", "head_units"]))
    assert [(law["name"], [level["x"] for level in law["levels"]]) for law in laws] == [
        ("head units", [64, 128, 256, 512]),
        ("trainable parameters", [1000, 2000, 4000, 8000]),
    ]


@pytest.mark.parametrize("column", ["encoder", "learning_rate"])
def test_axes_of_words_and_rates_have_no_law(study, column):
    settings = [{column: value, "rows": place + 1} for place, value in enumerate(("1e-5", "2e-5", "4e-5", "8e-5"))]
    if column == "encoder":
        settings[0]["encoder"] = "one"
    assert scaling_laws(*study(settings, [column])) == []
