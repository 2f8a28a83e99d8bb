"""The source of an encoder in words."""

from emotion_grid.grid.axes.declared import AXES


def source_words(encoder: dict) -> str:
    """Where an encoder comes from: its model and revision or, on a disk, the kind of source and its digest; and its prompt."""
    prompt = f", prompt {encoder['prompt']!r}" if "prompt" in encoder else ""
    if "model" in encoder:
        return f"{encoder['model']}, revision {encoder['revision']}{prompt}"
    others = {"layers", "hidden_size", "form", "sha256", "prompt", *(axis.name for axis in AXES)}
    kinds = [f"a local {kind}, digest {found}" for kind, found in encoder.items() if kind not in others]
    return ", ".join(kinds) + prompt
