"""Hidden states of texts in a padded batch, which are those of each text alone."""

from typing import Any

import torch
from transformers import PreTrainedModel

from emotion_grid.model.anatomy import Anatomy


def hidden_states(
    encoder: PreTrainedModel, anatomy: Anatomy, mask: torch.Tensor, inputs: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """What an encoder makes of texts, (texts, tokens, width), and where a token stands, (texts, tokens); every text starts at the first place.

    Neither the side of padding nor the token that stands for it changes anything. Where padding itself would, the encoder gets texts of
    one length at a time.

    Args:
        mask: 1 where a token stands, 0 where padding does, (texts, tokens).
        inputs: whatever else there is of each token, (texts, tokens, ...).
    """
    mask, inputs = _from_the_first_place(mask, inputs)
    if "input_ids" in inputs:
        inputs = {**inputs, "input_ids": inputs["input_ids"].masked_fill(mask == 0, anatomy.fill)}
    if anatomy.padding:
        return _by_length(encoder, mask, inputs), mask
    return encoder(attention_mask=mask, **inputs).last_hidden_state, mask


def _from_the_first_place(
    mask: torch.Tensor, inputs: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """A batch that is padded on the right: the position of a token is then its place in the text."""
    if bool((mask[:, 1:] <= mask[:, :-1]).all()):
        return mask, inputs
    order = torch.argsort(mask.bool().int(), dim=1, descending=True, stable=True)
    rows = torch.arange(len(mask), device=mask.device).unsqueeze(1)
    return mask[rows, order], {name: values[rows, order] for name, values in inputs.items()}


def _by_length(encoder: PreTrainedModel, mask: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Hidden states (texts, tokens, width) without padding; zeros stand in its place."""
    lengths = mask.bool().sum(1)
    states: Any = None
    for length in lengths.unique().tolist():
        rows = lengths == length
        part = {name: values[rows, :length] for name, values in inputs.items()}
        found = encoder(attention_mask=mask[rows, :length], **part).last_hidden_state
        if states is None:
            states = found.new_zeros(*mask.shape, found.shape[-1])
        states[rows, :length] = found
    return states
