"""Scores of a run's predictions."""

import numpy as np

from emotion_grid.evaluation.scoring import score_row
from testing.hand_made import ALL_RIGHT, GOLD4, write_gold, write_tables


def test_thresholds_come_from_validation_alone(experiment):
    def thresholds(mode: str) -> list[float]:
        plan = {**experiment.plan, "evaluation": {**experiment.plan["evaluation"], "threshold": mode}}
        return score_row(row, experiment.home / row["folder"] / "predictions", plan, experiment.home)["thresholds"]

    row = experiment.rows[2]
    assert thresholds("global") == [0.4, 0.4]
    gold = experiment.home / "data" / "d1"
    write_gold(gold / "dev.csv", "d", 1 - GOLD4)
    write_tables(experiment.home / row["folder"] / "predictions", dev=1 - ALL_RIGHT, test=1 - ALL_RIGHT)
    write_gold(gold / "test.csv", "t", GOLD4)
    assert thresholds("global") == [0.4, 0.4]
    assert thresholds("per_label") == [0.4, 0.4]
    assert thresholds("fixed") == [0.5, 0.5]
    write_tables(
        experiment.home / row["folder"] / "predictions", validation=np.where(GOLD4 > 0, [0.4, 0.9], [0.1, 0.6])
    )
    assert thresholds("per_label") == [0.4, 0.61]
