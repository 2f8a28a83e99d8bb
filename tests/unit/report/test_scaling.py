"""What the report says and draws of scaling laws."""

import numpy as np
import pytest

from emotion_grid.evaluation.scaling import Levels, law_of
from emotion_grid.report.figures.scaling import scaling_figure
from emotion_grid.report.sections.scaling import sentence


@pytest.fixture(scope="module")
def laws():
    """A law that the data allow, and one that they do not."""
    x = np.repeat([250.0, 500, 1000, 2000], 3)
    noise = np.random.default_rng(1).normal(0, 0.002, len(x))
    found = []
    for errors in (0.2 + 5 * x**-0.5 + noise, 0.3 + noise + 0.05 * (x == 2000)):
        levels = Levels(x, np.repeat(errors[:, None], 101, axis=1), np.zeros(len(x), dtype=int))
        found.append({"axis": "train share", "name": "training rows", "group": "encoder one", **law_of(levels)})
    return found


def test_one_sentence_says_what_doubling_would_bring(laws):
    found = sentence(laws[0], "95%")
    doubling = laws[0]["doubling"]
    assert found.startswith("Doubling the training rows from 2,000 to 4,000 would raise macro-F1 by about 0.0")
    assert f"(95% interval: {doubling['low']:.3f} to {doubling['high']:.3f})" in found
    assert doubling["low"] <= doubling["gain"] <= doubling["high"]
    assert "closer than the law" not in found
    nearer = {**laws[0], "cross_validation": {"law": 0.01, "line": 0.005, "constant": 0.1}}
    assert sentence(nearer, "95%").endswith("a straight line in the logarithm is closer than the law.")


def test_or_that_the_data_do_not_allow_one(laws):
    assert sentence(laws[1], "95%") == (
        "The data do not allow to say what doubling the training rows would bring: at levels that were left out, a power law is no better "
        "than a constant."
    )


def test_the_figure_shows_runs_law_and_band_up_to_twice_the_largest_level(laws):
    figure = scaling_figure(laws[0], "1 − macro-F1 on dev")
    kinds = [layer["mark"]["type"] for layer in figure.chart["layer"]]
    assert kinds == ["area", "line", "point"]
    assert max(point["x"] for point in laws[0]["curve"]) == pytest.approx(4000)
    for layer in figure.chart["layer"]:
        assert {layer["encoding"][side]["scale"]["type"] for side in ("x", "y")} == {"log"}
    assert "<svg" in figure.__html__() and "250: 0." in figure.words
    assert [layer["mark"]["type"] for layer in scaling_figure(laws[1], "error").chart["layer"]] == ["point"]
