"""Options of command lines that depend on the study."""

from shlex import quote
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.config.checking import check_config
from emotion_grid.plan.inputs import label_names, raw_files, reading_of
from emotion_grid.workflow.inputs import RuleInputs
from emotion_grid.workflow.study import Study


class RuleOptions:
    """Options of the rules' command lines, quoted for a shell.

    Args:
        study: the study of this start.
        inputs: the input functions of its rules.
    """

    def __init__(self, study: Study, inputs: RuleInputs):
        self.study, self.inputs = study, inputs

    def raw_files(self, wildcards: Any) -> str:
        """The raw file of each split."""
        return " ".join(f"--{split} {quote(str(path))}" for split, path in raw_files(self.study.config).items())

    def reading(self, wildcards: Any) -> str:
        """How the raw files are read, where it is not as usual."""
        config = self.study.checked or check_config(self.study.config)
        reading = reading_of(config)
        return f"--data {quote(canonical({'labels': label_names(config), 'reading': reading}))}" if reading else ""

    def cached(self, wildcards: Any) -> str:
        """The tokens and features that a run reads."""
        features = self.inputs.features(wildcards)
        folders = {"tokens": self.inputs.tokens(wildcards), **({"features": features} if features else {})}
        return " ".join(f"--{name} {quote(str(path))}" for name, path in folders.items())

    def texts(self, wildcards: Any) -> str:
        """The name of dev's and test's texts, which a run's predictions are for."""
        return str(self.study.inputs(self.inputs.folder(wildcards)).texts)
