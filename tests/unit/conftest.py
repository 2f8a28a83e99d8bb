"""Tiny encoders of every supported family, specs as the plan makes them, and whatever else tests of several packages share."""

import fnmatch
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from testing.disks import small_disk
from testing.encoders import CONFIG, WEIGHTS, write_encoder
from testing.raw import make_raw
from testing.tiny import PROJECT
from testing.zoo import write_family

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("fixed")

SLOW = {"checkout", "encoders", "made"}
"""The fixtures that start Snakemake, build encoders to train on, or score a whole study: `make test-fast` leaves their users out."""


def pytest_collection_modifyitems(items):
    """Mark as slow every test that uses one of `SLOW`, itself or through another fixture."""
    for item in items:
        if SLOW & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


LABELS = ["anger", "fear", "joy"]
VOCABULARY = 100

_SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,  # wide, so that a fault moves the logits well beyond rounding
}
_ROBERTA = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
_RELATIVE = {
    "relative_attention": True,
    "position_biased_input": False,
    "type_vocab_size": 0,
    "max_relative_positions": -1,
}
FAMILIES = {
    "bert": {},
    "roberta": _ROBERTA,
    "mpnet": {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "distilbert": {},
    "electra": {"embedding_size": 8},
    "xlm-roberta": _ROBERTA,
    "deberta": {**_RELATIVE, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {
        **_RELATIVE,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 8,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
    },
}
"""What each family's tiny config adds to the common shape; DeBERTa as published: relative positions only."""

_SEGMENTS = ("bert", "electra", "deberta", "deberta-v2")
"""The families whose tokenizers give token_type_ids."""


def _save_tokenizer(family: str, folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    first, pad, last, unknown, mask = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
    special = [first, pad, last, unknown, mask]
    if FAMILIES[family].get("pad_token_id", 0) == 0:
        first, pad, last, unknown, mask = "[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"
        special = [pad, unknown, first, last, mask]
    words = [*special, *(f"w{number}" for number in range(VOCABULARY - len(special)))]
    ids = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, ids[first]), (last, ids[last])]
    )
    names = ["input_ids", *(["token_type_ids"] if family in _SEGMENTS else []), "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=unknown,
        pad_token=pad,
        cls_token=first,
        sep_token=last,
        mask_token=mask,
        model_input_names=names,
    ).save_pretrained(folder)


@pytest.fixture(scope="session")
def encoders(tmp_path_factory):
    """Call with a family's name, one of `FAMILIES` or of the zoo: the folder of its tiny encoder with random weights and a tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folders: dict[str, Path] = {}

    def encoder(family: str) -> Path:
        if family not in folders:
            folder = tmp_path_factory.mktemp("encoders") / family
            if family not in FAMILIES:
                folders[family] = write_family(folder, family)
                return folder
            torch.manual_seed(7)
            model = AutoModel.from_config(AutoConfig.for_model(family, **{**_SHAPE, **FAMILIES[family]}))
            model.save_pretrained(folder)
            assert (folder / "model.safetensors").is_file()
            _save_tokenizer(family, folder)
            folders[family] = folder
        return folders[family]

    return encoder


@pytest.fixture(scope="session", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="session")
def tokens_of(tmp_path_factory):
    """Call with a folder of prepared splits and an encoder's folder: the folder of the tokens of all texts in them."""
    from emotion_grid.base.files import write_json
    from emotion_grid.data.rows import read_rows
    from emotion_grid.features.tokens import tokenize

    folders: dict[tuple, Path] = {}

    def tokens(data: Path, encoder: Path, max_length: int = 256) -> Path:
        key = (data, encoder, max_length)
        if key not in folders:
            folders[key] = tmp_path_factory.mktemp("tokens")
            texts = [text for path in sorted(data.glob("*.csv")) for text in read_rows(path).texts]
            made = tokenize(dict.fromkeys(texts, str(data)), max_length, encoder, folders[key])
            write_json(folders[key] / "tokens.json", made)
        return folders[key]

    return tokens


@pytest.fixture(scope="session")
def features_of(tmp_path_factory):
    """Call with a run's spec and the folders of its tokens and encoder: the folder of its features."""
    from emotion_grid.base.files import write_json
    from emotion_grid.features.states import compute
    from emotion_grid.plan.specs import features_spec

    def features(spec: dict, tokens: Path, encoder: Path, limit: float = 1) -> Path:
        folder = tmp_path_factory.mktemp("features")
        features = features_spec({"lock": "l", **spec}, {"texts": {}, "clean": []})
        write_json(folder / "features.json", compute(features, tokens, encoder, folder, 1, limit))
        return folder

    return features


@pytest.fixture(scope="session")
def make_spec():
    """Call with an encoder's folder, axis values as a config declares them, and training values: the run's spec."""
    from emotion_grid.config.checking import check_config
    from emotion_grid.grid.expand import expand
    from emotion_grid.plan.specs import run_spec

    def spec(folder: Path, head=None, freeze=0, lora="none", seed=1, **training) -> dict:
        config = check_config(
            {
                "experiment": "tiny",
                "data": {"train": "train.csv", "labels": LABELS},
                "encoders": {"tiny": {"model": str(folder)}},
                "grid": [
                    {"encoder": "tiny", "head": head or {"type": "mlp"}, "freeze": freeze, "lora": lora, "seed": seed}
                ],
                "training": {"precision": "fp32", **training},
            }
        )
        (point,), sources = expand(config)
        return run_spec(point, sources["tiny"], {"files": {"train": ""}, "labels": LABELS, "drop": []})

    return spec


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Prepared splits in words that the tiny encoders know; test has no row."""
    import numpy as np
    import pandas as pd

    from emotion_grid.data.tables import write_split

    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(11)
    for split, rows in {"train": 26, "validation": 14, "dev": 9, "test": 0}.items():
        table = pd.DataFrame({"id": [f"{split}-{row}" for row in range(rows)]}, dtype=str)
        table["text"] = [" ".join(f"w{n}" for n in random.integers(0, 90, random.integers(1, 20))) for _ in range(rows)]
        for label in LABELS:
            table[label] = (random.random(rows) < 0.5).astype(float)
        write_split(table, folder / f"{split}.csv")
    return folder


@pytest.fixture
def raw(tmp_path):
    """Call with rows and values of the data's spec: the arguments of prepare()."""
    return partial(make_raw, tmp_path)


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of two megabytes."""
    if os.geteuid():
        pytest.skip("needs root")
    with small_disk(tmp_path / "disk", "2m") as folder:
        yield folder


@pytest.fixture
def experiment(tmp_path):
    """An experiment whose scores are known by hand."""
    from testing.hand_made import Experiment

    return Experiment(tmp_path / "tiny")


@pytest.fixture
def scored(monkeypatch):
    """The rows of an experiment that are really scored, in order."""
    from emotion_grid.evaluation import scoring

    names, original = [], scoring.write_record

    def write_and_note(record, *arguments):
        names.append(record.stem)
        original(record, *arguments)

    monkeypatch.setattr(scoring, "write_record", write_and_note)
    return names


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Call with a config, weights, more files or an error: what the hub answers from then on; gives the downloads it was asked for."""
    import huggingface_hub

    calls: list[tuple[tuple, dict]] = []

    def offer(
        config: dict = CONFIG,
        weights: bytes | None = WEIGHTS,
        error: Exception | None = None,
        more: dict[str, bytes] | None = None,
    ) -> list:
        there = write_encoder(tmp_path / "hub", config, weights)
        for name, content in (more or {}).items():
            (there / name).write_bytes(content)

        def list_repo_files(*arguments, **options):
            if error:
                raise error
            return [*(path.name for path in there.iterdir()), "onnx/model.safetensors"]

        def snapshot_download(*arguments, **options):
            calls.append((arguments, options))
            for path in there.iterdir():
                if any(fnmatch.fnmatch(path.name, pattern) for pattern in options["allow_patterns"]):
                    shutil.copy(path, options["local_dir"])

        monkeypatch.setattr(huggingface_hub, "list_repo_files", list_repo_files)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
        return calls

    return offer


@pytest.fixture
def start_python():
    """Start a Python program in the project and wait for its first line; it is killed at the end."""
    started = []

    def run(code: str, *arguments: object) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
