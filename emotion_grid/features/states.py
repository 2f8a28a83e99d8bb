"""Hidden states of an encoder's frozen layers, computed once for every text and shared by all runs that freeze them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json, whole_folder
from emotion_grid.base.messages import log
from emotion_grid.base.room import NO_ROOM
from emotion_grid.encoders.shape import shape_of

if TYPE_CHECKING:
    import numpy as np
    import torch

    from emotion_grid.features.batches import Inputs
    from emotion_grid.features.index import Index
    from emotion_grid.model.anatomy import Anatomy

SECONDS_BETWEEN_LINES = 20
"""Between two lines of progress."""


class NotStored(Exception):
    """Features cannot be stored: the runs compute them themselves."""


def compute(spec: dict, tokens: Path, encoder: Path, output: Path, threads: int, limit: float) -> dict:
    """Write the features into `output/files` and return what features.json holds.

    Where they would take too much room, or the encoder, its values or the disk do not allow them, the record says why there are none.

    Args:
        spec: of the features.
        tokens: folder of the study's tokens.
        encoder: folder of the fetched encoder.
        output: the features' folder in the cache.
        threads: CPU threads.
        limit: largest size of the features, in GB.
    """
    start = time.monotonic()
    set_up_environment(threads)
    facts: dict[str, Any] = {"layer": spec["layer"], "output": spec["output"]}
    try:
        _compute(spec, tokens, encoder, output, threads, limit, facts)
    except NotStored as error:
        return {"gigabytes": None, **facts, "stored": False, "why": str(error)}
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        why = f"the disk has no room for them ({error.strerror}); to try again, delete {output}"
        return {**facts, "stored": False, "gigabytes": None, "why": why}
    return {**facts, "stored": True, "seconds": round(time.monotonic() - start, 1)}


def _compute(
    spec: dict, tokens: Path, encoder: Path, output: Path, threads: int, limit: float, facts: dict[str, Any]
) -> None:
    """Write the features; what is known of them is noted in `facts` as soon as it is.

    Raises:
        NotStored: with the reason.
    """
    import torch

    from emotion_grid.features.batches import token_inputs
    from emotion_grid.features.index import FILES, VALUES, Index
    from emotion_grid.features.values import open_values
    from emotion_grid.model.devices import find_device, find_precision, padding_multiple
    from emotion_grid.model.encoder import count_parameters, load_encoder, quieten
    from emotion_grid.model.entering import end_above

    quieten()
    torch.set_num_threads(threads)
    device = find_device()
    precision = find_precision(spec["precision"], device)
    index, config = Index(tokens), read_json(encoder / "config.json")
    facts |= {"precision": precision, "device": device.type}
    vectors = spec["output"] != "states"
    # Half the room: what a run in bf16 or fp16 computes from them has fewer digits.
    dtype = torch.float32 if vectors or precision == "fp32" else torch.float16
    width = shape_of(config)[1]
    assert width is not None, "an encoder whose width is not known is not fetched"
    shape = (len(index.lengths) if vectors else int(index.lengths.sum()), width)
    facts["gigabytes"] = round(shape[0] * shape[1] * dtype.itemsize / 1e9, 6)
    if facts["gigabytes"] > limit:
        raise NotStored(f"the features would take {facts['gigabytes']:.2f} GB, and features_gb allows {limit:g}")
    pretrained = load_encoder(encoder)
    model, anatomy = pretrained.model, pretrained.anatomy
    if spec["layer"] != "all" and not anatomy.enterable:
        facts["gigabytes"] = None
        raise NotStored(
            f"layers of {config['model_type']} cannot be entered one by one ({anatomy.why or 'they need more than the hidden states below'})"
        )
    model.pooler = None
    facts["encoder_parameters"] = count_parameters(model).total
    if spec["layer"] != "all":
        end_above(model, model.get_submodule(anatomy.layers), spec["layer"], anatomy.form)
    inputs = token_inputs(tokens, index, padding_multiple(device))
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
    frozen = FrozenLayers(model.to(device).eval(), anatomy, inputs, spec["output"], half, dtype)
    with whole_folder(output / FILES) as partial, open_values(partial / VALUES, shape, dtype) as file:
        for values in _progress(frozen, index):
            if not torch.isfinite(values).all():
                facts["gigabytes"] = None
                raise NotStored(f"{encoder} gives values that {dtype} does not hold; to try again, delete {output}")
            file.write(values.numpy().tobytes())


@dataclass(frozen=True)
class FrozenLayers:
    """The frozen layers of an encoder, as a function of texts.

    Attributes:
        model: the encoder up to its last frozen layer.
        anatomy: what the encoder is made of.
        inputs: reads batches of tokens.
        output: the pooling, or `states` for the hidden states of all tokens.
        half: what to compute in, if not fp32.
        dtype: in which the values are stored.
    """

    model: Any
    anatomy: "Anatomy"
    inputs: "Inputs"
    output: str
    half: "torch.dtype | None"
    dtype: "torch.dtype"

    def __call__(self, places: "np.ndarray") -> "torch.Tensor":
        """Features of texts by their places in the cache, (texts or tokens, width); half of the texts at a time where memory ends."""
        import torch

        try:
            with torch.no_grad():
                return self._forward(places)
        except torch.OutOfMemoryError:
            if len(places) == 1:
                raise
        middle = len(places) // 2
        return torch.cat([self(places[:middle]), self(places[middle:])])

    def _forward(self, places: "np.ndarray") -> "torch.Tensor":
        import torch

        from emotion_grid.model.padding import hidden_states
        from emotion_grid.model.pooling import pool

        device = next(self.model.parameters()).device
        batch = {name: tensor.to(device) for name, tensor in self.inputs(places).items()}
        mask = batch.pop("attention_mask")
        with torch.autocast(device.type, dtype=self.half, enabled=self.half is not None):
            states, mask = hidden_states(self.model, self.anatomy, mask, batch)
        states = states.float()
        values = states[mask.bool()] if self.output == "states" else pool(states, mask, self.output)
        return values.to(self.dtype).cpu()


def _progress(frozen: FrozenLayers, index: "Index") -> "Iterator[torch.Tensor]":
    """Features of all texts, a batch at a time; the log says now and then how many are left."""
    from emotion_grid.features.batches import batches_by_length

    done, start = 0, time.monotonic()
    spoken = start
    for places in batches_by_length(index.lengths):
        yield frozen(places)
        done += len(places)
        if time.monotonic() - spoken > SECONDS_BETWEEN_LINES:
            spoken = time.monotonic()
            left = (spoken - start) * (index.lengths[done:].sum() / index.lengths[:done].sum())
            log(f"{done:,} of {len(index.lengths):,} texts, about {left:.0f} s left")
