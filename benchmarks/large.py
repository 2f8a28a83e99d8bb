"""Seconds of each step of a study against its number of rows, from the files to the report.

Makes up texts with 28 labels, the rarest in 2 of 1,000 texts, trains a head on a tiny frozen encoder and both baselines, all on one core
and through Snakemake. Prints for each step its seconds with each number of rows, and how many times as long the step takes for so many
times as many rows: above 1, it grows faster than they.
"""

import csv
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import log
from testing.tiny import make_encoder

LABELS = [f"label-{number}" for number in range(1, 29)]
SHARES = np.geomspace(0.15, 0.002, len(LABELS))
WORDS, OWN, LENGTH = 30_000, 20, 14
"""Words in all, words of a label alone, and words of a text on average."""


def write_texts(path: Path, rows: int, seed: int) -> None:
    """A CSV file of texts of words as frequent as in a language (Zipf), and of the words of their labels."""
    random = np.random.default_rng(seed)
    chances = 1 / np.arange(1, WORDS + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "text", *LABELS])
        words = random.choice(WORDS, (rows, LENGTH), p=chances / chances.sum())
        gold = random.random((rows, len(LABELS))) < SHARES
        for number in range(rows):
            own = [f"own{label}x{random.integers(OWN)}" for label in np.flatnonzero(gold[number])]
            text = " ".join([*(f"w{word}" for word in words[number]), *own])
            writer.writerow([f"{path.stem}-{number}", text, *gold[number].astype(int)])


def step_seconds(config: Path) -> dict[str, float]:
    """Seconds of each rule of a study, and of the whole start, by Snakemake's own lines."""
    command = ["snakemake", "--cores", "1", "--configfile", str(config)]
    begun: dict[str, float] = {}
    seconds: dict[str, float] = {}
    start = time.monotonic()
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if job := re.match(r"Job (\d+): ", line):
                seconds.setdefault("start of Snakemake", time.monotonic() - start)
                begun[job[1]] = time.monotonic()
            elif job := re.match(r"Finished jobid: (\d+) \(Rule: (\w+)\)", line):
                spent = time.monotonic() - begun.get(job[1], time.monotonic())
                seconds[job[2]] = seconds.get(job[2], 0.0) + spent
    if process.returncode:
        sys.exit("".join(lines))
    return {**seconds, "whole": time.monotonic() - start}


def measure(work: Path, rows: int) -> dict[str, float]:
    """Seconds of each step of a study with so many training rows, and a tenth as many in dev and in test."""
    folder = work / str(rows)
    folder.mkdir()
    for seed, (split, part) in enumerate({"train": 1, "dev": 10, "test": 10}.items()):
        write_texts(folder / f"{split}.csv", rows // part, seed)
    config = {
        "experiment": f"large-{rows}",
        "data": {**{split: f"{split}.csv" for split in ("train", "dev", "test")}, "labels": LABELS},
        "data_root": str(folder),
        "encoders": {"tiny": {"model": str(work / "encoder")}},
        "grid": [{"encoder": "tiny", "head": {"type": "mlp", "pooling": "mean"}, "freeze": "all"}],
        "training": {"epochs": 2, "precision": "fp32"},
        "explanations": {"texts": 0},
        "cache_root": str(folder / "cache"),
        "results_root": str(folder / "results"),
    }
    write_text(folder / "config.yaml", yaml.safe_dump(config))
    log(f"{rows:,} rows")
    return step_seconds(folder / "config.yaml")


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument(
        "--rows", type=int, nargs=2, default=[25_000, 100_000], help="numbers of training rows (default: 25000 100000)"
    )
    few, many = parser.parse_args().rows
    work = Path(tempfile.mkdtemp(prefix="large-"))
    make_encoder(work / "encoder", 1)
    less, more = measure(work, few), measure(work, many)
    print(f"{'step':22}{few:>10,}{many:>10,}   times as long, for each time as many rows")
    for step, seconds in more.items():
        print(f"{step:22}{less[step]:10.1f}{seconds:10.1f}   {seconds / less[step] * few / many:.2f}")
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(run_program(main))
