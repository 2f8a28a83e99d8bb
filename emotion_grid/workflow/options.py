"""Options of command lines that depend on the study."""

from shlex import quote
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.base.layout import TOKENS, set_of
from emotion_grid.base.messages import InputError
from emotion_grid.plan.added import added_config, file_config
from emotion_grid.plan.inputs import label_names, raw_files, reading_of
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.inputs import RuleInputs
from emotion_grid.workflow.part import Part
from emotion_grid.workflow.study import Study

ASKING = (
    "answers",
    "endpoint",
    "key_from",
    "at_once",
    "requests_per_minute",
    "timeout",
    "tokens",
    "money",
    "prices",
)
"""What the program that asks a language model is told, beside what its row depends on; options as the config names them."""


class RuleOptions:
    """Options of the rules' command lines, quoted for a shell.

    Args:
        study: the study of this start.
        inputs: the input functions of its rules.
    """

    def __init__(self, study: Study, inputs: RuleInputs):
        self.study, self.inputs = study, inputs

    def raw_files(self, wildcards: Any) -> str:
        """The raw file of each split of a data set and of its added rows; of a set that unites others, where their rows lie, prepared."""
        part = self._part(wildcards)
        if not part.is_united:
            files, added = raw_files(part.raw), self.inputs.added_to(wildcards)
            files |= {"added": raw_files(file_config(part.raw, added))["train"]} if added else {}
            return " ".join(f"--{split} {quote(str(path))}" for split, path in files.items())
        if not hasattr(wildcards, "experiment"):
            return f"--prepared {quote(str(self.inputs.prepared_of_tokens(wildcards)))}"
        folders = self.inputs.folders_to_unite(wildcards)
        return f"--unite {' '.join(quote(f'{name}={folder}') for name, folder in folders.items())}"

    def reading(self, wildcards: Any) -> str:
        """How the raw files are read, where it is not as usual."""
        part = self._part(wildcards)
        if part.is_united:
            return ""
        added = self.inputs.added_to(wildcards)
        configs = {"data": part.config, **({"added-data": added_config(part.config, added)} if added else {})}
        return " ".join(
            f"--{name} {quote(canonical({'labels': label_names(config), 'reading': reading}))}"
            for name, config in configs.items()
            if (reading := reading_of(config))
        )

    def _part(self, wildcards: Any) -> Part:
        """The part of the study whose files a step reads: it makes tokens, or prepared splits."""
        if hasattr(wildcards, "experiment"):
            return self.study.part(wildcards.experiment)
        return self.study.part_of_tokens(f"{TOKENS}/{wildcards.key}")

    def sets(self, wildcards: Any) -> str:
        """The names of the data sets."""
        return " ".join(quote(set_of(experiment)) for experiment in self.study.experiments)

    def title(self, wildcards: Any) -> str:
        """The title of the report of the study as a whole."""
        return str(self.study.config.get("report", {}).get("title") or self.study.experiment)

    def submitted(self, wildcards: Any) -> str:
        """The results and the test file of each language of a submission."""
        return " ".join(
            f"--language {language} {quote(str(part.home))} {quote(str(test))}"
            for language, (part, test) in self.study.submitted.items()
        )

    def cached(self, wildcards: Any) -> str:
        """The tokens and features that a run reads."""
        features = self.inputs.features(wildcards)
        folders = {"tokens": self.inputs.tokens(wildcards), **({"features": features} if features else {})}
        return " ".join(f"--{name} {quote(str(path))}" for name, path in folders.items())

    def asking(self, wildcards: Any) -> str:
        """Where a language model is reached, how fast and for how much it is asked, and where its answers are kept."""
        name = wildcards.row.split("_")[0]
        entry = self.study.part(wildcards.experiment).config["language_models"].get(name)
        with plain_refusals():
            if entry is None:
                raise InputError(f"{wildcards.row}: expected one of the language_models of the config, found {name}")
        values = {**entry, **entry.get("budget", {}), "answers": self.study.answers}
        return " ".join(_option(key, values[key]) for key in ASKING if key in values)

    def texts(self, wildcards: Any) -> str:
        """The name of dev's and test's texts, which a run's predictions are for."""
        return str(self.study.inputs(self.inputs.folder(wildcards)).texts)


def _option(name: str, value: Any) -> str:
    """An option with its value, or its values, quoted one by one."""
    values = value if isinstance(value, list) else [value]
    return " ".join([f"--{name.replace('_', '-')}", *(quote(str(one)) for one in values)])
