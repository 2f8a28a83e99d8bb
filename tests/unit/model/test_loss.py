"""The loss of labels of which some are unknown, against plain formulas."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy_with_logits

from emotion_grid.model.loss import known_loss


def random_batch(seed: int, unknown: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Logits that train, gold of which a share is unknown, and class weights for every second seed."""
    torch.manual_seed(seed)
    shape = (int(torch.randint(1, 9, ())), int(torch.randint(1, 7, ())))
    gold = (torch.rand(shape) < 0.4).float().masked_fill(torch.rand(shape) < unknown, torch.nan)
    return (3 * torch.randn(shape)).requires_grad_(), gold, 5 * torch.rand(shape[1]) if seed % 2 else None


@given(st.integers(0, 10_000))
def test_where_all_is_known_loss_and_gradients_are_the_library_s_bit_for_bit(seed):
    """Fault: a mean that is computed in another order gives every run of before other predictions."""
    logits, gold, weights = random_batch(seed, 0)
    ours = known_loss(logits, gold, weights)
    theirs = binary_cross_entropy_with_logits(logits, gold, pos_weight=weights)
    assert torch.equal(ours, theirs)
    assert torch.equal(*(torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)))


@given(st.integers(0, 10_000))
def test_the_loss_is_the_mean_of_the_known_cells(seed):
    """Fault: unknown cells as negatives, or a mean over all cells, known or not."""
    logits, gold, weights = random_batch(seed, 0.5)
    known = ~gold.isnan()
    if not known.any():
        return
    probability = logits.detach().double().sigmoid()
    positives = torch.ones(gold.shape[1]) if weights is None else weights
    each = -torch.where(gold == 1, positives * probability.log(), (1 - probability).log())
    loss = known_loss(logits, gold, weights)
    assert loss.item() == pytest.approx(each[known].mean().item(), rel=1e-4)
    loss.backward()
    assert not logits.grad[~known].any()
    assert logits.grad[known].all()


def test_a_batch_without_a_known_cell_trains_nothing():
    """Fault: 0 / 0."""
    logits, gold, _ = random_batch(1, 2)
    loss = known_loss(logits, gold, torch.ones(gold.shape[1]))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


@given(st.integers(0, 10_000))
def test_a_row_s_weight_multiplies_its_cells_and_changes_no_count(seed):
    """Fault: a weighted mean, in which a batch of added rows alone counts as much as one of a run's own."""
    logits, gold, class_weights = random_batch(seed, 0.3)
    weights = torch.rand(len(gold))
    known = ~gold.isnan()
    each = [known_loss(logits[row : row + 1], gold[row : row + 1], class_weights) for row in range(len(gold))]
    expected = sum(weights * torch.stack(each) * known.sum(1)) / known.sum().clamp(min=1)
    assert known_loss(logits, gold, class_weights, weights).item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)
    same = known_loss(logits, gold, class_weights, torch.ones(len(gold)))
    assert torch.equal(same, known_loss(logits, gold, class_weights))
