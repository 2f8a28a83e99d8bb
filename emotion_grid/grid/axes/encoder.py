"""The axis `encoder`: which pretrained encoder a run starts from."""

from emotion_grid.grid.axes.axis import Axis

AXIS = Axis(
    name="encoder",
    title="Encoder",
    description="Name of an entry under `encoders`.",
    schema={"type": "string"},
    default=None,
    resolve=lambda value, encoder: value,
    columns=lambda declared, value: {"encoder": value},
    part=str,
    place="encoder",
)
"""Its place in the spec is taken by the encoder's pinned source, since a name says nothing about the weights."""
