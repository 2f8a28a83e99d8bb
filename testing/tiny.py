"""A copy of the project with tiny encoders and data, on which Snakemake runs for real."""

import compileall
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
WORDS = [
    "anger",
    "rage",
    "fury",
    "fear",
    "dread",
    "panic",
    "joy",
    "glee",
    "smile",
    "the",
    "a",
    "of",
    "my",
    "day",
    "was",
    "it",
    "so",
]
LABELS = ["anger", "fear", "joy"]


@dataclass
class Outcome:
    """What one start of Snakemake did."""

    status: int
    output: str

    @property
    def trained(self) -> list[str]:
        """Names of the runs it trained (in a dry run: would train)."""
        return sorted(set(re.findall(r"Job \d+: Training (\S+)$", self.output, re.MULTILINE)))

    @property
    def nothing(self) -> bool:
        """Whether nothing at all was to be done."""
        return self.status == 0 and "Nothing to be done" in self.output


def hear_ctrl_c() -> None:
    """Let a started process be ended by Ctrl-C: a shell that runs the tests in the background has turned that off for all of them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Project:
    """A checkout that a test may change."""

    snakemake = "snakemake"
    """The module that is started."""

    python = sys.executable
    """The Python that `run` starts it with, and its rules their programs; `start` always takes the real one."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.config_file = folder / "config" / "config.yaml"
        self.started: list[subprocess.Popen] = []

    def command(self, *arguments: str, python: str = sys.executable) -> list[str]:
        return [python, "-m", self.snakemake, "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str, fails: bool = False, seconds: float = 900) -> Outcome:
        """Start Snakemake and wait for it, `seconds` at most."""
        done = subprocess.run(
            self.command(*arguments, python=self.python),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        if (done.returncode != 0) != fails:
            raise AssertionError(f"exit status {done.returncode}\n{done.stdout}")
        return Outcome(done.returncode, done.stdout)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake and do not wait."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End what `start` started and a test that failed left behind."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    @property
    def config(self) -> dict:
        return yaml.safe_load(self.config_file.read_text())

    def configure(self, **changes: object) -> None:
        """Change top-level keys of the config."""
        self.config_file.write_text(yaml.safe_dump({**self.config, **changes}, sort_keys=False))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new, 1))

    @property
    def home(self) -> Path:
        return self.folder / "results" / "tiny"

    def summary(self) -> list[dict]:
        with (self.home / "summary.csv").open() as file:
            return [row for row in csv.DictReader(file) if row["kind"] == "run"]

    def snapshot(self) -> dict[str, bytes]:
        """Contents of all prediction tables of runs, by path."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.glob("runs/*/predictions/*.csv"))
        }


def copy_checkout(target: Path) -> None:
    """Copy what git tracks and what it would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)


def make_encoder(folder: Path, seed: int) -> None:
    """A BERT of three layers with random weights, and a tokenizer of whole words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)


def take_offsets(folder: Path) -> None:
    """Give an encoder of `make_encoder` a tokenizer in pure Python, which does not say where its tokens stand in the text."""
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("".join(f"{word} 1\n" for word in WORDS))
    (folder / "bpe.codes").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertweetTokenizer"}))


def write_data(folder: Path) -> None:
    """Texts of ten words in which a label's own words stand, or no label's."""
    import random

    random.seed(5)
    words = {"anger": WORDS[:3], "fear": WORDS[3:6], "joy": WORDS[6:9]}
    folder.mkdir(parents=True)
    for split, rows in (("train", 60), ("dev", 20), ("test", 20)):
        with (folder / f"{split}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "text", *LABELS])
            for number in range(rows):
                given = [label for position, label in enumerate(LABELS) if (number >> position) & 1]
                tokens = random.choices(WORDS[9:], k=8) + [random.choice(words[label]) for label in given]
                random.shuffle(tokens)
                writer.writerow(
                    [f"{split}-{number}", f"{' '.join(tokens)} {number}", *(int(label in given) for label in LABELS)]
                )


CONFIG = {
    "experiment": "tiny",
    "data": {
        "train": "texts/train.csv",
        "dev": "texts/dev.csv",
        "test": "texts/test.csv",
        "labels": LABELS,
        "validation": 0.2,
    },
    "encoders": {
        "one": {"model": "./encoders/one"},
        "two": {"model": "./encoders/two", "training": {"learning_rate": 0.001}},
    },
    "grid": [{"encoder": ["one", "two"], "head": {"type": "mlp", "size": [8]}, "freeze": "all", "seed": [1, 2]}],
    "training": {"epochs": 2, "batch_size": 8, "precision": "fp32"},
    "evaluation": {"bootstrap": 100},
    "explanations": {"texts": 0},
}


def make_checkout(folder: Path) -> Project:
    """A checkout with the tiny study's encoders, data and config; nothing has run yet.

    Its modules are compiled once, for all copies of it: programs that tests start write no bytecode.
    """
    copy_checkout(folder)
    compileall.compile_dir(folder, quiet=1)
    make_encoder(folder / "encoders" / "one", 1)
    make_encoder(folder / "encoders" / "two", 2)
    write_data(folder / "texts")
    project = Project(folder)
    project.config_file.write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    return project


def two_members(project: Project, folder: Path, *arguments: str) -> None:
    """Two checkouts started at once on one new cache: one fetch, one encoding, and both finish."""
    shared = folder / "shared"
    shared.mkdir()
    project.configure(cache_root=str(shared))
    made = {
        "fetch": ("emotion_grid/encoders/fetching.py", "        with whole_folder(target) as partial:\n"),
        "encode": ("scripts/encode.py", "        made = compute("),
    }
    for program, (path, line) in made.items():
        note = f"        with open('{shared / program}.txt', 'a') as note:\n            note.write('x')\n"
        project.edit(path, line, note + line)
    other = Project(Path(shutil.copytree(project.folder, folder / "other", symlinks=True)))
    processes = [member.start(*arguments) for member in (project, other)]
    outputs = [process.communicate(timeout=900)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert project.summary() and other.summary()
    assert [(shared / f"{program}.txt").read_text() for program in made] == ["x", "x"]
