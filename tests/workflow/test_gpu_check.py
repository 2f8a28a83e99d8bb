"""The check of a GPU on a machine without one: what a CPU can do is done, by the programs of a study."""

import csv
import json
import os
import subprocess

from testing.tiny import PROJECT, Project

DONE = ["bf16 against fp32", "interrupted head on features", "features in fp32", "saved model in fp32"]
ON_A_GPU = ["training short of memory", "features short of memory"]


def test_a_cpu_does_what_it_can(tmp_path):
    """Fault: the programs take other arguments by now, so that whoever has a GPU for some minutes finds a check that is broken."""
    command = [Project.python, "-m", "benchmarks.gpu_check", "--output", str(tmp_path), "--minutes", "30"]
    done = subprocess.run(
        [*command, "--only", *DONE, *ON_A_GPU, "frozen, with features", "LoRA"],
        cwd=PROJECT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "programs.log").read_text()
    with (tmp_path / "checks.csv").open() as file:
        rows = {(row["check"], row["encoder"]): row for row in csv.DictReader(file)}
    results = {name: row["result"] for (name, _), row in rows.items()}
    assert results == {
        **dict.fromkeys(DONE, "passed"),
        **dict.fromkeys(ON_A_GPU, "needs a GPU"),
        "speed: half frozen, with features": "passed",
        "speed: LoRA": "passed",
    }
    assert {encoder for name, encoder in rows if name == "speed: LoRA"} == {"bert-base", "roberta-large", "qwen-0.5b"}
    assert float(rows["interrupted head on features", "minilm"]["difference"]) == 0
    assert int(rows["speed: LoRA", "qwen-0.5b"]["texts_per_second"]) > 0
    assert json.loads((tmp_path / "machine.json").read_text())["gpu"] is None
