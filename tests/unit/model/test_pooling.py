"""The mean over tokens."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.model.pooling import masked_mean


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
