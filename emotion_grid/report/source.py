"""The source of an encoder in words."""

from emotion_grid.grid.axes.declared import AXES


def source_words(encoder: dict) -> str:
    """Where an encoder comes from: its model and revision or, on a disk, the kind of source and its digest."""
    if "model" in encoder:
        return f"{encoder['model']}, revision {encoder['revision']}"
    others = {"layers", "hidden_size", "sha256", *(axis.name for axis in AXES)}
    return ", ".join(f"a local {kind}, digest {found}" for kind, found in encoder.items() if kind not in others)
