"""Resampling of the texts."""

from emotion_grid.evaluation.resampling import resamples


def test_every_run_is_resampled_alike():
    weights = resamples(50, 30)
    assert weights.shape == (30, 50)
    assert set(weights.sum(axis=1).tolist()) == {50}
    assert len({tuple(row) for row in weights.tolist()}) == 30
    resamples.cache_clear()
    assert (resamples(50, 30) == weights).all()
