"""How far the contributions of explanations are from exact Shapley values, and what the bound on maskings changes in long texts.

    python -m benchmarks.owen --run results/demo/runs/<run>

Takes texts of dev, test and validation. Of texts of at most twelve words, the exact Shapley value of every word is computed from the
logits of all maskings (4,096 for twelve words) and compared with the Owen values that explanations show. Of longer texts, the values with
the usual bound on maskings are compared with those without a bound. Prints two Markdown tables; differences are in logits.
"""

import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.tables import read_split

WORDS = 12
"""The longest text whose exact values are computed."""

LENGTHS = ((13, 20), (21, 40), (41, 80))
"""Groups of longer texts, by words."""


def exact_values(outcomes: dict[tuple[int, ...], np.ndarray], words: int) -> np.ndarray:
    """Shapley values (words, labels) by their definition.

    Args:
        outcomes: logits (labels,) for each set of unmasked words.
    """
    values = np.zeros((words, *outcomes[()].shape))
    for word in range(words):
        others = [other for other in range(words) if other != word]
        for size in range(words):
            weight = 1 / (words * math.comb(words - 1, size))
            for chosen in itertools.combinations(others, size):
                values[word] += weight * (outcomes[tuple(sorted((*chosen, word)))] - outcomes[chosen])
    return values


def all_outcomes(text, logits: Callable, mask_id: int) -> dict[tuple[int, ...], np.ndarray]:
    """The logits of a text for each set of unmasked words."""
    from emotion_grid.explanation.shapley import WordMasker

    masker, words = WordMasker(text, mask_id), range(len(text.words))
    sets = [chosen for size in range(len(words) + 1) for chosen in itertools.combinations(words, size)]
    rows = [masker(np.isin(words, chosen))[0][0] for chosen in sets]
    return dict(zip(sets, logits(rows), strict=True))


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of a run's results, with its model")
    parser.add_argument("--texts", type=int, default=12, help="texts of each group (default: 12)")
    parser.add_argument("--evaluations", type=int, default=500, help="the usual bound on maskings (default: 500)")
    arguments = parser.parse_args()

    from transformers import AutoTokenizer

    from emotion_grid.explanation.shapley import explain_texts, model_logits, split_words
    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.devices import find_device

    device = find_device()
    model = EmotionClassifier.from_pretrained(arguments.run / "model").to(device).eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.run / "model")
    (data,) = {path.parent for path in (arguments.run.parents[1] / "data").glob("*/dev.csv")}
    texts = [text for split in ("dev", "test", "validation") for text in read_split(data / f"{split}.csv")["text"]]
    words = split_words(texts, tokenizer, model.config.max_length)
    logits = model_logits(model, tokenizer.pad_token_id, device)

    def explained(texts: list, bound: int) -> np.ndarray:
        found, _ = explain_texts(texts, logits, tokenizer.mask_token_id, bound)
        return np.concatenate([one.values.ravel() for one in found])

    short = [text for text in words if 2 <= len(text.words) <= WORDS][: arguments.texts]
    if not short:
        raise InputError(f"{data}: expected texts of 2 to {WORDS} words, found none")
    exact = []
    for number, text in enumerate(short, 1):
        exact.append(exact_values(all_outcomes(text, logits, tokenizer.mask_token_id), len(text.words)).ravel())
        log(f"{number} of {len(short)} texts: exact values")
    columns = "| texts | words and labels | range | mean difference | largest difference | correlation |"
    print(f"Owen values against exact Shapley values:\n\n{columns}\n|---|---:|---:|---:|---:|---:|")
    print(_row(f"{len(short)} of 2 to {WORDS} words", np.concatenate(exact), explained(short, 10**6)))
    print(f"\nAt most {arguments.evaluations} maskings against all:\n\n{columns}\n|---|---:|---:|---:|---:|---:|")
    for least, most in LENGTHS:
        longer = [text for text in words if least <= len(text.words) <= most][: arguments.texts]
        if longer:
            name = f"{len(longer)} of {least} to {most} words"
            print(_row(name, explained(longer, 10**6), explained(longer, arguments.evaluations)))


def _row(name: str, expected: np.ndarray, found: np.ndarray) -> str:
    off = np.abs(found - expected)
    cells = (f"{np.ptp(expected):.2f}", f"{off.mean():.3f}", f"{off.max():.2f}")
    return f"| {name} | {len(off):,} | {' | '.join(cells)} | {np.corrcoef(expected, found)[0, 1]:.3f} |"


if __name__ == "__main__":
    sys.exit(run_program(main))
