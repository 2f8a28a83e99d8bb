"""How similar texts are that nothing connects, and texts to what a few changed words make of them: where to call a text a near copy.

    python -m benchmarks.near_texts --added goemotions/train.tsv --texts track_a/dev/eng.csv track_a/test/eng.csv

`--added` is a table without a header whose first cell is the text, `--texts` are CSV files with a column `text`. docs/data.md quotes it.
"""

import argparse
import csv
import random
from pathlib import Path

import numpy as np

from emotion_grid.data.adding import bare_form, highest_similarities

BOUNDS = (0.3, 0.4, 0.5, 0.6, 0.8)
ADDED, EDITED, FEWEST_WORDS = 8000, 300, 8
"""Added texts that are drawn, texts that are edited, and words that the latter have at least."""


def edited(text: str, changes: int, words: list[str], chosen: random.Random) -> str:
    """A text with some of its words replaced by others."""
    own = text.split()
    for place in chosen.sample(range(len(own)), changes):
        own[place] = chosen.choice(words)
    return " ".join(own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--added", required=True, type=Path)
    parser.add_argument("--texts", required=True, type=Path, nargs="+")
    arguments = parser.parse_args()
    chosen, texts = random.Random(1), []
    with arguments.added.open(encoding="utf-8", newline="") as file:
        added = [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    for path in arguments.texts:
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    added = chosen.sample(added, min(ADDED, len(added)))
    found = highest_similarities([bare_form(text) for text in added], [bare_form(text) for text in texts])
    print(
        f"{len(added)} added texts, {len(texts)} texts: {', '.join(f'{(found >= b).sum()} from {b} on' for b in BOUNDS)}"
    )
    long, words = [text for text in texts if len(text.split()) >= FEWEST_WORDS], sorted({*" ".join(texts).split()})
    for changes in (1, 2, 3, 5):
        pairs = [(edited(text, changes, words, chosen), text) for text in chosen.sample(long, min(EDITED, len(long)))]
        own = np.array([highest_similarities([bare_form(one)], [bare_form(other)])[0] for one, other in pairs])
        print(f"{changes} words changed: {', '.join(f'{100 * (own >= b).mean():.0f}% from {b} on' for b in BOUNDS)}")


if __name__ == "__main__":
    main()
