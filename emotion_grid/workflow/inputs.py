"""Input functions of the rules: what each job waits for.

A finished result waits for nothing, so that the cache may be deleted without training again.
"""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.data.splits import BASELINE_FILES, MODEL_FILES, RESULT_FILES, missing_files
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.plan.specs import cache_key, source_spec
from emotion_grid.workflow.study import Study

Wildcards = Any
"""Snakemake's wildcards of a job."""


class RuleInputs:
    """What each job waits for, and the folders that its command line names.

    Args:
        study: the study of this start.
    """

    def __init__(self, study: Study):
        self.study = study

    def nothing(self, wildcards: Wildcards) -> list:
        """The inputs of a step that reads nothing but its spec, which is written before it starts."""
        self.study.begin()
        return []

    def runs(self, wildcards: Wildcards) -> list[Path]:
        """Folders of the runs that a job trains: the run's own, or those of its pack's members."""
        home = self.study.results / wildcards.experiment / "runs"
        if not hasattr(wildcards, "pack"):
            return [home / wildcards.run]
        self.study.begin()
        members = self.study.packs.get(wildcards.pack) or read_json(self.study.pack_file(wildcards.pack))["runs"]
        return [home / name for name in members]

    def folder(self, wildcards: Wildcards) -> Path:
        """A row's folder of results."""
        home = self.study.results / wildcards.experiment
        return home / "runs" / wildcards.run if hasattr(wildcards, "run") else home / wildcards.kind / wildcards.row

    def data(self, wildcards: Wildcards) -> Path:
        """Folder of the prepared splits that a row reads."""
        return self.study.results / wildcards.experiment / self.study.inputs(self.folder(wildcards))["data"]

    def encoder(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder that a run reads."""
        return self.study.cache / self.study.inputs(self.folder(wildcards))["encoder"]

    def tokens(self, wildcards: Wildcards) -> Path:
        """Folder of the tokens that a run reads."""
        return self.study.cache / self.study.inputs(self.folder(wildcards))["tokens"]

    def features(self, wildcards: Wildcards) -> Path | None:
        """Folder of the features that a run reads; None where no layer is frozen."""
        folder = self.study.inputs(self.folder(wildcards))["features"]
        return self.study.cache / folder if folder else None

    def run(self, wildcards: Wildcards, files: tuple[str, ...] = RESULT_FILES) -> list[Path]:
        """What a run waits for, if some of its files are not there."""
        if not missing_files(self.folder(wildcards), files):
            return []
        features = self.features(wildcards)
        return [
            self.data(wildcards) / "checks.json",
            self.tokens(wildcards) / "tokens.json",
            *([features / "features.json"] if features else []),
            self.encoder(wildcards) / "fetched.json",
        ]

    def model(self, wildcards: Wildcards) -> list[Path]:
        """What a run waits for whose model is to be restored."""
        return self.run(wildcards, MODEL_FILES)

    def pack(self, wildcards: Wildcards) -> list[Path]:
        """What the members of a pack wait for."""
        members = [SimpleNamespace(experiment=wildcards.experiment, run=run.name) for run in self.runs(wildcards)]
        return sorted({path for member in members for path in self.run(member)})

    def row(self, wildcards: Wildcards) -> list[Path]:
        """What a row that is no run waits for."""
        return [self.data(wildcards) / "checks.json"] if missing_files(self.folder(wildcards), BASELINE_FILES) else []

    def tokenize(self, wildcards: Wildcards) -> list[Path]:
        """What tokens wait for."""
        if (self.study.cache / "tokens" / wildcards.key / "tokens.json").is_file():
            return []
        return [self.encoder_of_tokens(wildcards) / "fetched.json"]

    def encoder_of_tokens(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder whose tokenizer makes tokens."""
        return self._encoder(self.study.cached_spec(f"tokens/{wildcards.key}"))

    def encode(self, wildcards: Wildcards) -> list[Path]:
        """What features wait for."""
        if (self.study.cache / "features" / wildcards.key / "features.json").is_file():
            return []
        return [
            self.tokens_of_features(wildcards) / "tokens.json",
            self.encoder_of_features(wildcards) / "fetched.json",
        ]

    def tokens_of_features(self, wildcards: Wildcards) -> Path:
        """Folder of the tokens that features are computed from."""
        return self.study.cache / "tokens" / cache_key(self.study.cached_spec(f"features/{wildcards.key}")["tokens"])

    def encoder_of_features(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder that features are computed with."""
        return self._encoder(self.study.cached_spec(f"features/{wildcards.key}")["tokens"])

    def _encoder(self, tokens: dict) -> Path:
        return self.study.cache / "encoders" / encoder_key(source_spec(tokens["encoder"]))

    def tables(self, wildcards: Wildcards) -> dict[str, Any]:
        """The plan, the last file of every row in it, the gold labels, and other predictions to compare."""
        study = self.study
        if study.plan is None:
            return {"plan": study.request("plan.json")}
        rows = (*study.plan.runs.values(), *study.plan.rows.values())
        return {
            "plan": study.request("plan.json"),
            "rows": list(dict.fromkeys(study.results_of(row) for row in rows)),
            "data": [study.home / "data" / key / "checks.json" for key in study.plan.data],
            "others": study.plan.others,
        }

    def unfinished(self, wildcards: Wildcards) -> list[Path]:
        """A missing file of every row that lacks one."""
        return self.study.unfinished()

    def explanation_request(self, wildcards: Wildcards) -> Path:
        """What decides the explanation of a run, beside the run itself."""
        return self.study.request("explanations.json")

    def explanation(self, models: Path) -> Path:
        """The page that explains the run that the config names, or the best one.

        Args:
            models: models.csv, which says which run is the best.
        """
        run = self.study.config.get("explanations", {}).get("run", "best")
        with open(models, newline="") as table:
            rows = list(csv.DictReader(table))
        wanted = next(row["run"] for row in rows if row["run"] == run or (run == "best" and row["best"] == "True"))
        return self.study.home / "explanations" / wanted / "explanation.html"

    @property
    def explains(self) -> bool:
        """Whether the full study explains a run: it does if texts are asked for and models are kept; a job asks for nothing."""
        return bool(self.study.plan and self.study.plan.settings["explained"])
