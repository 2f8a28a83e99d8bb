"""What an encoder is made of and how it treats a text, found by running it on a few tokens, whatever its family calls its parts."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from emotion_grid.base.messages import InputError
from emotion_grid.model.entering import entered, states_below

TOKENS, PADDED = 7, 24
"""Tokens of the text that an encoder is tried with, and what it is padded to."""

TOLERANCE = 1e-4
"""Of the hidden states' standard deviation: what rounding alone does not reach in fp32."""


@dataclass(frozen=True)
class Anatomy:
    """What an encoder is made of and how it treats a text.

    Attributes:
        layers: the name of the list that holds its layers, lowest first; empty if they cannot be told apart.
        beside: modules outside the list that act on a layer's output (a norm above the top layer, say), with the number of that layer.
        form: of how many values each layer returns a tuple, the hidden states first; 0: it returns the hidden states alone.
        enterable: whether its layers can be computed from hidden states of the layer below.
        causal: whether a token sees only those before it.
        padding: whether padding changes the hidden states of a text's own tokens.
        fill: the token that stands for padding.
        why: why its layers cannot be told apart; empty if they can.
    """

    layers: str
    beside: dict[str, int] = field(default_factory=dict)
    form: int = 0
    enterable: bool = False
    causal: bool = False
    padding: bool = False
    fill: int = 0
    why: str = ""


def examine(encoder: PreTrainedModel) -> Anatomy:
    """Find out what an encoder is made of.

    Args:
        encoder: in evaluation mode.

    Raises:
        InputError: an encoder that cannot be run on tokens, or whose hidden states depend on more than the text.
    """
    name = type(encoder).__name__
    try:
        fill = _filler(encoder)
        if not encoder.config.get_text_config().num_hidden_layers:  # word vectors: no token sees another
            return Anatomy("", causal=True, fill=fill, why="it has no layers")
        ids = _some_text(encoder, fill)
        _expect_short_texts(encoder, ids)
        alone, calls = _traced(encoder, ids)
        _expect_the_same(name, "a second time", alone, _states(encoder, ids))
        # Another text of the same length, so that no padding is involved.
        _expect_the_same(
            name, "in a batch with another text", alone, _states(encoder, torch.cat([ids, ids.flip(1)]))[:1]
        )
        padded = _states(encoder, _padded(ids, fill), tokens=TOKENS)[:, :TOKENS]
        back, forth = _sees(encoder, ids, alone)
        if not back:
            raise InputError(
                f"{name}: expected tokens that see those before them, found that they do not; choose another encoder"
            )
        layers, why = _find_layers(encoder, calls)
        beside = _find_beside(encoder, layers, calls) if layers else {}
        form = _form_of(encoder, layers, ids) if layers else 0
        enterable = bool(layers) and _is_enterable(encoder, layers, form, ids, fill)
    except InputError:
        raise
    except Exception as error:  # whatever a family's own code raises
        raise InputError(
            f"{name}: expected an encoder that gives hidden states for token ids, found {error.__class__.__name__}: "
            f"{(str(error).splitlines() or ['no message'])[0]}; choose another encoder"
        ) from error
    return Anatomy(layers, beside, form, enterable, not forth, not _same(alone, padded), fill, why)


def _filler(encoder: PreTrainedModel) -> int:
    """The token that the family pads with; 0 where it has none, or one that it has no embedding for."""
    fill = getattr(encoder.config.get_text_config(), "pad_token_id", None)
    return fill if isinstance(fill, int) and 0 <= fill < vocabulary_of(encoder) else 0


def _some_text(encoder: PreTrainedModel, fill: int) -> torch.Tensor:
    """Token ids (1, TOKENS) from all over the vocabulary, none of them the padding's, no two alike."""
    size = vocabulary_of(encoder)
    ids = torch.linspace(size // 10, size - 1, TOKENS + 1).long()
    return ids[ids != fill][:TOKENS].unsqueeze(0)


def vocabulary_of(encoder: PreTrainedModel) -> int:
    """How many token ids an encoder knows; 256 where it takes any number, such as that of a character."""
    try:
        return int(encoder.get_input_embeddings().weight.shape[0])
    except (AttributeError, NotImplementedError):
        return 256


def positions_of(encoder: PreTrainedModel) -> int | None:
    """How many tokens of a text an encoder takes: the rows of its table of positions, or what its config says; None where nothing bounds them.

    RoBERTa and its kin count positions from behind that of padding.
    """
    most = getattr(encoder.config.get_text_config(), "max_position_embeddings", None)
    for name, module in encoder.named_modules():
        if isinstance(module, nn.Embedding) and "position" in name.lower() and module.num_embeddings == most:
            return int(most - (0 if module.padding_idx is None else module.padding_idx + 1))
    return most if isinstance(most, int) and most > 0 else None


def _sees(encoder: PreTrainedModel, ids: torch.Tensor, states: torch.Tensor) -> tuple[bool, bool]:
    """Whether the last token sees those before it, and whether those before it see the last."""
    found = []
    for place, others in ((0, slice(-1, None)), (-1, slice(0, -1))):
        changed = ids.clone()
        changed[:, place] = ids[:, TOKENS // 2]
        found.append(not _same(states[:, others], _states(encoder, changed)[:, others]))
    return found[0], found[1]


def _padded(ids: torch.Tensor, fill: int) -> torch.Tensor:
    return nn.functional.pad(ids, (0, PADDED - ids.shape[1]), value=fill)


@torch.no_grad()
def _states(encoder: PreTrainedModel, ids: torch.Tensor, tokens: int | None = None, **options: Any) -> torch.Tensor:
    """Hidden states (texts, tokens, width) of texts of which the first `tokens` are no padding."""
    mask = torch.ones_like(ids)
    mask[:, tokens or ids.shape[1] :] = 0
    device = encoder.device
    states = encoder(input_ids=ids.to(device), attention_mask=mask.to(device), **options).last_hidden_state
    expected = (*ids.shape, encoder.config.get_text_config().hidden_size)
    if states.shape != expected:
        raise InputError(
            f"{type(encoder).__name__}: expected hidden states (texts, tokens, width) {expected}, found {tuple(states.shape)}; choose another encoder"
        )
    return states.float()


def _expect_short_texts(encoder: PreTrainedModel, ids: torch.Tensor) -> None:
    try:
        short = _states(encoder, ids[:, :1])
    except RuntimeError as error:
        raise InputError(
            f"{type(encoder).__name__}: expected an encoder that takes a text of one token, found one that pools several into one ({error}); "
            "choose another encoder"
        ) from error
    if not short.isfinite().all():
        raise InputError(
            f"{type(encoder).__name__}: expected finite hidden states, found others; choose another encoder"
        )


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool((one - other).abs().max() <= TOLERANCE * one.std())


def _expect_the_same(name: str, when: str, one: torch.Tensor, other: torch.Tensor) -> None:
    if not _same(one, other):
        raise InputError(
            f"{name}: expected the same hidden states of a text {when}, found others; predictions would depend on chance. Choose another encoder"
        )


def _traced(encoder: PreTrainedModel, ids: torch.Tensor) -> tuple[torch.Tensor, dict[str, list[tuple[int, int]]]]:
    """Hidden states, and of each module by its name when its calls began and ended, in steps."""
    calls: dict[str, list[tuple[int, int]]] = {}
    begun: dict[str, list[int]] = {}
    step = 0

    def before(name: str) -> Any:
        def hook(module: nn.Module, args: Any) -> None:
            nonlocal step
            step += 1
            begun.setdefault(name, []).append(step)

        return hook

    def after(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            nonlocal step
            step += 1
            calls.setdefault(name, []).append((begun[name].pop(), step))

        return hook

    hooks = []
    for name, module in encoder.named_modules():
        hooks += [module.register_forward_pre_hook(before(name)), module.register_forward_hook(after(name))]
    try:
        return _states(encoder, ids), calls
    finally:
        for hook in hooks:
            hook.remove()


def _find_layers(encoder: PreTrainedModel, calls: dict[str, list[tuple[int, int]]]) -> tuple[str, str]:
    """The name of the list of layers, or empty and the reason why there is none."""
    count = encoder.config.get_text_config().num_hidden_layers
    shared = False
    for name, module in encoder.named_modules():
        if not isinstance(module, nn.ModuleList):
            continue
        times = [calls.get(f"{name}.{number}", []) for number in range(len(module))]
        shared |= any(len(time) >= count > 1 for time in times)
        if len(module) == count and all(len(time) == 1 for time in times) and times == sorted(times):
            return name, ""
    if shared:
        return "", "its layers share their weights"
    return "", f"it has no list of {count} layers that follow each other"


def _find_beside(encoder: PreTrainedModel, layers: str, calls: dict[str, list[tuple[int, int]]]) -> dict[str, int]:
    """Modules outside the list of layers that are first called above a layer, with the number of the highest such layer."""
    ends = [calls[f"{layers}.{number}"][0][1] for number in range(len(encoder.get_submodule(layers)))]
    found: dict[str, int] = {}
    for name, _ in encoder.named_modules():
        if name in calls and not name.startswith(f"{layers}.") and not any(name.startswith(f"{top}.") for top in found):
            below = [number for number, end in enumerate(ends) if end < calls[name][0][0]]
            if below:
                found[name] = below[-1]
    return found


def _form_of(encoder: PreTrainedModel, layers: str, ids: torch.Tensor) -> int:
    """Of how many values a layer returns a tuple; 0 if it returns none."""
    forms: list[int] = []
    layer = encoder.get_submodule(layers)[0]
    hook = layer.register_forward_hook(
        lambda module, args, output: forms.append(len(output) if isinstance(output, tuple) else 0)
    )
    try:
        _states(encoder, ids)
    finally:
        hook.remove()
    return forms[0]


def _is_enterable(encoder: PreTrainedModel, layers: str, form: int, ids: torch.Tensor, fill: int) -> bool:
    """Whether the layers above others give the same from these others' hidden states as from the text, padding included."""
    stack = encoder.get_submodule(layers)
    ids = _padded(torch.cat([ids, ids.flip(1)]), fill)
    mask = torch.zeros_like(ids)
    mask[:, :TOKENS] = 1
    expected = _states(encoder, ids, TOKENS)[:, :TOKENS]
    for number in sorted({1, len(stack) // 2, len(stack) - 1} - {0, len(stack)}):
        try:
            with torch.no_grad(), states_below(stack[number]) as below:
                _states(encoder, ids, TOKENS)
            with torch.no_grad(), entered(encoder, stack, number, form):
                found = encoder(inputs_embeds=below[0], attention_mask=mask.to(encoder.device)).last_hidden_state
        except Exception:  # whatever a family's own code raises where layers are missing
            return False
        if found.shape[:2] != ids.shape or not _same(expected, found[:, :TOKENS].float()):
            return False
    return len(stack) > 1
