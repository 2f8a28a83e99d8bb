"""The prompt of a language model: a file of the study with the task, and the form in which the model gets each text.

Imports the standard library only: planning reads prompts, too.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.messages import InputError
from emotion_grid.base.prompts import TEXT

LABELS = "{labels}"
"""Stands for the names of all labels in a prompt."""

RULER = re.compile(r"^---[ \t]*$", re.MULTILINE)
"""The line between the task and the form of a text."""


@dataclass(frozen=True)
class Prompt:
    """What a language model is told.

    Attributes:
        task: the system message.
        text: the template of a user message, with the text in the place of `{text}`.
    """

    task: str
    text: str

    def task_for(self, labels: list[str]) -> str:
        """The task with the names of the labels."""
        return self.task.replace(LABELS, named(labels))


def named(labels: list[str]) -> str:
    """Labels in the form in which answers name them."""
    return ", ".join(json.dumps(label, ensure_ascii=False) for label in labels)


def read_prompt(path: Path, labels: list[str]) -> str:
    """The content of a prompt's file, checked.

    Raises:
        InputError: no such file, no UTF-8, no task, a form without `{text}`, or labels that the task does not name.
    """
    try:
        content = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError(f"{path}: expected a file with a prompt, found none ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected text in UTF-8, found {error.reason} at byte {error.start}") from error
    if (parts := len(RULER.split(content))) > 2:
        raise InputError(f"{path}: expected at most one line --- (below it, the form of a text), found {parts - 1}")
    prompt = parse_prompt(content)
    if not prompt.task:
        raise InputError(f"{path}: expected the task above the line ---, found nothing")
    if prompt.text.count(TEXT) != 1 or TEXT in prompt.task:
        raise InputError(
            f"{path}: expected {TEXT} once, below a line --- (in a prompt without that line, each text stands alone), "
            f"found it {content.count(TEXT)} times, {prompt.task.count(TEXT)} of them in the task"
        )
    unnamed = [label for label in labels if label not in prompt.task]
    if unnamed and LABELS not in prompt.task:
        raise InputError(
            f"{path}: expected {LABELS}, or every label by its name, in the task, found no {named(unnamed)}"
        )
    return content


def parse_prompt(content: str) -> Prompt:
    """The parts of a prompt that was checked; without the line `---`, each text stands alone."""
    task, *text = RULER.split(content, maxsplit=1)
    return Prompt(task.strip(), text[0].strip() if text else TEXT)
