"""The axis `seed`: the repetition of a setting."""

from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole

AXIS = Axis(
    name="seed",
    title="Seed",
    description="Seed of the run: initial weights of the head, order of the rows, dropout.",
    schema={"type": "integer", "minimum": 0, "maximum": 4294967295},
    default=1,
    resolve=lambda value, encoder: whole(value),
    columns=lambda declared, value: {"seed": value},
    part=lambda value: f"seed-{value}",
    repeats=True,
)
