"""The archive for the task, from data of its form: two languages with different emotions, and a set that unites them."""

import csv
import zipfile

import pandas as pd

from testing.task import faults_of_submission
from testing.tiny import Project

EMOTIONS = {
    "eng": ["anger", "fear", "joy", "sadness", "surprise"],
    "deu": ["anger", "disgust", "fear", "joy", "sadness", "surprise"],
}


def write_task(project: Project) -> None:
    """Files as the organisers publish them: test has empty cells in the place of labels."""
    for split in ("train", "dev", "test"):
        with (project.folder / "texts" / f"{split}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        (project.folder / "track_a" / split).mkdir(parents=True)
        for language, emotions in EMOTIONS.items():
            with (project.folder / "track_a" / split / f"{language}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "text", *emotions])
                for number, row in enumerate(rows):
                    gold = {**row, "sadness": number % 2, "surprise": number % 3 == 0, "disgust": number % 5 == 0}
                    cells = ["" if split == "test" else int(gold[emotion]) for emotion in emotions]
                    id_ = f"{language}_{split}_track_a_{number:05}"
                    writer.writerow([id_, f"{row['text']}, {language}", *cells])
    project.configure(
        data={
            "sets": {"all": None, "both": {"train_on": "all"}},
            **{split: f"track_a/{split}/{{set}}.csv" for split in ("train", "dev", "test")},
            "labels": ["surprise", "anger", "fear", "joy", "sadness", "disgust"],
            "validation": 0.2,
        },
        grid=[{**project.config["grid"][0], "encoder": "one"}],
        ensembles=["seeds"],
    )


def answers_by_hand(project: Project, language: str, name: str) -> pd.DataFrame:
    """The labels of a row's test predictions at the thresholds in its row of summary.csv."""
    home = project.home / "sets" / language
    summary = pd.read_csv(home / "summary.csv", dtype={"threshold": str})
    rows = summary[summary["kind"] == "run"].sort_values("validation_macro_f1", ascending=False)
    row = rows.iloc[0] if name == "best" else summary[summary["encoder"] == name].iloc[0]
    table = pd.read_csv(next(home.glob(f"*/{row['run']}/predictions/test.csv"))).set_index("id")
    return (table >= [float(value) for value in row["threshold"].split()]).astype(int)


def test_one_archive_answers_every_language_by_the_best_run_or_the_row_that_is_named(pristine_project: Project):
    project = pristine_project
    write_task(project)
    refused = project.run("submission", "--config", "submission=nobody", fails=True).output
    assert (
        "expected best, a run of this grid (a folder under runs/) or another row (most-frequent, seeds, tfidf)"
        in refused
    )
    behind = project.run("--configfile", "config/config.yaml", "submission", fails=True).output
    assert "found the target submission" in behind and "Type the target first: snakemake submission" in behind
    project.run("submission")
    project.run("submission", "--config", "submission=tfidf")
    project.run("submission", "--config", "submission=seeds")
    tests = {language: project.folder / "track_a" / "test" / f"{language}.csv" for language in EMOTIONS}
    for name in ("best", "tfidf", "seeds"):
        folder = project.home / "submission" / name
        assert faults_of_submission(folder / "track_a.zip", tests) == []
        for language, emotions in EMOTIONS.items():
            with zipfile.ZipFile(folder / "track_a.zip") as packed, packed.open(f"track_a/pred_{language}.csv") as file:
                given = pd.read_csv(file, index_col="id")
            wanted = answers_by_hand(project, language, name)[emotions].set_axis(given.columns, axis=1)
            pd.testing.assert_frame_equal(given, wanted)
            assert (folder / "track_a" / f"pred_{language}.csv").is_file()
    assert project.run("submission").nothing
