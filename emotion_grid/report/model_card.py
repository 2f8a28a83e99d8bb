"""The card of a saved model: what it is, how it was made, how good it is."""

import pandas as pd

USE = """In the project's folder, its environment activated:

```python
from transformers import AutoTokenizer
from emotion_grid import EmotionClassifier

folder = "{folder}"
model, tokenizer = EmotionClassifier.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
texts = ["What a day!", "Who is there?"]
inputs = tokenizer(texts, padding=True, truncation=True, max_length=model.config.max_length, return_tensors="pt")
probabilities = model(**inputs).logits.sigmoid()  # a row a text, a column a label: model.config.labels
```"""


def write_card(row: pd.Series, metrics: pd.DataFrame, spec: dict, provenance: dict, folder: str) -> str:
    """A model card in Markdown.

    Args:
        row: the run's row of summary.csv.
        metrics: the run's rows of metrics.csv.
        spec, provenance: the run's files.
        folder: the model's folder, as a person would type it.
    """
    encoder, data = spec["encoder"], spec["data"]
    facts = {
        "Encoder": f"{encoder.get('model', 'a local folder')}, revision {encoder.get('revision', encoder.get('folder'))}",
        "Head": ", ".join(f"{key} {value}" for key, value in spec["head"].items() if value is not None),
        "Frozen layers": spec["freeze"],
        "LoRA": "none" if spec["lora"] is None else ", ".join(f"{key} {value}" for key, value in spec["lora"].items()),
        "Labels": ", ".join(data["labels"]),
        "Data": "; ".join(f"{split} sha256 {value[:12]}" for split, value in data["files"].items()),
        "Split": f"validation {data['validation']:g} of train, seed {data['split_seed']}"
        + (f", fold {data['fold']} of {data['folds']}" if data["fold"] else ""),
        "Cleaning": ", ".join(data["clean"]) or "none",
        "Training": ", ".join(f"{key} {value}" for key, value in spec["training"].items()),
        "Seed": spec["seed"],
        "Parameters trained": f"{provenance['trainable_parameters']:,} of {provenance['total_parameters']:,}",
        "Best epoch": f"{provenance['best_epoch']} of {provenance['epochs_trained']}",
        "Trained": f"{provenance['finished']}, {provenance['train_seconds']:.0f} s on {provenance['device']} in {provenance['precision']}",
        "Threshold": row["threshold"],
    }
    tuned = metrics[(metrics["threshold"] == "tuned") & metrics["label"].isna()]
    lines = [
        f"# {row['run']}",
        "",
        "An encoder with a classification head for several emotions at once, trained by emotion-grid.",
        "",
        "## Performance",
        "",
    ]
    lines += ["| split | metric | score | interval |", "|---|---|---|---|"]
    lines += [f"| {cell.split} | {cell.metric} | {cell.value:.3f} | {_interval(cell)} |" for cell in tuned.itertuples()]
    lines += [
        "",
        "Validation chose the epoch and the threshold: its scores are too good. Dev and test chose nothing.",
        "",
    ]
    lines += ["## How it was made", "", "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in facts.items())]
    lines += ["", "## Use", "", USE.format(folder=folder), ""]
    return "\n".join(lines)


def _interval(cell: tuple) -> str:
    return "" if pd.isna(cell.low) else f"{cell.low:.3f} to {cell.high:.3f}"
