"""Whether speed costs score: macro-F1 of the same runs in a slow way and with each speed-up added, three seeds each.

The slow way computes in fp32, draws batches at random and asks the encoder in every epoch. Judged on a fifth of the training rows that is
held out (macro-F1 at 0.5). Prints a Markdown table: mean and range over the seeds.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.grid import CORES, LINEAR, SEEDS, Bench, kind
from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import log
from emotion_grid.base.yaml_files import load_yaml
from emotion_grid.data.scores import macro_f1
from emotion_grid.data.tables import read_predictions, read_split

WAYS = {
    "fp32, random batches, encoder asked in every epoch": {"precision": "fp32", "features": False, "megabatch": 1},
    "+ batches grouped by length": {"precision": "fp32", "features": False, "megabatch": 50},
    "+ bf16": {"precision": "bf16", "features": False, "megabatch": 50},
    "+ features (the workflow's way)": {"precision": "bf16", "features": True, "megabatch": 50},
}
KINDS = ("full", "half frozen", "all frozen")
HEAD = {"type": "mlp", "size": "1x", "layers": 2, "pooling": "mean"}
GRID = [
    {"encoder": "minilm", "head": LINEAR, "freeze": [0, "half"], "seed": SEEDS, "fold": 1},
    {"encoder": "minilm", "head": HEAD, "freeze": "all", "seed": SEEDS, "fold": 1},
]


def score(run: Path, way: dict, bench: Bench, output: Path) -> float:
    """Macro-F1 on the held-out rows of a planned run that is trained in a way.

    Args:
        run: the run's folder, with its spec and where it finds its inputs.
        output: folder of the results.
    """
    home, cache = bench.folder / "results" / "scores", bench.folder / "cache"
    spec, inputs = read_json(run / "spec.json"), read_json(run / "inputs.json")
    data, encoder = home / inputs["data"], cache / inputs["encoder"] / "files"
    write_json(output / "spec.json", spec)
    options = {"spec": output / "spec.json", "data": data, "tokens": cache / inputs["tokens"], "encoder": encoder}
    if way["features"] and inputs["features"]:
        options["features"] = cache / inputs["features"]
    line = [f"--{name}={value}" for name, value in {**options, "output": output, "keep": "results"}.items()]
    command = [sys.executable, "-m", "benchmarks.megabatch", str(way["megabatch"]), *line]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    given = read_predictions(output / "predictions" / "dev.csv", spec["data"]["labels"])
    gold = read_split(data / "dev.csv")
    return macro_f1(gold[spec["data"]["labels"]].to_numpy(), given[spec["data"]["labels"]].to_numpy() > 0.5)


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--configfile", type=Path, default=PROJECT / "config/config.yaml", help="whose data to take")
    parser.add_argument("--data-root", type=Path, default=PROJECT, help="folder that the config's data files are in")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, help="which kinds of run (default: all)")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="scores-"))
    data = {**load_yaml(arguments.configfile)["data"], "folds": 5}
    data.pop("dev", None)
    bench = Bench(work, data, arguments.data_root.resolve())
    for precision in ("fp32", "bf16"):
        log(f"splits, tokens and features in {precision}")
        bench.snakemake("scores", GRID, "--until", "prepare", "encode", "tokenize_texts", precision=precision, epochs=3)
    runs = sorted(path.parent for path in (work / "results" / "scores" / "runs").glob("*/spec.json"))
    jobs = []
    for way_name, way in WAYS.items():
        for run in runs:
            spec = read_json(run / "spec.json")
            name = kind(spec)
            useless = way["features"] and spec["freeze"] == 0
            if name in arguments.kinds and spec["training"]["precision"] == way["precision"] and not useless:
                jobs.append((name, way_name, run, way, work / "runs" / str(len(jobs))))
    log(f"{len(jobs)} runs, {CORES} at once")
    found = defaultdict(list)
    with ThreadPoolExecutor(CORES) as pool:
        for (name, way_name, *_), value in zip(
            jobs, pool.map(lambda job: score(*job[2:4], bench, job[4]), jobs), strict=True
        ):
            found[name, way_name].append(value)
            log(f"{name}, {way_name}: {value:.4f}")
    print("| kind | way | macro-F1, mean | range over seeds |\n|---|---|---|---|")
    for (name, way_name), values in sorted(found.items(), key=lambda item: item[0][0]):
        print(f"| {name} | {way_name} | {statistics.mean(values):.3f} | {min(values):.3f} to {max(values):.3f} |")
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(run_program(main))
