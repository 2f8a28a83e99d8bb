"""Computing the layers of an encoder from hidden states of the layer below, and those hidden states from texts.

An encoder is entered by its own code: it gets embeddings of the right shape, from which it makes its masks and positions; the layers below
hand on what they get; and the first layer that is computed gets the given hidden states in its place.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

HIDDEN = "hidden_states"
"""What transformers calls a layer's first argument where it is passed by name."""


def _handing_on(form: int) -> Callable:
    """A layer's `forward` that computes nothing: hidden states as they came.

    Args:
        form: of how many values the layer returns a tuple, the hidden states first; 0: it returns the hidden states alone.
    """

    def forward(*args: Any, **options: Any) -> Any:
        hidden = args[0] if args else options[HIDDEN]
        return (hidden, *[None] * (form - 1)) if form else hidden

    return forward


def _give(encoder: PreTrainedModel, layer: nn.Module) -> list[RemovableHandle]:
    """Let the `inputs_embeds` of a call reach a layer as they are; the encoder makes its masks and positions from zeros."""
    given: list[torch.Tensor] = []
    width = encoder.get_input_embeddings().embedding_dim

    def take(module: nn.Module, args: tuple, options: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        states = options["inputs_embeds"]
        given[:] = [states]
        return args, {**options, "inputs_embeds": states.new_zeros(*states.shape[:2], width)}

    def put(module: nn.Module, args: tuple, options: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        states = given.pop()
        return ((states, *args[1:]), options) if args else (args, {**options, HIDDEN: states})

    return [
        encoder.register_forward_pre_hook(take, with_kwargs=True),
        layer.register_forward_pre_hook(put, with_kwargs=True),
    ]


@contextmanager
def entered(encoder: PreTrainedModel, layers: nn.ModuleList, number: int, form: int) -> Iterator[None]:
    """Compute only the layers from `number` on, whose input is passed as `inputs_embeds`."""
    with ExitStack() as stack:
        for hook in _give(encoder, layers[number]):
            stack.callback(hook.remove)
        for layer in layers[:number]:
            layer.forward = _handing_on(form)
            stack.callback(delattr, layer, "forward")
        yield


def _listen(layer: nn.Module) -> tuple[list[torch.Tensor], RemovableHandle]:
    """A list that holds what a layer was given last."""
    found: list[torch.Tensor] = []

    def keep(module: nn.Module, args: tuple, options: dict[str, Any]) -> None:
        found[:] = [args[0] if args else options[HIDDEN]]

    return found, layer.register_forward_pre_hook(keep, with_kwargs=True)


@contextmanager
def states_below(layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """A list that holds what a layer was given, after a call of its encoder."""
    found, hook = _listen(layer)
    try:
        yield found
    finally:
        hook.remove()


def start_above(encoder: PreTrainedModel, layers: nn.ModuleList, number: int, form: int) -> None:
    """Cut the word embeddings and the layers below `number` off: their output takes the place of `inputs_embeds`.

    The layers that are left keep their names.
    """
    _give(encoder, layers[number])
    for layer in layers[:number]:
        _empty(layer, form)
    words = encoder.get_input_embeddings()
    words.weight = nn.Parameter(words.weight.new_empty(0, words.embedding_dim), requires_grad=False)


def end_above(encoder: PreTrainedModel, layers: nn.ModuleList, number: int, form: int) -> None:
    """Cut the layers from `number` on off: the `last_hidden_state` that the encoder returns is what that layer would be given."""
    below, _ = _listen(layers[number])

    def replace(module: nn.Module, args: tuple, output: Any) -> Any:
        output.last_hidden_state = below.pop()
        return output

    encoder.register_forward_hook(replace)
    for layer in layers[number:]:
        _empty(layer, form)


def _empty(layer: nn.Module, form: int) -> None:
    """Take a layer's weights out, so that they need no memory; what its encoder asks of it beside stays."""
    layer._modules.clear()
    layer._parameters.clear()
    layer.forward = _handing_on(form)
