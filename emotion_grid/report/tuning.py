"""The thresholds of a study in words."""

from emotion_grid.evaluation.thresholds import POOLED


def is_cross_fitted(plan: dict) -> bool:
    """Whether each held-out fold is scored with thresholds from the other folds."""
    return bool(plan["folds"]) and plan["evaluation"]["threshold"] in POOLED


def threshold_words(plan: dict) -> str:
    """What the thresholds for new texts are, and what they were tuned on."""
    tuned_on = "the held-out folds" if is_cross_fitted(plan) else "validation"
    seeds = f"{tuned_on}, all runs of the setting together"
    return {
        "fixed": "0.5",
        "global": "one for all labels, tuned on the run's validation",
        "per_label": "one for each label, tuned on the run's validation",
        "bagged": f"one for all labels, the mean over bootstrap resamples of {seeds}",
        "shrunk": f"one for each label, halfway to the one for all, means over bootstrap resamples of {seeds}",
    }[plan["evaluation"]["threshold"]]
