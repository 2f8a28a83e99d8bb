"""Memory of making and of reading the features of many texts: they stay on disk.

Asks a frozen encoder for the states of every token of --texts texts (the training texts again and again, each with a number) and trains an
attention head on them for an epoch, through Snakemake. Prints for each program the most memory that it held of its own (anonymous) and the
most of the mapped file that happened to be in memory, which the system takes back whenever it needs the room.
"""

import re
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import pandas as pd

from benchmarks.grid import Bench
from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.yaml_files import load_yaml

GRID = [{"encoder": "minilm", "head": {"type": "attention", "size": 128}, "freeze": "all"}]
PROGRAMS = ("scripts.tokenize_texts", "scripts.encode", "scripts.train")


def watch(stop: threading.Event, peaks: dict) -> None:
    """Note the most memory of each program's process, in MB, until told to stop."""
    while not stop.wait(0.2):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_text().split("\0")
                status = (folder / "status").read_text()
            except OSError:
                continue
            program = next((name for name in PROGRAMS if name in words and words[0].startswith("python")), None)
            for kind in ("RssAnon", "RssFile") if program else ():
                found = re.search(rf"{kind}:\s+(\d+)", status)
                peaks[program, kind] = max(peaks[program, kind], int(found[1]) / 1024 if found else 0)


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--configfile", type=Path, default=PROJECT / "config/config.yaml", help="whose data to take")
    parser.add_argument("--data-root", type=Path, default=PROJECT, help="folder that the config's data files are in")
    parser.add_argument("--texts", type=int, default=100_000, help="how many texts (default: %(default)s)")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="large-"))
    data = load_yaml(arguments.configfile)["data"]
    source = pd.read_csv(arguments.data_root / data["train"], dtype=str)
    table = pd.concat([source] * -(-arguments.texts // len(source)), ignore_index=True).iloc[: arguments.texts]
    numbers = pd.Series(range(len(table))).astype(str)
    table.assign(id="row-" + numbers, text=table["text"] + " " + numbers).to_csv(work / "train.csv", index=False)
    bench = Bench(work, {"train": str(work / "train.csv"), "labels": data["labels"]}, arguments.data_root)
    peaks: dict = defaultdict(float)
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(stop, peaks))
    watcher.start()
    try:
        start = time.monotonic()
        bench.snakemake("large", GRID, "--until", "train", epochs=1)
        seconds = time.monotonic() - start
    finally:
        stop.set()
        watcher.join()
    size = sum(path.stat().st_size for path in (work / "cache" / "features").rglob("values.safetensors")) / 1e6
    print(f"{len(table):,} texts, features of {size:,.0f} MB, {seconds:.0f} s in all\n")
    print("| program | of its own, at most | of mapped files, at most |\n|---|---|---|")
    for program in PROGRAMS:
        print(f"| {program} | {peaks[program, 'RssAnon']:,.0f} MB | {peaks[program, 'RssFile']:,.0f} MB |")
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(run_program(main))
