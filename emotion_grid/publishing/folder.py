"""The folder of a published model, as it can be uploaded to a hub."""

import shutil
from pathlib import Path

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import whole_folder, write_text
from emotion_grid.base.integrity import known_names
from emotion_grid.base.layout import LABELLING, MODEL_RECORD
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import MODEL
from emotion_grid.publishing.about import About
from emotion_grid.publishing.card import published_card
from emotion_grid.publishing.facts import read_facts

OWN = ("config.json", "model.safetensors", "README.md")
"""What a published folder has in another form than the run's."""


def publish(run: Path, output: Path, about: About, encoder: Path | None, onnx: bool) -> None:
    """Write a model's folder: all weights with the adapters merged, the tokenizer, how it labels, and a card.

    Args:
        run: the run's folder, with its model.
        output: the folder to write, which must not be there.
        encoder: where its encoder lies, if not where it lay at training.
        onnx: whether to write model.onnx, too.

    Raises:
        InputError: what is missing, or not as it was written.
    """
    if output.exists():
        raise InputError(
            f"{output}: expected the name of a new folder, found one that is there; remove it or name another"
        )
    facts, source = read_facts(run), run / MODEL
    if not (source / LABELLING).is_file():
        raise InputError(
            f"{source}: expected a model with {LABELLING}, found none; start Snakemake once more, which writes it"
        )
    set_up_environment(1)
    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.encoder import quieten
    from emotion_grid.model.tokenizer import load_tokenizer
    from emotion_grid.model.whole import save_whole
    from emotion_grid.publishing.onnx import check_packages, export

    quieten()
    if onnx:
        check_packages()
    model = EmotionClassifier.from_pretrained(source, encoder, merge=True)
    with whole_folder(output) as folder:
        save_whole(model, folder)
        for name in {LABELLING, *known_names(source / MODEL_RECORD)} - {*OWN}:
            shutil.copy(source / name, folder / name)
        if onnx:
            off = export(model, load_tokenizer(folder), folder / "model.onnx")
            log(f"model.onnx: the largest difference of a logit from the model's is {off:.2g}")
        write_text(folder / "README.md", published_card(facts, about, onnx))
