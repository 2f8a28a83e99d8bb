"""Cleaning steps for texts, by name."""

import re
import string
import unicodedata
from collections.abc import Callable

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)

_USER = re.compile(r"(?<![\w.])@\w+")

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _whitespace(text: str) -> str:
    """Control characters and runs of white space become one space; joiners inside emoji stay."""
    visible = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return " ".join(visible.split())


STEPS: dict[str, Callable[[str], str]] = {
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "whitespace": _whitespace,
    "urls": lambda text: _URL.sub("http", text),
    "users": lambda text: _USER.sub("@user", text),
    "lowercase": str.lower,
    "punctuation": lambda text: text.translate(_PUNCTUATION),
}


def clean(text: str, steps: list[str]) -> str:
    """Apply cleaning steps in the order given."""
    for step in steps:
        text = STEPS[step](text)
    return text
