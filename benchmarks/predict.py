"""Time the labelling of new texts beside plain batching with transformers: python -m benchmarks.predict --model results/demo/runs/<run>/model

Both ways read a CSV file, label it with the same model in the same precision and write a CSV file. `plain` takes the texts in the order of
the file and pads each batch to its longest text, in batches of as many texts as `emotion-grid` has in a batch on average. Each way has a
process of its own, in which the model is loaded before the time starts. The texts of the input are drawn again and again until there are
enough, and divided among pairs: each pair is labelled by one way and at once by the other, so that other work on the machine disturbs both
alike. Prints a Markdown table with the median and the range over the pairs, and the largest difference between two probabilities.
"""

import csv
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.prediction.labeller import Ensemble
from emotion_grid.prediction.new_texts import key_of, label_file
from emotion_grid.prediction.reading import NewTexts, Reading

_STATE: dict[str, Any] = {}
"""What a worker has loaded."""


def load(folder: Path, threads: int) -> None:
    """Load the model of a worker, count its passes, and let it compute once: its first pass is slower."""
    labeller = Ensemble([folder], threads)
    _STATE.update(folder=folder, labeller=labeller, passes=0)

    def count(*_: object) -> None:
        _STATE["passes"] += 1

    labeller.members[0].model.register_forward_hook(count)
    labeller.probabilities(["a text to begin with"] * 50)
    _STATE["passes"] = 0


def emotion_grid(source: Path, output: Path) -> None:
    """As scripts.predict labels."""
    texts = NewTexts(source)
    texts.check()
    label_file(texts, _STATE["labeller"], key_of(texts, [_STATE["folder"]]), output, lambda done: None)


def plain(source: Path, output: Path, batch_size: int) -> None:
    """As a script labels that takes the rows as they come."""
    import torch

    member = _STATE["labeller"].members[0]
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *(f"{label}_probability" for label in member.labels)])
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            inputs = member.tokenizer(
                [member.clean(row["text"]) for row in batch],
                padding=True,
                truncation=True,
                max_length=member.model.config.max_length,
                return_tensors="pt",
            ).to(member.device)
            with torch.inference_mode(), member.precision():
                probabilities = member.model(**inputs).logits.float().sigmoid().cpu()
            writer.writerows([row["id"], *values] for row, values in zip(batch, probabilities.tolist(), strict=True))


def timed(way: str, *arguments: Any) -> tuple[float, float, int, float]:
    """Seconds, CPU seconds, passes through the model and peak memory in MB of one way, in a worker."""
    _STATE["passes"], start, spent = 0, time.monotonic(), time.process_time()
    {"emotion-grid": emotion_grid, "plain": plain}[way](*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.monotonic() - start, time.process_time() - spent, _STATE["passes"], peak


def write_parts(source: NewTexts, texts: int, pairs: int, folder: Path) -> list[Path]:
    """Files of texts that are drawn from a file, in random order, each as often as the others."""
    drawn, found = random.Random(1), [text for _, text in Reading(source)]
    order = [text for _ in range(texts // len(found) + 1) for text in drawn.sample(found, len(found))][:texts]
    paths = []
    for number in range(pairs):
        paths.append(folder / f"{number}.csv")
        with paths[-1].open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text"])
            writer.writerows(enumerate(order[number::pairs]))
    return paths


def largest_difference(first: Path, second: Path) -> float:
    """Between the probabilities in two tables of the same texts."""

    def read(path: Path) -> list[list[float]]:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return [[float(row[name]) for name in row if name.endswith("_probability")] for row in rows]

    pairs = zip(read(first), read(second), strict=True)
    return max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--model", required=True, type=Path, help="the model of a run")
    parser.add_argument(
        "--input", type=Path, default=Path("data/sample/train.csv"), help="file of texts (default: the sample data)"
    )
    parser.add_argument("--texts", type=int, default=20_000, help="texts to label (default: 20000)")
    parser.add_argument("--pairs", type=int, default=5, help="parts into which they are divided (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    arguments = parser.parse_args()
    found: dict[str, list[tuple[float, float, int, float]]] = {"plain": [], "emotion-grid": []}
    off = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        parts = write_parts(NewTexts(arguments.input), arguments.texts, arguments.pairs, Path(scratch))
        new, how = multiprocessing.get_context("spawn"), (arguments.model, arguments.threads)
        with (
            ProcessPoolExecutor(1, new, load, how) as one,
            ProcessPoolExecutor(1, new, load, how) as other,
        ):
            for part in parts:
                mine, theirs = part.with_suffix(".mine.csv"), part.with_suffix(".theirs.csv")
                found["emotion-grid"].append(one.submit(timed, "emotion-grid", part, mine).result())
                size = round(arguments.texts / arguments.pairs / found["emotion-grid"][-1][2])
                found["plain"].append(other.submit(timed, "plain", part, theirs, size).result())
                off = max(off, largest_difference(mine, theirs))
                log(
                    f"{size} texts a batch: " + ", ".join(f"{way} {times[-1][0]:.1f} s" for way, times in found.items())
                )
    print(table(found, arguments.texts / arguments.pairs, arguments.threads))
    print(f"\nlargest difference of a probability: {off:.1g}")


def table(found: dict[str, list[tuple[float, float, int, float]]], texts: float, threads: int) -> str:
    """Both ways as a Markdown table.

    Args:
        found: seconds, CPU seconds, passes and peak memory of each pair.
        texts: of a pair.
    """
    pairs = len(found["plain"])
    lines = [
        f"| {pairs} × {texts:,.0f} texts, {threads} threads | texts a second | ratio | texts a CPU second | ratio | peak memory |"
    ]
    lines += ["|---|---:|---:|---:|---:|---:|"]
    for way, times in found.items():
        cells = []
        for place in (0, 1):
            cells.append(spread([texts / time[place] for time in times]))
            ratios = [slow[place] / time[place] for slow, time in zip(found["plain"], times, strict=True)]
            cells.append(spread(ratios, 1))
        lines.append(f"| {way} | {' | '.join(cells)} | {times[-1][3]:,.0f} MB |")
    return "\n".join(lines)


def spread(values: list[float], digits: int = 0) -> str:
    """Median and range."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    sys.exit(run_program(main))
