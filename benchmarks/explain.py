"""Time explanations beside shap's own on the same texts and model: python -m benchmarks.explain --run results/demo/runs/<run>

Three ways, each in its own round, the rounds repeated: `plain`, the library as its documentation shows it (its text masker over tokens, its
batches, one text after the other); `same words`, the library over this project's words and halves, one text after the other; and
`emotion-grid`. All have the same bound on maskings. Prints a Markdown table with the median and the range over the rounds, of the clock and
of the processor (which other people's work on the machine disturbs less); the largest difference is that of the contributions from
those of `same words`.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.data.tables import read_split


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of a run's results, with its model")
    parser.add_argument("--texts", type=int, default=8, help="texts of dev to explain (default: 8)")
    parser.add_argument("--evaluations", type=int, default=500, help="bound on the maskings of a text (default: 500)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each way (default: 3)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1)")
    arguments = parser.parse_args()

    import shap
    import torch
    from transformers import AutoTokenizer
    from transformers.utils import logging

    from emotion_grid.explanation.shapley import WordMasker, explain_texts, model_logits, split_words
    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.devices import find_device

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(arguments.threads)
    device = find_device()
    model = EmotionClassifier.from_pretrained(arguments.run / "model").to(device)
    tokenizer = AutoTokenizer.from_pretrained(arguments.run / "model")
    (table,) = (arguments.run.parents[1] / "data").glob("*/dev.csv")
    texts = list(read_split(table)["text"])[: arguments.texts]
    words = split_words(texts, tokenizer, model.config.max_length)
    counts = {"plain": 0, "same words": 0, "emotion-grid": 0}

    def of_strings(strings: np.ndarray) -> np.ndarray:
        counts["plain"] += len(strings)
        inputs = tokenizer(
            list(strings), padding=True, truncation=True, max_length=model.config.max_length, return_tensors="pt"
        )
        with torch.inference_mode():
            return model(**inputs.to(device)).logits.double().cpu().numpy()

    def of_ids(rows: np.ndarray) -> np.ndarray:
        counts["same words"] += len(rows)
        inputs = tokenizer.pad({"input_ids": [row.tolist() for row in rows]}, return_tensors="pt")
        with torch.inference_mode():
            return model(**inputs.to(device)).logits.double().cpu().numpy()

    def plain() -> None:
        shap.Explainer(of_strings, tokenizer, output_names=model.config.labels)(
            texts, max_evals=arguments.evaluations, silent=True
        )

    def same_words() -> list[np.ndarray]:
        how = {"main_effects": False, "error_bounds": False, "outputs": None, "silent": True, "fixed_context": None}
        return [
            shap.PartitionExplainer(of_ids, WordMasker(text, tokenizer.mask_token_id)).explain_row(
                np.arange(len(text.words)), max_evals=arguments.evaluations, batch_size=10, **how
            )["values"]
            for text in words
        ]

    def ours() -> list[np.ndarray]:
        logits = model_logits(model, tokenizer.pad_token_id, device)
        found, asked = explain_texts(words, logits, tokenizer.mask_token_id, arguments.evaluations)
        counts["emotion-grid"] += asked.computed
        return [one.values for one in found]

    ways, seconds, values = {"plain": plain, "same words": same_words, "emotion-grid": ours}, {}, {}
    of_ids([words[0].ids])  # the first pass of a model is slower
    for number in range(arguments.rounds):
        for name, way in ways.items():
            counts[name], start = 0, (time.monotonic(), time.process_time())
            values[name] = way()
            spent = (time.monotonic() - start[0], time.process_time() - start[1])
            seconds.setdefault(name, []).append(spent)
            log(f"round {number + 1}: {name} {spent[0]:.1f} s, {spent[1]:.1f} s of the processor")
    off = max(np.abs(a - b).max() for a, b in zip(values["same words"], values["emotion-grid"], strict=True))
    clock, processor = ({name: [one[part] for one in found] for name, found in seconds.items()} for part in (0, 1))
    print(
        f"| {len(texts)} texts on {device}, {arguments.threads} threads | maskings | seconds | ratio | of the processor | ratio |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for name in ways:
        cells = [cell for times in (clock, processor) for cell in (_spread(times[name]), _ratio(times, name))]
        print(f"| {name} | {counts[name]:,} | {' | '.join(cells)} |")
    print(f"\nlargest difference of a contribution from the library's: {off:.1g}")


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def _ratio(seconds: dict[str, list[float]], name: str) -> str:
    return f"{statistics.median(seconds[name]) / statistics.median(seconds['emotion-grid']):.1f}"


if __name__ == "__main__":
    sys.exit(run_program(main))
