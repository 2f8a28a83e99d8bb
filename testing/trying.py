"""Tries every family of the zoo in every axis: `python -m testing.trying` writes the table of docs/encoders.md and what planning knows of families."""

import csv
import sys
import tempfile
from pathlib import Path

import torch

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.abilities import FAMILIES as KNOWN
from emotion_grid.model.classifier import EmotionClassifier, build_classifier
from emotion_grid.model.encoder import load_encoder, quieten
from emotion_grid.model.whole import save_whole
from testing.tiny import PROJECT
from testing.zoo import FAMILIES, write_family

PAGE = PROJECT / "docs" / "encoders.md"
BEGIN, END = "<!-- zoo: written by python -m testing.trying -->", "<!-- end of zoo -->"
HEADER = "| family | `freeze: k` | features below frozen layers | LoRA | pooling | padding |"
COLUMNS = ("family", "freeze", "features", "LoRA", "pooling", "padding")
IDS = torch.tensor([[5, 6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 0, 0, 0], [16, 17, 0, 0, 0, 0, 0]])
MASK = (IDS > 0).long()


def try_family(family: str, folder: Path) -> str:
    """A family's row of the table: what works, or why it is declined.

    Args:
        folder: where its tiny model is written.
    """
    try:
        anatomy = load_encoder(write_family(folder, family)).anatomy
    except InputError as error:
        return f"| {family} | declined: {_short(error)} |  |  |  |  |"
    freeze = _works(folder, freeze=2)
    projections = [
        targets for targets in ("query-value", "all-linear") if _works(folder, lora={"targets": targets}) == "yes"
    ]
    poolings = [pooling for pooling in ("first", "last", "mean") if _works(folder, pooling=pooling) == "yes"]
    features = "yes" if anatomy.enterable else "computed in every epoch"
    padding = "one length at a time" if anatomy.padding else "any"
    cells = [freeze, features, ", ".join(projections) or "no", ", ".join(poolings), padding]
    return f"| {family} | {' | '.join(cells)} |"


def _works(folder: Path, freeze: int = 0, lora: dict | None = None, pooling: str = "mean") -> str:
    """`yes` if a classifier trains, and a reloaded and a published one give the same probabilities to 1e-5; else why it is declined."""
    spec = {
        "seed": 1,
        "head": {"type": "mlp", "size": 8, "layers": 2, "pooling": pooling, "dropout": 0.1},
        "freeze": freeze,
        "lora": {"rank": 2, "alpha": 4, "dropout": 0.0, **lora} if lora else None,
        "data": {"labels": ["one", "two"]},
        "training": {"max_length": 16},
    }
    try:
        model = build_classifier(spec, folder)
    except InputError as error:
        return f"no: {_short(error)}"
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    model.train()(IDS, MASK, labels=torch.tensor([[0.0, 1], [1, 0], [1, 1]])).loss.backward()
    optimizer.step()
    expected = _probabilities(model)
    with tempfile.TemporaryDirectory() as scratch:
        model.save(scratch)
        found = _probabilities(EmotionClassifier.from_pretrained(scratch))
        save_whole(EmotionClassifier.from_pretrained(scratch, merge=True), Path(scratch) / "whole")
        whole = _probabilities(EmotionClassifier.from_pretrained(Path(scratch) / "whole"))
    alone = torch.cat([_probabilities(model, slice(row, row + 1), int(MASK[row].sum())) for row in range(len(IDS))])
    for what, other in (("a reloaded model", found), ("a published model", whole), ("texts alone", alone)):
        assert (expected - other).abs().max() <= 1e-5, f"{folder.name}: {what} {(expected - other).abs().max():.1e} off"
    return "yes"


def _probabilities(model: EmotionClassifier, rows: slice = slice(None), tokens: int | None = None) -> torch.Tensor:
    with torch.no_grad():
        return torch.sigmoid(model.eval()(IDS[rows, :tokens], MASK[rows, :tokens]).logits)


def _short(error: InputError) -> str:
    """The reason in a message."""
    said = str(error)
    return said.partition(", since ")[2].partition(";")[0] or said.partition(": ")[2].partition(";")[0]


def rows() -> list[str]:
    """The rows of the table as the page has them."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return [line for line in table.splitlines() if line.startswith("| ") and line != HEADER]


def write_known(table: list[str]) -> None:
    """Write the table as planning reads it.

    Args:
        table: its rows as the page has them.
    """
    with KNOWN.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *(row.strip("| ").replace("|  ", "| ").split(" | ") for row in table)])


def main() -> None:
    """Write the tables."""
    quieten()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        found = []
        for family in FAMILIES:
            print(family, flush=True)
            found.append(try_family(family, Path(scratch) / family))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    table = "\n".join([BEGIN, HEADER, "|---|---|---|---|---|---|", *found, END])
    PAGE.write_text(before + table + rest.partition(END)[2], encoding="utf-8")
    write_known(found)


if __name__ == "__main__":
    sys.exit(main())
