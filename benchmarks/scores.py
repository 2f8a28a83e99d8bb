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
from emotion_grid.plan.specs import data_key, features_folder, tokens_folder

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
PROGRAM = "import sys; from emotion_grid.training import order; order.MEGABATCH = int(sys.argv.pop(1)); from scripts import train; train.main()"


def score(spec: dict, way: dict, bench: Bench, output: Path) -> float:
    """Macro-F1 on the held-out rows of a run trained in a way."""
    home, cache = bench.folder / "results" / "scores", bench.folder / "cache"
    data = home / "data" / data_key(spec["data"])
    (encoder,) = (cache / "encoders").glob("*/files")
    write_json(output / "spec.json", spec)
    options = {"spec": output / "spec.json", "data": data, "tokens": cache / tokens_folder(spec), "encoder": encoder}
    if way["features"] and features_folder(spec):
        options["features"] = cache / features_folder(spec)
    line = [f"--{name}={value}" for name, value in {**options, "output": output, "keep": "results"}.items()]
    command = [sys.executable, "-c", PROGRAM, str(way["megabatch"]), *line]
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
    specs = []
    for precision in ("fp32", "bf16"):
        log(f"splits, tokens and features in {precision}")
        bench.snakemake("scores", GRID, "--until", "prepare", "encode", "tokenize_texts", precision=precision, epochs=3)
    for path in sorted((work / "results" / "scores" / "runs").glob("*/spec.json")):
        specs.append(read_json(path))
    jobs = []
    for way_name, way in WAYS.items():
        for spec in specs:
            name = kind(spec)
            useless = way["features"] and not features_folder(spec)
            if name in arguments.kinds and spec["training"]["precision"] == way["precision"] and not useless:
                jobs.append((name, way_name, spec, way, work / "runs" / str(len(jobs))))
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
