"""Class weights, optimiser and schedule."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import TrainingArguments, get_linear_schedule_with_warmup

from emotion_grid.model.classifier import build_classifier
from emotion_grid.training import optimisation as fitting

ATTENTION = {"type": "attention", "size": 12, "heads": 2}


def test_positive_weights_are_negatives_by_positives():
    """Fault: positives / negatives, a share of all rows, or infinity where a label has no positive."""
    gold = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]], dtype=float)
    assert fitting.positive_weights(gold).tolist() == [3.0, 0.0, 1.0]
    assert fitting.positive_weights(gold).dtype == torch.float32
    gold[1, 0] = gold[3, 1] = gold[0, 2] = np.nan
    assert fitting.positive_weights(gold).tolist() == [2.0, 0.0, 1.0], "unknown rows are no negatives"


@pytest.mark.parametrize("lora", ["none", {"rank": 2}], ids=["full", "lora"])
def test_optimizer_groups(encoders, make_spec, family, lora):
    """Fault: the head at the encoder's rate, decay on biases and norms, or a parameter left out."""
    values = {"learning_rate": 1e-3, "head_learning_rate": 1e-2, "weight_decay": 0.3}
    spec = make_spec(encoders(family), ATTENTION, freeze=2, lora=lora, **values)
    model = build_classifier(spec, encoders(family))
    groups = fitting.make_optimizer(model.named_parameters(), spec["training"]).param_groups
    given_ = [(id(parameter), group) for group in groups for parameter in group["params"]]
    names = {id(parameter): name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert sorted(key for key, _ in given_) == sorted(names)
    for key, group in given_:
        name = names[key]
        assert group["lr"] == (1e-2 if name.startswith("head.") else 1e-3), name
        plain = "bias" in name or "norm" in name.lower()
        assert group["weight_decay"] == (0.0 if plain else 0.3), name


@given(steps=st.integers(1, 60), warmup=st.one_of(st.integers(0, 80), st.floats(0, 0.99)))
def test_schedule_is_the_library_s(steps, warmup):
    """Fault: a share of the steps taken for a number, or rates that end elsewhere than at zero."""

    def rates(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule, found = make(optimizer), []
        for _ in range(steps):
            found.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return found

    rising = TrainingArguments("unused", warmup_steps=warmup, use_cpu=True).get_warmup_steps(steps)
    theirs = rates(lambda optimizer: get_linear_schedule_with_warmup(optimizer, rising, steps))
    assert rates(lambda optimizer: fitting.linear_schedule(optimizer, steps, warmup)) == pytest.approx(theirs)
