"""What a reader of scores has to know of prepared splits, beside what preparation itself counts.

Nothing here decides which rows a run reads, so that no run gets another name when a check is added.
"""

import re
import unicodedata

import pandas as pd

from emotion_grid.data.unspaced import is_unspaced

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.])@\w+")
"""Links and user names, in lower case."""

CERTAIN = 0.01
"""The chance that, of all labels of all splits, any is called uneven although its texts were drawn alike."""

UNEVEN = 1.5
"""How many times as large the odds of a label have to be in one of two splits to count as uneven."""


def examine(splits: dict[str, pd.DataFrame], checks: dict) -> dict:
    """The checks of prepared splits with what this module finds.

    `prepared` counts, for dev and test, `near_duplicates`; `warnings` also name labels with uneven shares; `unspaced` says whether train is
    written without spaces between words.

    Args:
        splits: as `prepare` gives them.
        checks: likewise.
    """
    prepared = {split: dict(facts) for split, facts in checks["prepared"].items()}
    for split, count in near_duplicates(splits).items():
        prepared[split]["near_duplicates"] = count
    warnings = [*checks["warnings"], *uneven_labels(prepared)]
    return {**checks, "prepared": prepared, "warnings": warnings, "unspaced": is_unspaced(splits["train"]["text"])}


# --- texts that nearly occur in train


class _Kept(dict[int, str | None]):
    """What of a character counts, for `str.translate`: all digits are alike, and punctuation and blanks are none."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        kind = unicodedata.category(character)
        self[code] = "0" if character.isdecimal() else None if kind[0] in "PZC" or kind == "Sk" else character
        return self[code]


_KEPT = _Kept()


def near_form(text: str) -> str:
    """A text without case, punctuation, blanks, links and user names; compatible characters (NFKC) are one, and so are all numbers.

    Empty if nothing else is in it.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub("0+", "0", _ADDRESS.sub("", text).translate(_KEPT))


def near_duplicates(splits: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Rows of dev and of test whose text is a training text by its near form, but not letter by letter."""
    trained = [*splits["train"]["text"], *splits["validation"]["text"]]
    same, near = set(trained), {near_form(text) for text in trained} - {""}
    return {
        split: sum(text not in same and near_form(text) in near for text in splits[split]["text"])
        for split in ("dev", "test")
        if len(splits[split])
    }


# --- labels whose share differs between splits


def uneven_labels(prepared: dict[str, dict]) -> list[str]:
    """A warning for each of dev and test with labels whose share differs much from that in train.

    A share differs much if the odds of the label are at least 1.5 times as large in one of the splits, and if that is no chance: Fisher's
    exact test (1922), two-sided, at 0.01 divided by the number of comparisons (Bonferroni). Few texts thus cause no warning.

    Args:
        prepared: facts of each split, as `prepare` gives them.
    """
    train = prepared["train"]
    pairs = [
        (split, label, _counts(train, label), _counts(prepared[split], label))
        for split in ("dev", "test")
        if "positives" in prepared[split]
        for label in train["positives"]
    ]
    # A label without a positive or an annotated row in a split has a warning of its own.
    pairs = [pair for pair in pairs if pair[2][0] and pair[3][0]]
    found: dict[str, list[str]] = {}
    for split, label, here, there in pairs:
        if _is_uneven(here, there, CERTAIN / len(pairs)):
            shares = f"{100 * there[0] / sum(there):.1f}% there, {100 * here[0] / sum(here):.1f}% in train"
            found.setdefault(split, []).append(f"{label} ({shares})")
    return [
        f"{split} has other shares of labels than train: {', '.join(labels)}; thresholds and scores may not carry over"
        for split, labels in found.items()
    ]


def _counts(facts: dict, label: str) -> tuple[int, int]:
    """Rows that have a label, and rows that have not."""
    return facts["positives"][label], facts["known"][label] - facts["positives"][label]


def _is_uneven(here: tuple[int, int], there: tuple[int, int], level: float) -> bool:
    from scipy.stats import fisher_exact

    one, other = here[0] * there[1], here[1] * there[0]  # their ratio is that of the odds
    return max(one, other) >= UNEVEN * min(one, other) and bool(fisher_exact([here, there]).pvalue < level)
