"""Memory that training jobs ask for, beside what they used at most.

Writes encoders of the shapes of published ones, with random weights, and examines them as fetching does. Trains each for two epochs of one
step in a process of its own, on texts that are all cut at `max_length`, and prints for every run the peak of its process (as `peak_mb` in
provenance.json has it) beside what its job would ask for on a cluster without GPUs. It takes some minutes, 8 GB of memory and 4 GB of disk.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import transformers

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import FACTS, FILES
from emotion_grid.base.messages import log
from emotion_grid.config.checking import check_config
from emotion_grid.data.tables import write_split
from emotion_grid.encoders.examining import find_facts
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


class Run(NamedTuple):
    """A run that is measured: so many texts of so many tokens in its one batch, and rows of dev."""

    encoder: str
    freeze: int | str = 0
    lora: Any = "none"
    batch: int = 4
    tokens: int = 16
    rows: int = 2


RUNS = [
    Run("MiniLM-L6"),
    Run("MiniLM-L6", batch=16, tokens=128),
    Run("MiniLM-L6", batch=8, tokens=256),
    Run("MiniLM-L6", lora=LORA, batch=16, tokens=128),
    Run("MiniLM-L6", lora=LORA, tokens=128, rows=128),
    Run("MPNet-base"),
    Run("MPNet-base", freeze="half", tokens=64),
    Run("MPNet-base", freeze="all"),
    Run("XLM-R-base"),
    Run("XLM-R-base", lora=LORA),
    Run("DeBERTa-v3-base"),
    Run("RoBERTa-large", lora=LORA),
    Run("Qwen3-0.6B", lora=LORA),
]


def in_process(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function in a process of its own, whose memory ends with it."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{function.__name__} failed")


def write_encoder(folder: Path, shape: dict[str, Any]) -> None:
    """A fetched encoder, whose weights repeat the same random numbers, with a tokenizer of a few words."""
    quieten()
    with torch.device("meta"):
        model = transformers.AutoModel.from_config(transformers.AutoConfig.for_model(**shape))
    model.to_empty(device="cpu")
    noise = 0.05 * torch.randn(100_003)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.view(-1).copy_(noise.repeat(parameter.numel() // len(noise) + 1)[: parameter.numel()])
    model.save_pretrained(folder / FILES)
    write_tokenizer(folder / FILES)
    planned = {"source": folder.name, "layers": shape["num_hidden_layers"], "hidden_size": shape["hidden_size"]}
    write_json(folder / FACTS, find_facts(folder, planned))


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


def spec_of(run: Run, encoder: Path) -> dict[str, Any]:
    """The spec of a run, as a plan makes it."""
    name, head = run.encoder, {"type": "mlp", "pooling": "mean"}
    block = {"encoder": name, "head": head, "freeze": run.freeze, "lora": run.lora}
    training = {"precision": "fp32", "epochs": 2, "batch_size": run.batch, "max_length": run.tokens}
    config = {"experiment": "memory", "data": {"train": "train.csv", "labels": LABELS}, "grid": [block]}
    (point,), sources = expand(
        check_config({**config, "encoders": {name: {"model": str(encoder)}}, "training": training})
    )
    return run_spec(point, sources[name], {"files": {"train": ""}, "labels": LABELS, "drop": []})


def measure(run: Run, work: Path, site: dict[str, Any]) -> tuple[int, int]:
    """What the job of a run asks for, and the peak of its process, in MB."""
    folder, fetched = work / "run", work / run.encoder
    if not fetched.exists():
        in_process(write_encoder, fetched, SHAPES[run.encoder])
    encoder = fetched / FILES
    spec = spec_of(run, encoder)
    rows = {"train": run.batch, "validation": 2, "dev": run.rows, "test": 0}
    (folder / "data").mkdir(parents=True)
    in_process(prepare, spec, folder, encoder, rows)
    features = folder / "features" if (folder / "features").is_dir() else None
    in_process(train, Job(spec, folder / "data", folder / "tokens", encoder, folder / "out", features=features))
    peak = int(read_json(folder / "out" / "provenance.json")["peak_mb"])
    shutil.rmtree(folder)
    sized = {**spec, "encoder": with_size(spec["encoder"], fetched, run.encoder)}
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
            start = time.monotonic()
            asked, peak = measure(run, Path(work), site)
            adapters = "none" if run.lora == "none" else f"rank {run.lora['rank']}"
            cells = [
                run.encoder,
                run.freeze,
                adapters,
                run.batch,
                run.tokens,
                f"{asked:,}",
                f"{peak:,}",
                f"{asked / peak:.2f}",
            ]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            log(f"{run.encoder}: {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    sys.exit(run_program(main))
