"""Padding changes nothing: neither its side, nor its length, nor the token that stands for it."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from emotion_grid.base.messages import InputError
from emotion_grid.model import anatomy
from emotion_grid.model.classifier import build_classifier
from emotion_grid.model.encoder import load_encoder
from testing.classifiers import HEADS
from testing.zoo import write_family

HARMLESS = (
    "bert",
    "roberta",
    "mpnet",
    "deberta-v2",
    "modernbert",
    "xlnet",
    "t5",
    "gpt2",
    "qwen2",
    "gemma3_text",
    "big_bird",
)
CHANGED = ("convbert", "nystromformer", "fnet", "yoso", "mobilebert")
"""Families in which padding would change the hidden states of a text's own tokens."""

LENGTHS = (3, 9, 5, 9, 1)


@pytest.fixture(scope="module")
def encoder_of(encoders, tmp_path_factory):
    """Call with a family: its folder; MobileBERT's padding has an embedding, as in the published one."""

    def folder(family):
        if family != "mobilebert":
            return encoders(family)
        made = write_family(tmp_path_factory.mktemp("padded") / family, family)
        weights = load_file(made / "model.safetensors")
        torch.nn.init.normal_(weights["embeddings.word_embeddings.weight"][0])
        save_file(weights, made / "model.safetensors", metadata={"format": "pt"})
        return made

    return folder


def _batch(side: str, fill: int, multiple: int = 1):
    """Texts of `LENGTHS` tokens and the padded batch of them, each token's embedding another one."""
    torch.manual_seed(5)
    texts = [torch.randint(5, 95, (length,)) for length in LENGTHS]
    width = -(-max(LENGTHS) // multiple) * multiple
    ids, mask = torch.full((len(texts), width), fill), torch.zeros(len(texts), width, dtype=torch.long)
    for row, text in enumerate(texts):
        place = slice(0, len(text)) if side == "right" else slice(width - len(text), width)
        ids[row, place], mask[row, place] = text, 1
    return texts, {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("head", ["mlp-first", "mlp-last", "mlp-mean", "attention-2", "lstm-attention"])
@pytest.mark.parametrize("family", HARMLESS + CHANGED)
def test_padding_on_either_side_changes_no_probability(encoder_of, make_spec, family, head):
    """Fault: a tokenizer that pads on the left made the first column padding, and other probabilities by 0.126."""
    folder = encoder_of(family)
    if load_encoder(folder).anatomy.causal and head == "mlp-first":
        head = "mlp-last"
    model = build_classifier(make_spec(folder, HEADS[head]), folder).eval()
    texts, _ = _batch("right", 0)
    with torch.no_grad():
        alone = torch.cat([model(input_ids=text.unsqueeze(0)).logits for text in texts])
        for side, fill, multiple in (("right", 0, 1), ("left", 0, 1), ("right", 0, 8), ("left", 7, 8)):
            together = model(**_batch(side, fill, multiple)[1]).logits
            assert torch.allclose(together, alone, rtol=0, atol=1e-5), (side, fill, multiple)
    assert alone.std(0).min() > 1e-3


@pytest.mark.parametrize("family", HARMLESS + CHANGED)
def test_what_padding_does_is_found_out(encoder_of, family):
    """Fault: texts of one length at a time where that is not needed, which is slow, or not where it is."""
    assert load_encoder(encoder_of(family)).anatomy.padding == (family in CHANGED)


@pytest.mark.parametrize("family", ["funnel", "canine"])
def test_an_encoder_that_takes_no_short_text_is_refused(encoders, family):
    """Fault: a family that pools several tokens into one ends a run in the middle, at the first text that is too short."""
    with pytest.raises(InputError, match="a text of one token"):
        load_encoder(encoders(family))


def test_an_encoder_whose_answer_depends_on_chance_or_the_batch_is_refused(encoders, monkeypatch):
    """Fault: features and predictions that differ from call to call, or with the texts of a batch."""
    encoder = load_encoder(encoders("bert")).model
    forward, calls = type(encoder).forward, []

    def unsteady(self, *args, **options):
        calls.append(1)
        output = forward(self, *args, **options)
        output.last_hidden_state = output.last_hidden_state * (1 + len(calls) / 100)
        return output

    def mixing(self, *args, **options):
        output = forward(self, *args, **options)
        output.last_hidden_state = output.last_hidden_state - output.last_hidden_state.mean(0)
        return output

    for fault, said in ((unsteady, "a second time"), (mixing, "in a batch with another text")):
        monkeypatch.setattr(type(encoder), "forward", fault)
        with pytest.raises(InputError, match=said):
            anatomy.examine(encoder)
