"""The card of a published model: the model card, with what a hub reads, what the model is for and where it fails."""

import re
from typing import Any

import pandas as pd
import yaml

from emotion_grid.base.version import version
from emotion_grid.encoders.known import well_known
from emotion_grid.evaluation.mistakes import Predicted, by_length, confusion
from emotion_grid.publishing.about import About
from emotion_grid.publishing.facts import RunFacts
from emotion_grid.report.model_card import card_values, write_card

SPLITS = ("dev", "test")
"""Splits whose scores a hub shows: those by which nothing was chosen."""

METRICS = {"macro_f1": "macro-F1", "micro_f1": "micro-F1"}
"""Metrics that a hub shows; all others stand in the card's table."""


def published_card(facts: RunFacts, about: About, onnx: bool) -> str:
    """The card, in Markdown, with its metadata in YAML.

    Args:
        onnx: whether there is a model.onnx.
    """
    row, plan = facts.row, facts.results.plan
    values = card_values(row, facts.metrics, facts.spec, facts.data, facts.checks, facts.provenance, "", plan)
    metadata = yaml.safe_dump(hub_metadata(facts, about), sort_keys=False, allow_unicode=True, width=10**9)
    added = {"about": about, "metadata": metadata, "onnx": onnx, "version": version()}
    return write_card({**values, **added, **_limits(facts)}, "published_card.md.j2")


def hub_metadata(facts: RunFacts, about: About) -> dict[str, Any]:
    """What a hub reads of a card: licence, languages, data set, base model and scores."""
    scores = facts.metrics[(facts.metrics["threshold"] == "tuned") & (facts.metrics["label"] == "")]
    dataset = {"name": about.dataset, "type": about.dataset_id or _slug(about.dataset)}
    results: list[dict[str, Any]] = [
        {
            "task": {"type": "text-classification", "name": "multi-label emotion detection"},
            "dataset": {**dataset, "split": split},
            "metrics": [
                {"type": "f1", "name": METRICS[metric], "value": round(float(value), 4)}
                for metric, value in scores.loc[scores["split"] == split, ["metric", "value"]].itertuples(index=False)
                if metric in METRICS
            ],
        }
        for split in SPLITS
        if (scores["split"] == split).any()
    ]
    metadata: dict[str, Any] = {
        "license": about.license,
        "language": list(about.languages),
        "library_name": "emotion-grid",
        "pipeline_tag": "text-classification",
        "tags": ["emotion-detection", "multi-label-classification"],
        "base_model": base_model(facts.spec["encoder"]),
        "datasets": [about.dataset_id] if about.dataset_id else None,
        "metrics": ["f1"],
        "model-index": [{"name": facts.row["run"], "results": results}] if results else None,
    }
    return {key: value for key, value in metadata.items() if value is not None}


def base_model(encoder: dict[str, Any]) -> str | None:
    """The hub's name of an encoder: its own, or that of the same weights; None if nothing is known of it there.

    Args:
        encoder: of a run's spec.
    """
    model, sha256 = encoder.get("model", ""), encoder.get("sha256")
    names = [model, *(name for name, known in well_known().items() if sha256 and known.get("sha256") == sha256)]
    return next((name for name in names if name and ":" not in name), None)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "texts"


def _limits(facts: RunFacts) -> dict[str, Any]:
    """What the run's errors say of its limits."""
    predictions, evaluation = facts.predictions, facts.results.plan["evaluation"]
    cut, splits = facts.provenance["texts_cut"], facts.checks["prepared"]
    return {
        "texts": len(predictions.table),
        "judge": facts.results.split_name(facts.results.judge),
        "weakest": _weakest(predictions, facts.metrics, facts.results.judge, splits["train"]),
        "lengths": by_length(predictions, evaluation["bootstrap"], evaluation["confidence"]),
        "whole": float((predictions.gold == predictions.predicted).all(1).mean()),
        "cut": [f"{number} of {splits[split]['rows']} {split}" for split, number in cut.items() if number],
    }


def _weakest(predictions: Predicted, metrics: pd.DataFrame, judge: str, train: dict[str, Any]) -> list[dict[str, Any]]:
    """Each label's errors and F1 with its interval, by F1; labels without a score come last."""
    chosen = (metrics["split"] == judge) & (metrics["threshold"] == "tuned") & (metrics["metric"] == "f1")
    scores = metrics[chosen].set_index("label")[["value", "low", "high"]]
    rows = [
        {
            **counts,
            **scores.rename(columns={"value": "f1"}).reindex([counts["label"]]).iloc[0].to_dict(),
            "train": train["positives"][counts["label"]],
        }
        for counts in confusion(predictions)
    ]
    return sorted(rows, key=lambda row: (row["f1"] != row["f1"], row["f1"]))
