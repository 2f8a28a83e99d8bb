"""One vector a text from those of its tokens."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.model.pooling import masked_mean, pool


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    extra=st.integers(0, 4),
    noise=st.floats(-1e3, 1e3),
    seed=st.integers(0, 99),
)
def test_masked_mean_ignores_padding(lengths, extra, noise, seed):
    """Fault: a mean over all places, or one that divides by the padded length."""
    places = max(lengths) + extra
    mask = (torch.arange(places) < torch.tensor(lengths).unsqueeze(1)).long()
    states = torch.randn(len(lengths), places, 3, generator=torch.Generator().manual_seed(seed))
    expected = torch.stack([row[:length].mean(0) for row, length in zip(states, lengths, strict=True)])
    padded = torch.where(mask.unsqueeze(-1) == 1, states, torch.tensor(noise))
    assert torch.allclose(masked_mean(padded, mask), expected, atol=1e-5)


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), side=st.sampled_from(["left", "right"]))
def test_first_and_last_tokens_are_found_by_the_mask(lengths, side):
    """Fault: the first column, which is padding where a tokenizer pads on the left; the last one, where it pads on the right."""
    places = torch.arange(max(lengths)).expand(len(lengths), -1)
    shift = max(lengths) - torch.tensor(lengths).unsqueeze(1) if side == "left" else 0
    mask = ((places >= shift) & (places < shift + torch.tensor(lengths).unsqueeze(1))).long()
    states = torch.where(mask == 1, places - shift, -1).unsqueeze(-1).float()
    assert pool(states, mask, "first").flatten().tolist() == [0] * len(lengths)
    assert pool(states, mask, "last").flatten().tolist() == [length - 1 for length in lengths]
