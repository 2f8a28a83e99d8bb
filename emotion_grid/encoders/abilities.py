"""What an encoder can be used for, as far as that is known before its jobs run.

An encoder that was fetched was examined then. Of one in a folder that was not, the family is known by its config.json: families.csv says
what a tiny model of each did (`python -m testing.trying`).
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import ENCODERS
from emotion_grid.encoders.facts import read_facts
from emotion_grid.encoders.sources import Source, encoder_key, local_path

FAMILIES = Path(__file__).with_name("families.csv")

DECIDES_SIGHT = {"is_causal", "is_decoder", "use_bidirectional_attention"}
"""Keys of config.json by which one model of a family sees other tokens than the next."""


@dataclass(frozen=True)
class Abilities:
    """What an encoder can be used for. The defaults are those of one of which nothing is known: whatever it cannot, its jobs will say.

    Attributes:
        declined: why it cannot be used at all.
        inseparable: why its layers cannot be told apart.
        enterable: whether its layers can be computed from hidden states of the layer below.
        causal: whether its first token sees no other.
        targets: values of `lora.targets` that it has projections for.
        linear: the last parts of the names of its linear layers; None if they are not known.
        alone: whether its hidden states are those of single words, as of word vectors.
    """

    declined: str = ""
    inseparable: str = ""
    enterable: bool = True
    causal: bool = False
    targets: tuple[str, ...] = ("query-value", "all-linear")
    linear: tuple[str, ...] | None = None
    alone: bool = False


def abilities(source: Source, cache: Path) -> Abilities:
    """What is known of an encoder's abilities when a study is planned.

    Args:
        cache: the folder of what experiments share.
    """
    if not source.encoder.layers:
        return Abilities(targets=(), alone=True)
    if facts := read_facts(cache / ENCODERS / encoder_key(source.spec)):
        return _of_fetched(facts)
    place = local_path(source.model)
    if place is None or not (place / "config.json").is_file():
        return Abilities()
    return _of_family(read_json(place / "config.json"))


def _of_fetched(facts: dict[str, Any]) -> Abilities:
    """From what fetching found out."""
    anatomy, lora = facts.get("anatomy", {}), facts.get("lora", {})
    return Abilities(
        inseparable=anatomy.get("why", ""),
        enterable=anatomy.get("enterable", True),
        causal=anatomy.get("causal", False),
        targets=tuple(lora.get("targets", Abilities.targets)),
        linear=tuple(lora["linear"]) if lora else None,
    )


def _of_family(config: dict[str, Any]) -> Abilities:
    """From the `model_type` of a config.json."""
    row = _families().get(config.get("model_type", ""))
    if row is None:
        return Abilities()
    _, _, declined = row["freeze"].partition("declined: ")
    if declined:
        return Abilities(declined=declined)
    config = config.get("text_config", config)
    return Abilities(
        inseparable=row["freeze"].partition("no: ")[2],
        enterable=row["features"] == "yes",
        causal="first" not in row["pooling"] and not DECIDES_SIGHT & set(config),
        targets=() if row["LoRA"] == "no" else tuple(row["LoRA"].split(", ")),
    )


@functools.cache
def _families() -> dict[str, dict[str, str]]:
    with FAMILIES.open(encoding="utf-8", newline="") as file:
        return {row["family"]: row for row in csv.DictReader(file, strict=True)}
