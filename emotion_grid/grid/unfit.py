"""Points of the grid that their encoder is known to be unfit for, before anything is fetched or trained."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.abilities import Abilities


def expect_fit(values: dict[str, Any], known: Abilities, where: str) -> None:
    """Refuse what an encoder is known not to do.

    Args:
        values: resolved axis values of a point.
        known: what its encoder can be used for.
        where: the place of its block in the config.

    Raises:
        InputError: with the place, the reason and what to do.
    """
    name, freeze, lora = values["encoder"], values["freeze"], values["lora"]
    if known.declined:
        raise InputError(f"{where}.encoder: {name} cannot be used: {known.declined}; choose another encoder")
    if known.inseparable and freeze not in (0, "all"):
        raise InputError(
            f"{where}.freeze: expected 0 or all for {name}, since {known.inseparable}; found {freeze}. "
            f"{_way_out(name, f'freeze: {freeze}')}"
        )
    if known.alone and values["head"].get("pooling", "mean") != "mean":
        pooling = values["head"]["pooling"]
        raise InputError(
            f"{where}.head.pooling: expected mean for {name}, since a word vector knows of no other word of the text; found {pooling}. "
            f"{_way_out(name, f'head: {{pooling: {pooling}}}')}"
        )
    if known.causal and values["head"].get("pooling") == "first":
        raise InputError(
            f"{where}.head.pooling: expected last or mean for {name}, a language model whose first token sees no other token of the text; found "
            f"first. {_way_out(name, 'head: {pooling: first}')}"
        )
    if lora and (problem := _lora_problem(lora.get("targets", "query-value"), known)):
        way_out = _way_out(name, f"lora: {{rank: {lora['rank']}}}")
        raise InputError(f"{where}.lora: {name}: expected {problem}. {way_out}")


def is_slow(values: dict[str, Any], known: Abilities) -> bool:
    """Whether a point computes frozen layers in every epoch, since they cannot be computed once and stored."""
    return values["freeze"] not in (0, "all") and not known.enterable


def _lora_problem(targets: str, known: Abilities) -> str:
    """What was expected of the projections to adapt, and what was found; empty if the encoder has them."""
    if not known.targets:
        return "none, since no projection of it can be adapted"
    if targets in ("query-value", "all-linear"):
        return "" if targets in known.targets else f"targets {' or '.join(known.targets)}, found {targets}"
    unknown = [name for name in targets.split("+") if known.linear and name.rpartition(".")[2] not in known.linear]
    return f"targets among its linear layers ({', '.join(known.linear or ())}), found {unknown[0]}" if unknown else ""


def _way_out(encoder: str, value: str) -> str:
    return f"Change it, or leave the combination out: exclude: [{{encoder: {encoder}, {value}}}]"
