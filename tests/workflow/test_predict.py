"""New texts are labelled by a run's model as the run itself predicted, by the program, the lines of the card and the target of Snakemake."""

import csv
import json
import re
import subprocess
import sys

import numpy as np

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


def test_program_card_and_target_give_the_predictions_of_the_run(project):
    best = next(row["run"] for row in rows_of(project.home / "models.csv") if row["best"] == "True")
    folder = project.home / "runs" / best
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
