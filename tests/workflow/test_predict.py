"""New texts are labelled by a run's model as the run itself predicted, by the program, the lines of the card and the target of Snakemake."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

from emotion_grid.base.files import read_json
from testing.tiny import LABELS, Project


def rows_of(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(rows, suffix="") -> np.ndarray:
    return np.array([[float(row[label + suffix]) for label in LABELS] for row in rows])


def python(project: Project, *arguments: str) -> str:
    """What a Python program prints in the checkout."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=project.folder, env=project.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def best_run(project: Project) -> Path:
    best = next(row["run"] for row in rows_of(project.home / "models.csv") if row["best"] == "True")
    return project.home / "runs" / best


def test_program_card_and_target_give_the_predictions_of_the_run(project):
    folder = best_run(project)
    best = folder.name
    predicted = rows_of(folder / "predictions" / "dev.csv")
    texts = rows_of(project.folder / "texts" / "dev.csv")
    for row in texts:
        row["text"] = f"  {row['text']}\t".replace(" ", "  ")  # what cleaning removes
    (project.folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in texts))

    model = str(folder / "model")
    python(project, "-m", "scripts.predict", "--model", model, "--input", "new.jsonl", "--output", "new.csv")
    labelled = rows_of(project.folder / "new.csv")
    assert [row["id"] for row in labelled] == [row["id"] for row in predicted]
    assert np.abs(values(labelled, "_probability") - values(predicted)).max() < 1e-5
    cell = next(row["threshold"] for row in project.summary() if row["run"] == best)
    thresholds = [float(number) for number in cell.split()]
    assert (values(labelled) == (values(predicted) >= thresholds)).all()

    card = re.search(r"```python\n(.*?)```", (folder / "model" / "README.md").read_text(), re.DOTALL)[1]
    lines = re.sub(r"^texts = .*$", f"texts = {[' '.join(row['text'].split()) for row in texts]!r}", card, flags=re.M)
    code = f"{lines}\nimport json; print(json.dumps([probabilities.tolist(), predicted.int().tolist()]))"
    probabilities, given = json.loads(python(project, "-c", code))
    assert np.abs(np.array(probabilities) - values(predicted)).max() < 1e-5 and given == values(labelled).tolist()

    project.run("label", "--config", "new_texts=new.jsonl")
    output = project.home / "labelled" / best / "new.csv"
    assert output.read_bytes() == (project.folder / "new.csv").read_bytes()
    assert project.run("label", "--config", "new_texts=new.jsonl").nothing


ABOUT = ("--license", "cc-by-4.0", "--language", "en", "--dataset", "Tiny texts")
"""What the files of a study do not say."""


def answers(project: Project, folder: Path, block: int, texts: list[dict]) -> tuple[np.ndarray, list]:
    """Probabilities and labels that a block of Python of a published card gives for texts, in a process of its own."""
    code = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[block]
    code = re.sub(r"^texts = .*$", f"texts = {[row['text'] for row in texts]!r}", code, count=1, flags=re.M)
    code = code.replace('folder = "."', f"folder = {str(folder)!r}")
    shown = "print(json.dumps([probabilities.tolist(), (predicted * 1.0).tolist()]))"
    probabilities, predicted = json.loads(python(project, "-c", f"{code}\nimport json; {shown}"))
    return np.array(probabilities), predicted


def test_a_published_folder_needs_nothing_else_and_its_card_is_read_by_the_hub_s_library(project, tmp_path):
    run, folder = best_run(project), tmp_path / "elsewhere" / "my-model"
    command = ["-m", "scripts.publish", "--run", str(run), "--output", str(folder), *ABOUT]
    python(project, *command)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README.md", "config.json", "labelling.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    ]
    again = subprocess.run(
        [sys.executable, *command], cwd=project.folder, env=project.environment(), capture_output=True, text=True
    )
    assert again.returncode == 1 and "expected the name of a new folder, found one that is there" in again.stderr
    (project.folder / "cache").rename(tmp_path / "cache-that-is-gone")
    shutil.rmtree(project.folder / "encoders")
    assert str(tmp_path) not in "".join(path.read_text() for path in folder.glob("*.json")), "no path of this machine"

    texts, predicted = rows_of(project.folder / "texts" / "dev.csv"), rows_of(run / "predictions" / "dev.csv")
    python(project, "-m", "scripts.predict", "--model", str(folder), "--input", "texts/dev.csv", "--output", "new.csv")
    labelled = rows_of(project.folder / "new.csv")
    assert np.abs(values(labelled, "_probability") - values(predicted)).max() < 1e-5

    card = ModelCard.load(folder / "README.md")
    score = next(row["dev_macro_f1"] for row in project.summary() if row["run"] == run.name)
    found = {(one.dataset_split, one.metric_name): one.metric_value for one in card.data.eval_results}
    assert found["dev", "macro-F1"] == pytest.approx(float(score), abs=1e-4) and ("validation", "macro-F1") not in found
    probabilities, given = answers(project, folder, 0, texts)
    assert np.abs(probabilities - values(predicted)).max() < 1e-5 and given == values(labelled).tolist()
    for place, label in enumerate(LABELS):
        row = next(line for line in card.text.splitlines() if line.startswith(f"| {label} |"))
        gold, found = values(texts)[:, place], values(labelled)[:, place]
        assert row.split(" | ")[1:3] == [str(int(gold.sum())), str(int((gold * found).sum()))]


def test_the_card_s_lines_for_onnx_give_the_predictions_of_the_run(project, tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX IS NOT TESTED: the packages of envs/onnx.txt are not installed")
    run, folder = best_run(project), tmp_path / "my-model"
    python(project, "-m", "scripts.publish", "--run", str(run), "--output", str(folder), *ABOUT, "--onnx")
    predicted = values(rows_of(run / "predictions" / "dev.csv"))
    probabilities, given = answers(project, folder, 1, rows_of(project.folder / "texts" / "dev.csv"))
    thresholds = read_json(folder / "labelling.json")["thresholds"]
    assert np.abs(probabilities - predicted).max() < 1e-4
    assert given == (predicted >= [thresholds[label] for label in LABELS]).tolist()


def test_a_prompt_goes_with_its_model_wherever_it_goes(project, tmp_path):
    plain = values(rows_of(best_run(project) / "predictions" / "dev.csv"))
    encoder = {**project.config["encoders"]["one"], "prompt": "my joy was: {text}"}
    project.configure(encoders={"one": encoder}, grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1]}])
    project.run()
    run, folder, texts = best_run(project), tmp_path / "my-model", rows_of(project.folder / "texts" / "dev.csv")
    predicted = values(rows_of(run / "predictions" / "dev.csv"))
    assert np.abs(predicted - plain).max() > 1e-4, "or else the test says nothing"
    python(project, "-m", "scripts.publish", "--run", str(run), "--output", str(folder), *ABOUT)
    for model in (run / "model", folder):
        command = ("--model", str(model), "--input", "texts/dev.csv", "--output", "new.csv")
        python(project, "-m", "scripts.predict", *command)
        assert np.abs(values(rows_of(project.folder / "new.csv"), "_probability") - predicted).max() < 1e-5
        (project.folder / "new.csv").unlink()
        assert np.abs(answers(project, model, 0, texts)[0] - predicted).max() < 1e-5


def test_the_target_says_what_it_lacks_and_a_model_that_went_is_made_again(project):
    assert (
        "new_texts: expected a file of texts to label, found none in the config"
        in project.run("label", fails=True).output
    )
    absent = project.run("label", "--config", "new_texts=no.csv", fails=True).output
    assert "new_texts: expected a file of texts to label, found nothing at no.csv" in absent
    project.configure(keep_models="none")
    project.run()
    (project.folder / "new.csv").write_text("text\nso glad\n")
    refused = project.run("label", "--config", "new_texts=new.csv", fails=True).output
    command = re.search(
        r"these commands train it again and label: snakemake (\S+); snakemake label -R keep_models", refused
    )
    project.configure(keep_models="best")
    project.run(command[1])
    project.run("label", "-R", "keep_models", "--config", "new_texts=new.csv")
    (output,) = project.home.glob("labelled/*/new.csv")
    assert [row["id"] for row in rows_of(output)] == ["1"]
    assert set(
        read_json(project.folder / command[1].replace("model.safetensors", "labelling.json"))["thresholds"]
    ) == set(LABELS)
