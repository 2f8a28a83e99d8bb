"""Resources of the rules: what their jobs ask a cluster for."""

import functools
from collections.abc import Callable
from typing import Any

from emotion_grid.base.layout import FEATURES, TOKENS
from emotion_grid.jobs.needs import Need, encoding_need, fetching_mb, training_need
from emotion_grid.jobs.site import fixed_resources, light_resources
from emotion_grid.plan.added import added_name, bytes_with_added
from emotion_grid.plan.inputs import RAW_SPLITS, longest_line
from emotion_grid.plan.specs import cache_key
from emotion_grid.workflow.inputs import RuleInputs
from emotion_grid.workflow.study import Study


class RuleResources:
    """What jobs ask a cluster for.

    Args:
        study: the study of this start.
        inputs: the input functions of its rules.

    Attributes:
        light, fetching, training, pack, encoding: the `resources` of steps without training, of jobs that fetch an encoder, of training jobs, of
            those that train several runs, and of jobs that compute features.
    """

    def __init__(self, study: Study, inputs: RuleInputs):
        self.study, self.inputs = study, inputs
        fixed = fixed_resources(study.site, gpu=True)
        self.light = light_resources(study.site)
        self.fetching = {**self.light, "mem_mb": self._fetching_mb}
        # The cores of the machine where Snakemake runs bound a rule's threads, and not what a job asks for.
        self.training = {**fixed, **_memory_and_time(self._training_need), "cpus_per_task": self.training_threads}
        self.pack = {**self.training, "cpus_per_task": self.pack_threads}
        self.encoding = {**fixed, **_memory_and_time(self._encoding_need), "cpus_per_task": self.encoding_threads}

    def light_group(self, name: str) -> str | None:
        """The group of a light step: where light steps are jobs, those of a group wait in the queue together."""
        return name if self.study.light_jobs else None

    def training_threads(self, wildcards: Any) -> int:
        """CPU threads of a training job."""
        return max(int(self.study.spec(run)["training"]["threads"]) for run in self.inputs.runs(wildcards))

    def pack_threads(self, wildcards: Any) -> int:
        """CPU threads of a job that trains several runs: those of all that run side by side."""
        at_once: int = min(self.study.site["at_once"], len(self.inputs.runs(wildcards)))
        return self.training_threads(wildcards) * at_once

    def training_priority(self, wildcards: Any) -> int:
        """Which training jobs come first: those of a setting one after the other, since models of complete settings can be removed."""
        return self._settings_left.get(wildcards.run, 0)

    @functools.cached_property
    def _settings_left(self) -> dict[str, int]:
        """For each run, how many settings are left when its own begins, in the order of the plan; empty in a job."""
        plans = [part.plan for part in self.study.parts.values() if part.plan]
        settings = {run: plan.setting_of(row) for plan in plans for run, row in plan.runs.items()}
        places = {setting: place for place, setting in enumerate(dict.fromkeys(settings.values()))}
        return {run: len(places) - places[setting] for run, setting in settings.items()}

    def encoding_threads(self, wildcards: Any) -> int:
        """CPU threads of a job that computes features."""
        return int(self.study.cached_spec(f"{FEATURES}/{wildcards.key}")["threads"])

    def _training_need(self, wildcards: Any, attempt: int) -> Need:
        specs = [self.study.sized(self.study.spec(run)) for run in self.inputs.runs(wildcards)]
        added = [spec["data"].get("added", {}).get("name") for spec in specs]
        raw = self.study.part(wildcards.experiment).raw
        train = bytes_with_added(raw, "train", names=added)
        return training_need(specs, train, self.study.site, attempt, longest_line(raw))

    def _encoding_need(self, wildcards: Any, attempt: int) -> Need:
        spec = self.study.cached_spec(f"{FEATURES}/{wildcards.key}")
        part = self.study.part_of_tokens(f"{TOKENS}/{cache_key(spec['tokens'])}")
        sized = {**spec, "tokens": self.study.sized(spec["tokens"])}
        size = bytes_with_added(part.raw, *RAW_SPLITS, names=[added_name(spec["tokens"]["texts"])])
        return encoding_need(sized, size, self.study.site, attempt)

    def _fetching_mb(self, wildcards: Any, attempt: int) -> int:
        least = int(self.light["mem_mb"])
        encoder = self.study.encoder_spec(wildcards.key)
        return max(least, fetching_mb(encoder, self.study.site, attempt)) if encoder else least


def _memory_and_time(need: Callable[[Any, int], Need]) -> dict[str, Callable[[Any, int], int]]:
    """Resource functions of a job: its need as a function of wildcards and attempt, more at a second try."""

    def mem_mb(wildcards: Any, attempt: int) -> int:
        return need(wildcards, attempt).mem_mb

    def runtime(wildcards: Any, attempt: int) -> int:
        return need(wildcards, attempt).runtime

    return {"mem_mb": mem_mb, "runtime": runtime}
