"""Hidden states of an encoder's frozen layers, computed once for every text and shared by all runs that freeze them."""

import errno
import time
from pathlib import Path

import numpy as np

from emotion_grid.base.files import read_json, whole_folder
from emotion_grid.base.messages import log
from emotion_grid.encoders.shape import shape_of

SECONDS_BETWEEN_LINES = 20
"""Between two lines of progress."""


def encode(spec: dict, tokens: Path, encoder: Path, output: Path, threads: int, limit: float) -> dict:
    """Write the features into `output/files` and return what features.json holds.

    Args:
        limit: largest size of the features, in GB.
    """
    start = time.monotonic()
    import torch
    from transformers.utils import logging

    from emotion_grid.features.batches import batches_by_length, token_inputs
    from emotion_grid.features.index import Index
    from emotion_grid.features.values import VALUES, open_values
    from emotion_grid.model.devices import find_device, find_precision, padding_multiple
    from emotion_grid.model.encoder import LAYERED, count_parameters, keep_lower_layers, load_encoder
    from emotion_grid.model.pooling import pool

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(threads)
    device = find_device()
    precision = find_precision(spec["precision"], device)
    index, config = Index(tokens), read_json(encoder / "config.json")
    vectors = spec["output"] != "states"
    # Half the room: what a run in bf16 or fp16 makes of them has fewer digits.
    dtype = torch.float32 if vectors or precision == "fp32" else torch.float16
    shape = (len(index.lengths) if vectors else int(index.lengths.sum()), shape_of(config)[1])
    facts = {"layer": spec["layer"], "output": spec["output"], "precision": precision, "device": device.type}
    facts["gigabytes"] = round(shape[0] * shape[1] * dtype.itemsize / 1e9, 6)
    if spec["layer"] != "all" and config["model_type"] not in LAYERED:
        why = f"layers of {config['model_type']} cannot be entered one by one (those of {', '.join(LAYERED)} can)"
        return {**facts, "stored": False, "gigabytes": None, "why": why}
    if facts["gigabytes"] > limit:
        why = f"the features would take {facts['gigabytes']:.2f} GB, and features_gb allows {limit:g}"
        return {**facts, "stored": False, "why": why}
    model = load_encoder(encoder)
    model.pooler = None
    facts["encoder_parameters"] = count_parameters(model).total
    if spec["layer"] != "all":
        keep_lower_layers(model, spec["layer"])
    model = model.to(device).eval()
    read = token_inputs(tokens, index, padding_multiple(device))
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)

    @torch.no_grad()
    def ask(places: "np.ndarray") -> torch.Tensor:
        """What the encoder makes of texts, (texts or tokens, width); half of them at a time where memory lacks."""
        try:
            batch = {name: tensor.to(device) for name, tensor in read(places).items()}
            with torch.autocast(device.type, dtype=half, enabled=half is not None):
                states = model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"]
            return (pool(states, mask, spec["output"]) if vectors else states[mask.bool()]).to(dtype).cpu()
        except torch.OutOfMemoryError:
            if len(places) == 1:
                raise
        middle = len(places) // 2
        return torch.cat([ask(places[:middle]), ask(places[middle:])])

    done, spoken = 0, start
    with whole_folder(output / "files") as partial, open_values(partial / VALUES, shape, dtype) as file:
        for places in batches_by_length(index.lengths):
            values = ask(places)
            if not torch.isfinite(values).all():
                raise NotStored(f"{encoder} gives values that {dtype} does not hold")
            file.write(values.numpy().tobytes())
            done += len(places)
            if time.monotonic() - spoken > SECONDS_BETWEEN_LINES:
                spoken = time.monotonic()
                left = (spoken - start) * (index.lengths[done:].sum() / index.lengths[:done].sum())
                log(f"{done:,} of {len(index.lengths):,} texts, about {left:.0f} s left")
    return {**facts, "stored": True, "seconds": round(time.monotonic() - start, 1)}


class NotStored(Exception):
    """Features cannot be stored: the runs do without."""


def make(spec: dict, tokens: Path, encoder: Path, output: Path, threads: int, limit: float) -> dict:
    """The same, and a record that says why there are none where the encoder's values or the disk do not allow them."""
    try:
        return encode(spec, tokens, encoder, output, threads, limit)
    except NotStored as error:
        why = str(error)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        why = f"the disk has no room for them ({error.strerror})"
    return {"stored": False, "gigabytes": None, "why": f"{why}; to try again, delete {output}"}
