"""Made-up texts as long as tweets are: 21 tokens on average, 95 % below 45, the longest 123, the two around a text included."""

import csv
from pathlib import Path

import numpy as np

LABELS = ["anger", "fear", "joy", "sadness", "surprise"]
SHARE = 0.3
"""Of the texts that have a label."""

OWN = 20
"""Words of a label alone; a text that has the label has two of them."""

LONGEST = 121
"""Words of the longest text, those of its labels included."""

MEDIAN, SPREAD = 13.5, 0.55
"""Of the words of a text beside those of its labels; `SPREAD` is that of their logarithm."""


def write_texts(path: Path, name: str, rows: int, words: int) -> None:
    """A CSV file of texts of words as frequent as in a language (Zipf), and of the words of their labels; the first is the longest.

    Args:
        name: of the split, before the number of each id.
        words: how many there are: `w0`, `w1` and so on.
    """
    random = np.random.default_rng([len(name), rows])
    first = OWN * len(LABELS)
    chances = 1 / np.arange(1, words - first + 1)
    lengths = random.lognormal(np.log(MEDIAN), SPREAD, rows).astype(int).clip(1, LONGEST - 2 * len(LABELS))
    lengths[0] = LONGEST - 2 * len(LABELS)
    gold = random.random((rows, len(LABELS))) < SHARE
    gold[0] = True
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "text", *LABELS])
        for number, (length, given) in enumerate(zip(lengths, gold, strict=True)):
            drawn = first + random.choice(words - first, length, p=chances / chances.sum())
            own = [OWN * label + random.integers(OWN) for label in np.flatnonzero(given) for _ in range(2)]
            text = " ".join(f"w{word}" for word in random.permutation([*drawn, *own]))
            writer.writerow([f"{name}-{number}", text, *given.astype(int)])
