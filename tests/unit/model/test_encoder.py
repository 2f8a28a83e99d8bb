"""The encoder's parameters."""

from emotion_grid.model.encoder import count_parameters
from testing.classifiers import WIDTH


def test_count_parameters_counts_what_trains(build):
    model = build("bert", "linear", "all")
    assert count_parameters(model).trainable == WIDTH * 3 + 3
    assert count_parameters(model).total == sum(parameter.numel() for parameter in model.parameters())
