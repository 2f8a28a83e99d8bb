"""Models while a grid trains: they go as soon as they cannot be the best, and the best one is there at the end."""

import csv
import threading

from testing.tiny import Project


class Watch(threading.Thread):
    """Counts the models in a folder of results again and again; `most` is the largest count."""

    def __init__(self, project: Project):
        super().__init__(daemon=True)
        self.project, self.most, self.ended = project, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.most = max(self.most, len(models(self.project)))


def models(project: Project) -> list[str]:
    """Names of the runs whose model is there."""
    return [path.parts[-3] for path in project.home.glob("runs/*/model/model.safetensors")]


def test_models_go_while_the_grid_trains_and_the_best_is_left(project):
    """Fault: every run's model stayed until the end, more than 100 GB for a study of 672 runs."""
    before = project.snapshot()
    project.configure(grid=[{**project.config["grid"][0], "seed": [1, 2, 3, 4, 5]}])
    told = project.run("-n").output
    assert "Disk space of this study, estimated" in told and "at the end" in told
    assert "Smallest difference in macro-F1 that this study can tell" in told and "with 5 seeds" in told
    watch = Watch(project)
    watch.start()
    assert len(project.run().trained) == 6
    watch.ended.set()
    watch.join()
    assert 1 <= watch.most <= 4, "one of each of two settings, and those of two runs that train at the same time"
    with (project.home / "models.csv").open(newline="") as file:
        best = [row["run"] for row in csv.DictReader(file) if row["best"] == "True"]
    assert models(project) == best
    scores: dict[str, dict[str, float]] = {}
    for row in project.summary():
        scores.setdefault(row["encoder"], {})[row["run"]] = float(row["validation_macro_f1"])
    setting = max(scores.values(), key=lambda runs: sum(runs.values()))
    assert [len(runs) for runs in scores.values()] == [5, 5] and setting[best[0]] == max(setting.values())
    after = project.snapshot()
    assert all(after[path] == content for path, content in before.items())
    assert project.run().nothing, "no run is trained again because its model has gone"
