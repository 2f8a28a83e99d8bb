"""A run in the way that the workflow replaces, timed over a few steps: every text padded to 512 tokens, fp32, nothing cached.

A process of its own, as each run was: it loads everything, tokenises the texts, trains on random batches and predicts padded ones. Prints
one line of JSON: seconds from the start to the first step, of each timed step, and of each timed prediction of a batch.
"""

import json
import os
import time
from pathlib import Path

from emotion_grid.base.cli import program_parser

LENGTH = 512


def main() -> None:
    """Time the run of a spec."""
    start = time.monotonic()
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the run")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--steps", type=int, default=3, help="timed steps and predicted batches (default: %(default)s)")
    arguments = parser.parse_args()
    import torch
    from transformers import AutoTokenizer, Trainer  # noqa: F401  Trainer: its import was part of every run

    from emotion_grid.base.files import read_json
    from emotion_grid.data.rows import read_rows
    from emotion_grid.model.classifier import build_classifier

    spec = read_json(arguments.spec)
    size = spec["training"]["batch_size"]
    torch.set_num_threads(os.cpu_count())
    splits = {split: read_rows(arguments.data / f"{split}.csv") for split in ("train", "validation", "dev", "test")}
    tokenizer = AutoTokenizer.from_pretrained(arguments.encoder, local_files_only=True)
    tokens = {
        split: tokenizer(rows.texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt")
        for split, rows in splits.items()
        if len(rows)
    }
    model = build_classifier(spec, arguments.encoder)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=spec["training"]["learning_rate"])
    gold = torch.tensor(splits["train"].gold)
    order = torch.randperm(len(gold))
    startup, steps, predictions = time.monotonic() - start, [], []
    model.train()
    for step in range(arguments.steps + 1):
        begin = time.monotonic()
        rows = order[step * size : (step + 1) * size]
        loss = model(**{name: values[rows] for name, values in tokens["train"].items()}, labels=gold[rows]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        steps.append(time.monotonic() - begin)
    model.eval()
    with torch.no_grad():
        for _ in range(arguments.steps):
            begin = time.monotonic()
            model(**{name: values[:size] for name, values in tokens["validation"].items()})
            predictions.append(time.monotonic() - begin)
    print(json.dumps({"startup": startup, "steps": steps[1:], "predictions": predictions}))


if __name__ == "__main__":
    main()
