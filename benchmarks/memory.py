"""Memory that training jobs ask for, beside what they used at most.

Writes encoders of the shapes of published ones, trains each for two epochs of one step in a process of its own, on
texts that are all cut at `max_length`, and prints for every run the peak of its process (as `peak_mb` in provenance.json has it) beside what
its job would ask for on a cluster without GPUs.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import log
from emotion_grid.config.checking import check_config
from emotion_grid.data.tables import write_split
from emotion_grid.encoders.size import with_size
from emotion_grid.features.states import compute
from emotion_grid.features.tokens import tokenize
from emotion_grid.grid.expand import expand
from emotion_grid.jobs.needs import training_need
from emotion_grid.model.encoder import quieten
from emotion_grid.plan.specs import features_spec, run_spec
from emotion_grid.training.run import Job, train
from testing.zoo import write_tokenizer

LABELS = ["anger", "fear", "joy"]

BASE = {"num_attention_heads": 12, "intermediate_size": 3072, "hidden_size": 768, "num_hidden_layers": 12}
LARGE = {"num_attention_heads": 16, "intermediate_size": 4096, "hidden_size": 1024, "num_hidden_layers": 24}
ROBERTA = {"type_vocab_size": 1, "pad_token_id": 1, "max_position_embeddings": 514}
DEBERTA = {
    **{"relative_attention": True, "position_biased_input": False, "type_vocab_size": 0, "position_buckets": 256},
    **{"pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm", "share_att_key": True},
    "max_relative_positions": -1,
}
MINILM = {"num_attention_heads": 12, "intermediate_size": 1536, "hidden_size": 384, "num_hidden_layers": 6}
QWEN = {
    **{"hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072},
    **{"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128},
}
SHAPES: dict[str, dict[str, Any]] = {
    "MiniLM-L6": {"model_type": "bert", **MINILM, "vocab_size": 30522},
    "MPNet-base": {"model_type": "mpnet", **BASE, "vocab_size": 30527, "max_position_embeddings": 514},
    "XLM-R-base": {"model_type": "xlm-roberta", **BASE, **ROBERTA, "vocab_size": 250002},
    "DeBERTa-v3-base": {"model_type": "deberta-v2", **BASE, **DEBERTA, "vocab_size": 128100},
    "RoBERTa-large": {"model_type": "roberta", **LARGE, **ROBERTA, "vocab_size": 50265},
    "Qwen3-0.6B": {"model_type": "qwen3", **QWEN, "vocab_size": 151936},
}
"""The shapes of published encoders, as their config.json says them."""

LORA = {"rank": 8, "alpha": 16}
RUNS: list[tuple[str, Any, Any, int, int, int]] = [
    ("MiniLM-L6", 0, "none", 4, 16, 2),
    ("XLM-R-base", 0, "none", 4, 16, 2),
    ("MPNet-base", 0, "none", 4, 16, 2),
    ("MiniLM-L6", 0, "none", 16, 128, 2),
    ("XLM-R-base", 0, LORA, 4, 16, 2),
    ("RoBERTa-large", 0, "none", 4, 16, 2),
    ("MiniLM-L6", 0, LORA, 16, 128, 2),
    ("MiniLM-L6", 0, "none", 8, 256, 2),
    ("MPNet-base", "half", "none", 4, 64, 2),
    ("MPNet-base", "all", "none", 4, 16, 2),
    ("DeBERTa-v3-base", 0, "none", 4, 16, 2),
    ("MiniLM-L6", 0, LORA, 4, 128, 128),
    ("Qwen3-0.6B", 0, LORA, 4, 16, 2),
]
"""Which runs are measured: encoder, freeze, LoRA, batch size, tokens of a text, rows of dev."""


def in_process(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function in a process of its own, whose memory ends with it."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{function.__name__} failed")


def write_encoder(folder: Path, shape: dict[str, Any]) -> None:
    """An encoder whose weights repeat the same random numbers, and a tokenizer of a few words."""
    quieten()
    with torch.device("meta"):
        model = transformers.AutoModel.from_config(transformers.AutoConfig.for_model(**shape))
    model.to_empty(device="cpu")
    noise = 0.05 * torch.randn(100_003)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.view(-1).copy_(noise.repeat(parameter.numel() // len(noise) + 1)[: parameter.numel()])
    model.save_pretrained(folder)
    write_tokenizer(folder)


def prepare(spec: dict, folder: Path, encoder: Path, rows: dict[str, int]) -> None:
    """Write splits of texts that are longer than any `max_length` here, their tokens and, where layers are frozen, their features."""
    random = np.random.default_rng(1)
    texts = []
    for split, count in rows.items():
        table = pd.DataFrame({"id": [f"{split}-{row}" for row in range(count)]}, dtype=str)
        table["text"] = [" ".join(f"w{word}" for word in random.integers(0, 90, 300)) for _ in range(count)]
        table[LABELS] = random.integers(0, 2, (count, len(LABELS))).astype(float)
        write_split(table, folder / "data" / f"{split}.csv")
        texts += list(table["text"])
    tokens = folder / "tokens"
    made = tokenize(dict.fromkeys(texts, ""), spec["training"]["max_length"], encoder, tokens)
    write_json(tokens / "tokens.json", made)
    if features := features_spec(spec, {"texts": {}, "clean": []}):
        made = compute(features, tokens, encoder, folder / "features", 1, 10)
        write_json(folder / "features" / "features.json", made)


def spec_of(run: tuple[str, Any, Any, int, int, int], encoder: Path) -> dict[str, Any]:
    """The spec of a run, as a plan makes it."""
    name, freeze, lora, batch_size, tokens, _ = run
    block = {"encoder": name, "head": {"type": "mlp", "pooling": "mean"}, "freeze": freeze, "lora": lora}
    training = {"precision": "fp32", "epochs": 2, "batch_size": batch_size, "max_length": tokens}
    config = {"experiment": "memory", "data": {"train": "train.csv", "labels": LABELS}, "grid": [block]}
    (point,), sources = expand(
        check_config({**config, "encoders": {name: {"model": str(encoder)}}, "training": training})
    )
    return run_spec(point, sources[name], {"files": {"train": ""}, "labels": LABELS, "drop": []})


def measure(run: tuple[str, Any, Any, int, int, int], work: Path, site: dict[str, Any]) -> tuple[int, int]:
    """What the job of a run asks for, and the peak of its process, in MB."""
    name, folder = run[0], work / "run"
    encoder = work / name
    if not encoder.exists():
        in_process(write_encoder, encoder, SHAPES[name])
    spec = spec_of(run, encoder)
    rows = {"train": run[3], "validation": 2, "dev": run[5], "test": 0}
    (folder / "data").mkdir(parents=True)
    in_process(prepare, spec, folder, encoder, rows)
    features = folder / "features" if (folder / "features").is_dir() else None
    in_process(train, Job(spec, folder / "data", folder / "tokens", encoder, folder / "out", features=features))
    peak = int(read_json(folder / "out" / "provenance.json")["peak_mb"])
    shutil.rmtree(folder)
    sized = {**spec, "encoder": with_size(spec["encoder"], work / "none", str(encoder))}
    return training_need([sized], 0, site, 1, 10**6).mem_mb, peak


def main() -> None:
    """Measure and print."""
    program_parser(__doc__).parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch.set_num_threads(1)
    site = {"gpus": 0, "mem_mb": 10**6, "mem_mb_retry": 10**6, "runtime": 10**6, "runtime_least": 1}
    with tempfile.TemporaryDirectory(prefix="memory-") as work:
        print("| encoder | `freeze` | LoRA | batch size | tokens | asked, MB | peak, MB | asked / peak |", flush=True)
        print("|---|---|---|---:|---:|---:|---:|---:|")
        for run in RUNS:
            name, freeze, lora, batch_size, tokens, _ = run
            log(f"{name}, freeze {freeze}, LoRA {lora}, {batch_size} x {tokens}")
            asked, peak = measure(run, Path(work), site)
            adapters = "none" if lora == "none" else f"rank {lora['rank']}"
            cells = [name, freeze, adapters, batch_size, tokens, f"{asked:,}", f"{peak:,}", f"{asked / peak:.2f}"]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    sys.exit(run_program(main))
