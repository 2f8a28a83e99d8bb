"""Input functions of the rules: what each job waits for.

A finished result waits for nothing, so that the cache may be deleted without training again.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from emotion_grid.base.files import write_json
from emotion_grid.base.layout import (
    ANNOTATORS_RECORD,
    CHECKS,
    DATASETS,
    ENCODERS,
    EXPLANATION_PAGE,
    EXPLANATIONS,
    EXPLANATIONS_REQUEST,
    FEATURES,
    FEATURES_RECORD,
    FETCHED,
    PLAN,
    RECORDED,
    RUNS,
    SUBMISSION,
    SUMMARY_TABLE,
    TOKENS,
    TOKENS_RECORD,
    data_folder,
    experiment_of_set,
    run_folder,
)
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import BASELINE_FILES, MODEL_FILES, RESULT_FILES, SPLITS, missing_files
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.plan.added import added_name, file_config
from emotion_grid.plan.inputs import hub_splits
from emotion_grid.plan.kinds import KINDS, LANGUAGE_MODEL
from emotion_grid.plan.specs import cache_key, data_key, source_spec
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.part import Part
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

    def nothing(self, wildcards: Wildcards) -> list[Any]:
        """The inputs of a step that reads nothing but its spec, which is written before it starts."""
        self.study.begin()
        return []

    def home(self, wildcards: Wildcards) -> Path:
        """The experiment's folder of results."""
        return Path(self.study.results, wildcards.experiment)

    def runs(self, wildcards: Wildcards) -> list[Path]:
        """Folders of the runs that a job trains: the run's own, or those of its pack's members."""
        home = self.home(wildcards)
        if not hasattr(wildcards, "pack"):
            return [run_folder(home, wildcards.run)]
        self.study.begin()
        packs = self.study.packs.get(wildcards.experiment, {})
        members = packs.get(wildcards.pack) or self.study.part(wildcards.experiment).members(wildcards.pack)
        return [run_folder(home, name) for name in members]

    def folder(self, wildcards: Wildcards) -> Path:
        """A row's folder of results."""
        run = getattr(wildcards, "run", None)
        part = f"{RUNS}/{run}" if run else f"{wildcards.kind}/{wildcards.row}"
        return Path(f"{self.study.results}/{wildcards.experiment}/{part}")

    def data(self, wildcards: Wildcards) -> Path:
        """Folder of the prepared splits that a row reads."""
        return self.home(wildcards) / self.study.inputs(self.folder(wildcards)).data

    def encoder(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder that a run reads."""
        return self.study.cache / str(self.study.inputs(self.folder(wildcards)).encoder)

    def tokens(self, wildcards: Wildcards) -> Path:
        """Folder of the tokens that a run reads."""
        return self.study.cache / str(self.study.inputs(self.folder(wildcards)).tokens)

    def features(self, wildcards: Wildcards) -> Path | None:
        """Folder of the features that a run reads; None where no layer is frozen."""
        folder = self.study.inputs(self.folder(wildcards)).features
        return self.study.cache / folder if folder else None

    def run(self, wildcards: Wildcards, files: tuple[str, ...] = RESULT_FILES, rule: str = "train") -> list[Path]:
        """What a run waits for, if some of its files are not there or the user asks for it again.

        Args:
            files: what its job makes.
            rule: the rule that makes them.
        """
        folder = self.folder(wildcards)
        if not missing_files(folder, files) and not self.study.is_forced(rule, folder):
            return []
        return self.study.part(wildcards.experiment).state.needs(self.home(wildcards), self.study.inputs(folder))

    def model(self, wildcards: Wildcards) -> list[Path]:
        """What a run waits for whose model is to be restored."""
        return self.run(wildcards, MODEL_FILES, "restore_model")

    def pack(self, wildcards: Wildcards) -> list[Path]:
        """What the members of a pack wait for."""
        members = [SimpleNamespace(experiment=wildcards.experiment, run=run.name) for run in self.runs(wildcards)]
        return sorted({path for member in members for path in self.run(member)})

    def row(self, wildcards: Wildcards) -> list[Path]:
        """What a row that is no run waits for."""
        folder = self.folder(wildcards)
        rule = next(kind.rule for kind in KINDS if kind.folder == wildcards.kind)
        wanted = missing_files(folder, BASELINE_FILES) or self.study.is_forced(rule, folder)
        return [self.data(wildcards) / CHECKS] if wanted else []

    def members(self, wildcards: Wildcards) -> list[Path]:
        """What an ensemble waits for: the predictions of all runs; if some of its own are not there, also the gold labels of all folds."""
        self.study.begin()
        part, folder = self.study.part(wildcards.experiment), self.folder(wildcards)
        if part.plan is None:
            return []
        wanted = missing_files(folder, BASELINE_FILES) or self.study.is_forced("ensemble", folder)
        data = [data_folder(part.home, key) / CHECKS for key in part.plan.data] if wanted else []
        return [*data, *dict.fromkeys(self.study.results_of(part, run) for run in part.plan.runs.values())]

    def asked(self, wildcards: Wildcards) -> list[Path]:
        """The predictions of every row that a language model answers."""
        self.study.begin()
        plans = [(part, part.plan) for part in self.study.parts.values() if part.plan]
        rows = [(part, row) for part, plan in plans for row in plan.rows.values() if row.kind == LANGUAGE_MODEL]
        with plain_refusals():
            if plans and not rows:
                raise InputError("language_models: expected a language model to ask, found none; add one to the config")
        return [part.results_of(row) for part, row in rows]

    def prepare(self, wildcards: Wildcards) -> list[Path]:
        """What prepared splits wait for: their spec, what is fetched from the hub for them, or the prepared splits that they unite."""
        self.study.begin()
        folder, part = data_folder(self.home(wildcards), wildcards.key), self.study.part(wildcards.experiment)
        made = (CHECKS, *(f"{split}.csv" for split in ("train", *SPLITS)))
        is_wanted = missing_files(folder, made) or self.study.is_forced("prepare", folder)
        united = [folder / CHECKS for folder in self.folders_to_unite(wildcards).values()]
        return [*united, *(self._fetched(part, self.added_to(wildcards)) if is_wanted else [])]

    def _fetched(self, part: Part, added: str | None) -> list[Path]:
        """What of a part's data comes from the hub, once it is there.

        Args:
            added: the name of its added rows, if it has any.
        """
        configs = [part.raw, *([file_config(part.raw, added)] if added else [])]
        sources = [source for config in configs for source in hub_splits(config).values()]
        return [self.study.cache / DATASETS / source.key / FETCHED for source in sources]

    def added_to(self, wildcards: Wildcards) -> str | None:
        """The name of the added rows that a job reads, which prepares splits or makes tokens; None without such rows."""
        if not hasattr(wildcards, "experiment"):
            return added_name(self.study.cached_spec(f"{TOKENS}/{wildcards.key}")["texts"])
        added = self.study.part(wildcards.experiment).data_spec(wildcards.key).get("added")
        return added["name"] if added else None

    def folders_to_unite(self, wildcards: Wildcards) -> dict[str, Path]:
        """The prepared splits that those of a set unite, by the names of their sets; none if the set has files of its own."""
        sets = self.study.part(wildcards.experiment).data_spec(wildcards.key).get("sets", {})
        homes = {name: self.study.results / experiment_of_set(self.study.experiment, name) for name in sets}
        return {name: data_folder(homes[name], data_key(spec)) for name, spec in sets.items()}

    def tokenize(self, wildcards: Wildcards) -> list[Path]:
        """What tokens wait for."""
        if (self.study.cache / TOKENS / wildcards.key / TOKENS_RECORD).is_file():
            return []
        texts = self.prepared_of_tokens(wildcards)
        fetched = self._fetched(self.study.part_of_tokens(f"{TOKENS}/{wildcards.key}"), self.added_to(wildcards))
        return [self.encoder_of_tokens(wildcards) / FETCHED, *([texts / CHECKS] if texts else fetched)]

    def prepared_of_tokens(self, wildcards: Wildcards) -> Path | None:
        """The prepared splits that tokens are made from, of a set that unites others; None where they are made from raw files."""
        folder = f"{TOKENS}/{wildcards.key}"
        spec, part = self.study.cached_spec(folder), self.study.part_of_tokens(folder)
        return part.data_with(spec["texts"]) if part.is_united else None

    def encoder_of_tokens(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder whose tokenizer makes tokens."""
        return self._encoder(self.study.cached_spec(f"{TOKENS}/{wildcards.key}"))

    def encode(self, wildcards: Wildcards) -> list[Path]:
        """What features wait for."""
        if (self.study.cache / FEATURES / wildcards.key / FEATURES_RECORD).is_file():
            return []
        return [
            self.tokens_of_features(wildcards) / TOKENS_RECORD,
            self.encoder_of_features(wildcards) / FETCHED,
        ]

    def tokens_of_features(self, wildcards: Wildcards) -> Path:
        """Folder of the tokens that features are computed from."""
        return self.study.cache / TOKENS / cache_key(self.study.cached_spec(f"{FEATURES}/{wildcards.key}")["tokens"])

    def encoder_of_features(self, wildcards: Wildcards) -> Path:
        """Folder of the fetched encoder that features are computed with."""
        return self._encoder(self.study.cached_spec(f"{FEATURES}/{wildcards.key}")["tokens"])

    def _encoder(self, tokens: dict[str, Any]) -> Path:
        return self.study.cache / ENCODERS / encoder_key(source_spec(tokens["encoder"]))

    def tables(self, wildcards: Wildcards) -> dict[str, Any]:
        """The plan, the last file of every row in it, the gold labels, and other predictions to compare."""
        study, part = self.study, self.study.part(wildcards.experiment)
        plan = study.request(wildcards.experiment, PLAN)
        if part.plan is None:
            return {"plan": plan}
        rows = (*part.plan.runs.values(), *part.plan.rows.values())
        return {
            "plan": plan,
            "rows": list(dict.fromkeys(study.results_of(part, row) for row in rows)),
            "data": [data_folder(part.home, key) / CHECKS for key in part.plan.data],
            "others": list(part.plan.others),
        }

    def of_every_set(self, *names: str) -> list[Path]:
        """Files of results of every part of the study.

        Args:
            names: of files in a part's folder.
        """
        return [self.study.results / experiment / name for experiment in self.study.experiments for name in names]

    def of_all_sets(self, *names: str) -> list[Path]:
        """Files of results of a study on several data sets as a whole; none of a study on a single one.

        Args:
            names: of files in the study's folder.
        """
        return [self.study.home / name for name in names] if self.study.has_sets else []

    def answers(self, wildcards: Wildcards) -> Path:
        """The file of annotators' answers that a part names."""
        section = self.study.part(wildcards.experiment).annotators
        with plain_refusals():
            if section is None:
                raise InputError("data.annotators: expected a file of annotators' answers in the config, found none")
        return Path(section["file"])

    def annotators(self, wildcards: Wildcards) -> list[Path]:
        """The tables about the annotators of a part; none if it names none."""
        part = self.study.part(wildcards.experiment)
        return [part.home / name for name in RECORDED[ANNOTATORS_RECORD]] if part.annotators else []

    def annotators_of_every_set(self, wildcards: Wildcards) -> list[Path]:
        """The same of every part of the study."""
        parts = [SimpleNamespace(experiment=experiment) for experiment in self.study.experiments]
        return [table for part in parts for table in self.annotators(part)]

    def models(self, wildcards: Wildcards) -> list[Path]:
        """Models that come before the table of models, which keeps and describes them: those that are restored in this start, and that of
        the run that is to be explained by its name; and a new list of models that lack their description.

        A table of models that is only older than its inputs would not do: Snakemake compares the content of small files, too.
        """
        self.study.begin()
        part = self.study.part(wildcards.experiment)
        models = [file for row in part.state.rows if (file := part.state.lost_model(row))]
        explained = part.plan and part.plan.runs.get(part.plan.settings["explained"])
        if explained and not self.study.why_unexplained(part, explained.name):
            models.append(part.home / explained.folder / MODEL_FILES[0])
        if undescribed := part.state.undescribed:
            new = Path(self.study.workflow.snakemake_tmp_dir) / f"{wildcards.experiment}-undescribed.json"
            write_json(new, undescribed)
            models.append(new)
        return list(dict.fromkeys(models))

    def unfinished(self, wildcards: Wildcards) -> list[Path]:
        """A missing file of every row that lacks one."""
        return self.study.unfinished()

    def explanation_request(self, wildcards: Wildcards) -> Path:
        """What decides the explanation of a run, beside the run itself."""
        return self.study.request(wildcards.experiment, EXPLANATIONS_REQUEST)

    def explanations(self, checkpoints: Any) -> list[Path]:
        """The page of each part that explains the run that the config names, or the best one; known once the tables are made.

        None where the run's encoder is unfit for it.

        Args:
            checkpoints: Snakemake's.
        """
        return [page for part in self.study.parts.values() for page in self._explanation(part, checkpoints)]

    def _explanation(self, part: Part, checkpoints: Any) -> list[Path]:
        checkpoints.keep_models.get(experiment=part.experiment)
        wanted = part.explained_run
        if reason := self.study.why_unexplained(part, wanted):
            self.study.tell_unexplained(wanted, reason)
            return []
        return [part.home / EXPLANATIONS / wanted / EXPLANATION_PAGE]

    def new_texts(self, wildcards: Wildcards) -> Path:
        """The file of new texts that the config names."""
        return self.study.new_texts

    def labelled(self, checkpoints: Any) -> list[Path]:
        """The labels that the best run of each part gives to the config's new texts; known once the tables are made.

        Args:
            checkpoints: Snakemake's.
        """
        texts = self.study.new_texts
        parts = self.study.parts.values()
        for part in parts:
            checkpoints.keep_models.get(experiment=part.experiment)
        return [self.study.labels_file(part, texts) for part in parts]

    def submission(self, wildcards: Wildcards) -> Path:
        """The folder of the submission of the row that the config names."""
        return self.study.home / SUBMISSION / self.study.submitted_row

    def submitted(self, wildcards: Wildcards) -> list[Path]:
        """What a submission is made from: the tables and the test file of each language."""
        self.study.begin()
        return [path for part, test in self.study.submitted.values() for path in (part.home / SUMMARY_TABLE, test)]

    @property
    def explains(self) -> bool:
        """Whether the full study explains runs: it does if texts are asked for and models are kept; a job asks for nothing."""
        return any(part.plan and part.plan.settings["explained"] for part in self.study.parts.values())
