"""Runs without Snakemake: planned as a study's are, and made by the same programs with the same arguments."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.texts import LABELS, write_texts
from benchmarks.gpu.with_memory import PEAK
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import CHECKS, FEATURES_RECORD, FILES, PROJECT, RUNS, SPEC
from emotion_grid.base.messages import log
from emotion_grid.base.numbers import clock
from emotion_grid.config.checking import check_config
from emotion_grid.data.splits import HISTORY, INPUTS, PROVENANCE, predictions_file
from emotion_grid.plan.plan import Plan, Row, build_plan
from emotion_grid.plan.writing import write_specs
from emotion_grid.training.pack import command

SPLITS = ("train", "dev", "test")


class Failed(Exception):
    """What must hold does not, or a program ended with an error; the message says what was found."""


class OutOfTime(Exception):
    """The time limit came first."""


@dataclass(frozen=True)
class Scale:
    """How large the checks are.

    Attributes:
        rows: of train; dev and test have an eighth of them.
        words: that texts are made of; each is a token of every encoder.
        batch, large_batch: texts in a step, and in one that memory is made too small for.
        epochs, head_epochs, long: of runs, of heads on features, and of runs that are interrupted after their first.
    """

    rows: int
    words: int
    batch: int
    large_batch: int
    epochs: int
    head_epochs: int
    long: int


REAL = Scale(rows=2768, words=20_000, batch=32, large_batch=256, epochs=3, head_epochs=30, long=4)
"""As many rows as a language of the task has."""

TINY = Scale(rows=120, words=390, batch=8, large_batch=32, epochs=2, head_epochs=3, long=12)


@dataclass(frozen=True)
class Run:
    """A planned run."""

    row: Row
    home: Path
    cache: Path


@dataclass(frozen=True)
class Trained:
    """What a start of a run left: its folder, and the lines of its log."""

    folder: Path
    lines: list[str]

    @property
    def provenance(self) -> dict[str, Any]:
        """What provenance.json holds."""
        found: dict[str, Any] = read_json(self.folder / PROVENANCE)
        return found

    @property
    def history(self) -> list[dict[str, str]]:
        """A row for each epoch."""
        with (self.folder / HISTORY).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def probabilities(self, split: str = "test") -> np.ndarray:
        """Predictions of a split, (rows, labels)."""
        return read_probabilities(predictions_file(self.folder, split), LABELS)


def read_probabilities(path: Path, columns: list[str]) -> np.ndarray:
    """Some columns of a table of predictions, (rows, columns)."""
    with path.open(encoding="utf-8", newline="") as file:
        return np.array([[float(row[name]) for name in columns] for row in csv.DictReader(file)])


class Lab:
    """A folder in which encoders are made, runs are planned and programs are started.

    Args:
        work: the folder.
        tiny: whether encoders and texts are so small that two CPU cores are enough.
        deadline: of `time.monotonic`; a program that still runs then is ended.
        logs: the file that all output of programs is added to.

    Attributes:
        scale: how large the checks are.
        at_once: how many programs this machine runs at once without much waiting.
    """

    def __init__(self, work: Path, tiny: bool, deadline: float, logs: Path):
        self.work, self.tiny, self.deadline, self.logs = work, tiny, deadline, logs
        self.scale = TINY if tiny else REAL
        self.home, self.cache = work / "results" / "gpu-check", work / "cache"
        self.at_once = max(1, min(4, (os.cpu_count() or 1) // 4))
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._trained: dict[Path, Trained] = {}
        self._pool = ThreadPoolExecutor(self.at_once)
        self._encoders: dict[str, Future[None]] = {}
        rows = {"train": self.scale.rows, "dev": self.scale.rows // 8, "test": self.scale.rows // 8}
        for split in SPLITS:
            write_texts(work / f"{split}.csv", split, rows[split], self.scale.words)

    def make(self, encoders: list[str]) -> None:
        """Begin to make encoders, several at a time; a run waits for its own."""
        self._encoders = {name: self._pool.submit(self._make, name) for name in encoders}

    def wait(self) -> None:
        """Wait until every encoder is made, or could not be."""
        wait(self._encoders.values())

    def end(self) -> None:
        """Begin with no further encoder."""
        self._pool.shutdown(cancel_futures=True)

    def _make(self, name: str) -> None:
        """Make an encoder, plan with it, fetch it and tokenize the texts for it."""
        start = time.monotonic()
        made, tiny = self.work / "encoders" / name, ["--tiny"] if self.tiny else []
        self.program("benchmarks.gpu.encoders", f"--encoder={name}", *tiny, f"--output={made}")
        plan, row = self._plan(name, {}, {})
        assert row.inputs.encoder and row.inputs.tokens
        fetched, tokens = self.cache / row.inputs.encoder, self.cache / row.inputs.tokens
        self.program("scripts.fetch_encoder", f"--spec={fetched / SPEC}", f"--output={fetched}")
        reading = json.dumps(
            {key: plan.data[row.data][key] for key in ("labels", "reading") if key in plan.data[row.data]}
        )
        self.program(
            "scripts.tokenize_texts",
            f"--spec={tokens / SPEC}",
            *self._files,
            f"--data={reading}",
            f"--encoder={fetched / FILES}",
            f"--output={tokens}",
        )
        log(f"made: the encoder {name}, after {clock(time.monotonic() - start)}")

    @property
    def _files(self) -> list[str]:
        return [f"--{split}={self.work / split}.csv" for split in SPLITS]

    def _plan(self, encoder: str, block: dict[str, Any], training: dict[str, Any]) -> tuple[Plan, Row]:
        """The plan of a study of one run, its specs written."""
        config = {
            "experiment": self.home.name,
            "data": {**{split: f"{split}.csv" for split in SPLITS}, "labels": LABELS, "validation": 0.1},
            "data_root": str(self.work),
            "encoders": {encoder: {"model": str(self.work / "encoders" / encoder)}},
            "grid": [{"encoder": encoder, "head": {"type": "mlp", "pooling": "mean", "dropout": 0}, **block}],
            "training": {
                "epochs": self.scale.epochs,
                "batch_size": self.scale.batch,
                "head_learning_rate": 1e-3,
                **training,
            },
            "baselines": [],
            "explanations": {"texts": 0},
            "results_root": str(self.home.parent),
            "cache_root": str(self.cache),
        }
        plan = build_plan(check_config(config))
        (row,) = plan.runs.values()
        with self._lock:
            write_specs(plan, self.home, self.cache)
        return plan, row

    def run(self, encoder: str, block: dict[str, Any] | None = None, **training: Any) -> Run:
        """A planned run whose data, tokens and encoder are there.

        Args:
            block: values of the axes, as a block of a grid declares them.
            training: training values.

        Raises:
            Failed: one of them could not be made.
        """
        self._encoders[encoder].result()
        _, row = self._plan(encoder, block or {}, training)
        folder = self.home / row.inputs.data
        with self._making[row.inputs.data]:
            if not (folder / CHECKS).is_file():
                self.program("scripts.prepare", f"--spec={folder / SPEC}", *self._files, f"--output={folder}")
        return Run(row, self.home, self.cache)

    def train(self, run: Run, variant: str = "", **how: Any) -> Trained:
        """Train a run, once for each variant of it, and return what it left.

        Args:
            variant: the end of the folder's name.
            how: as `start` takes it.
        """
        folder = self.folder(run, variant)
        with self._making[str(folder)]:
            if folder not in self._trained:
                self._trained[folder] = Trained(folder, self.start(run, variant, **how))
            return self._trained[folder]

    def folder(self, run: Run, variant: str = "") -> Path:
        """The folder of a run, or of a variant of it."""
        return self.home / RUNS / f"{run.row.name}{variant and '-'}{variant}"

    def start(
        self,
        run: Run,
        variant: str = "",
        features: bool = True,
        memory_mb: int | None = None,
        keep: str = "results",
        until: str | None = None,
    ) -> list[str]:
        """Start scripts.train, as a job of the workflow does, and return the lines of its log.

        Args:
            features: whether it reads the hidden states of frozen layers from the cache.
            memory_mb: so much memory of the GPU; None for all.
            keep: what it writes.
            until: it gets SIGTERM as it writes the first line that holds this, and has to end by it.
        """
        folder = self.folder(run, variant)
        spec, inputs = (read_json(self.folder(run) / name) for name in (SPEC, INPUTS))
        if inputs["features"] and features:
            self.encode(run)
        write_json(folder / SPEC, spec)
        write_json(folder / INPUTS, inputs if features else {**inputs, "features": None})
        module, *arguments = command(folder, self.home, self.cache, spec["training"]["threads"], keep)[2:]
        if memory_mb is not None:
            module, arguments = "benchmarks.gpu.with_memory", [str(memory_mb), module, *arguments]
        if until is None:
            return self.program(module, *arguments)
        return self.program("benchmarks.gpu.told_to_stop", until, module, *arguments, expected=128 + signal.SIGTERM)

    def encode(self, run: Run, variant: str = "", memory_mb: int = 0) -> tuple[dict[str, Any], int | None]:
        """Compute a run's features, unless they are there; return features.json, and the peak of the GPU's memory in MB.

        Args:
            variant: the end of the folder's name.
            memory_mb: so much memory of the GPU; 0 for all.
        """
        inputs = run.row.inputs
        assert inputs.features and inputs.tokens and inputs.encoder
        folder = self.features(run, variant)
        lines: list[str] = []
        if not (folder / FEATURES_RECORD).is_file():
            lines = self.program(
                "benchmarks.gpu.with_memory",
                str(memory_mb),
                "scripts.encode",
                f"--spec={self.cache / inputs.features / SPEC}",
                f"--tokens={self.cache / inputs.tokens}",
                f"--encoder={self.cache / inputs.encoder / FILES}",
                f"--output={folder}",
            )
        peaks = [int(line.removeprefix(PEAK)) for line in lines if line.startswith(PEAK)]
        record: dict[str, Any] = read_json(folder / FEATURES_RECORD)
        return record, peaks[0] if peaks else None

    def features(self, run: Run, variant: str = "") -> Path:
        """The folder of a run's features."""
        assert run.row.inputs.features
        return self.cache / f"{run.row.inputs.features}{variant and '-'}{variant}"

    def program(self, module: str, *arguments: str, expected: int = 0) -> list[str]:
        """Run a program to its end and return the lines of its output.

        Args:
            expected: the exit status that is right.

        Raises:
            Failed: it ended with another one.
            OutOfTime: it did not end within the time limit.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        timer = threading.Timer(left, process.kill)
        timer.start()
        assert process.stdout is not None
        lines = [line.rstrip("\n") for line in process.stdout]
        status = process.wait()
        timer.cancel()
        self._note([module, *arguments], lines)
        if status and time.monotonic() >= self.deadline:
            raise OutOfTime
        if status != expected:
            raise Failed(
                f"{module} ended with exit status {status}: {next((line for line in reversed(lines) if line), '')}"
            )
        return lines

    def _note(self, command: list[str], lines: list[str]) -> None:
        """Add a program's output to the file of all."""
        with self._lock, self.logs.open("a", encoding="utf-8") as file:
            file.write("\n".join([f"$ python -m {' '.join(command)}", *lines, "", ""]))
