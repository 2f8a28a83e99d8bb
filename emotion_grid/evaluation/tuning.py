"""What the thresholds of a setting's runs are tuned on: the predictions of all its seeds and folds, never the texts that they judge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_grid.evaluation.thresholds import Labelled, tune_threshold


@dataclass(frozen=True)
class Member:
    """A run, baseline or other prediction with those of its labelled splits that tune thresholds; without rows where there is no gold.

    Attributes:
        data: key of the prepared splits that judge it, which the seeds of a fold have in common.
    """

    data: str
    validation: Labelled
    dev: Labelled


def tune_together(members: Sequence[Member], mode: str, folds: bool) -> list[dict[str, np.ndarray]]:
    """The thresholds (labels,) of each member, by the split that they are for.

    Validation, which selects the best run, is scored at thresholds of the member's own validation: they are known when its run ends, and a
    further seed does not change them. The thresholds for dev and test are tuned on the validation predictions of all members with the same
    splits. With folds, those for a held-out fold are tuned on what the other folds' members predict for the folds that they hold out
    (cross-fitting), and those for test and new texts on the predictions for all held-out folds. If only one fold was run, validation tunes
    them, too.

    Args:
        members: of one setting; a single one if it shares its thresholds with no other.
        mode: as in `tune_threshold`.
        folds: whether dev is a held-out fold of the training rows.
    """
    held_out = _pooled([member.dev for member in members])
    of_all_folds = tune_threshold(held_out, mode) if folds else None
    shared = {}
    for data in dict.fromkeys(member.data for member in members):
        alike = [member for member in members if member.data == data]
        others = held_out.without(alike[0].dev.ids)
        if of_all_folds is not None and len(others):
            shared[data] = {"dev": tune_threshold(others, mode), "test": of_all_folds}
        else:
            shared[data] = dict.fromkeys(
                ("dev", "test"), tune_threshold(_pooled([member.validation for member in alike]), mode)
            )
    return [{"validation": tune_threshold(member.validation, mode), **shared[member.data]} for member in members]


def _pooled(parts: Sequence[Labelled]) -> Labelled:
    return Labelled(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.gold for part in parts]),
    )
