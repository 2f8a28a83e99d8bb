"""What an encoder is known not to do is refused when the study is planned, with the block and what to do."""

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.encoders.sources import encoder_key
from testing.encoders import write_encoder
from testing.grids import LARGE, plan, points, refusal
from testing.vectors import VECTORS, write_words

MEAN = {"type": "mlp", "pooling": "mean"}
FREE: dict = {"layers": "layers", "why": "", "enterable": True, "causal": False}
LORA = {"targets": ["query-value", "all-linear"], "linear": ["q_proj", "v_proj"]}


@pytest.fixture
def cache(tmp_path):
    """Call with what fetching found out of the encoder `large`: the config's cache."""

    def fetched(lora=LORA, **anatomy) -> str:
        _, sources = plan({}, encoders={"small": LARGE})
        folder = tmp_path / "encoders" / encoder_key(sources["small"].spec)
        write_json(folder / "facts.json", {"anatomy": {**FREE, **anatomy}, "lora": lora})
        return str(tmp_path)

    return fetched


@pytest.mark.parametrize(
    ("block", "found", "said", "way_out"),
    [
        (
            {"freeze": [0, "half"]},
            {"layers": "", "why": "its layers share their weights"},
            "freeze: expected 0 or all for small, since its layers share their weights; found 6",
            {"freeze": 6},
        ),
        (
            {"head": [MEAN, {"type": "mlp"}]},
            {"causal": True},
            "head.pooling: expected last or mean for small, a language model",
            {"head": {"pooling": "first"}},
        ),
        (
            {"lora": ["none", {"rank": 4}]},
            {"lora": {"targets": ["all-linear"], "linear": ["dense"]}},
            "lora: small: expected targets all-linear, found query-value",
            {"lora": {"rank": 4}},
        ),
        (
            {"lora": ["none", {"rank": 4}]},
            {"lora": {"targets": [], "linear": []}},
            "lora: small: expected none, since no projection of it can be adapted",
            {"lora": {"rank": 4}},
        ),
        (
            {"lora": ["none", {"rank": 4, "targets": "q_proj+k_proj"}]},
            {},
            "lora: small: expected targets among its linear layers (q_proj, v_proj), found k_proj",
            {"lora": {"rank": 4}},
        ),
    ],
    ids=["freeze", "pooling", "query-value", "no-lora", "names"],
)
def test_it_is_refused_in_its_block_and_the_way_out_works(cache, block, found, said, way_out):
    """Fault: it is refused after the download, or in the middle of a grid of 600 runs."""
    config = {"encoders": {"small": LARGE}, "cache_root": cache(**found)}
    message = refusal({}, block, **config) if "causal" not in found else refusal({"head": MEAN}, block, **config)
    assert message.startswith(f"grid[1].{said}")
    entry = f"{{encoder: small, {', '.join(f'{key}: {value}' for key, value in way_out.items())}}}".replace("'", "")
    assert f"exclude: [{entry}]" in message
    assert len(points({**block, "exclude": [{"encoder": "small", **way_out}]}, **config)) == 1


def test_what_it_does_is_planned(cache):
    config = {"encoders": {"small": LARGE}, "cache_root": cache(causal=True)}
    assert len(points({"head": {**MEAN, "pooling": "last"}, "freeze": ["half", "all"]}, **config)) == 2
    assert len(points({"head": {"type": "attention"}, "lora": {"rank": 2, "targets": "q_proj+v_proj"}}, **config)) == 1


def test_frozen_layers_that_are_computed_again_are_told_once_for_each_block(cache, capsys):
    config = {"encoders": {"small": LARGE}, "cache_root": cache(enterable=False)}
    assert len(points({"freeze": [0, 1, 2, "all"]}, **config)) == 4
    assert (
        capsys.readouterr().err.count("Note: grid[0].freeze: the layers of small cannot be computed from stored") == 1
    )
    points({"freeze": [0, "all"]}, **config)
    assert capsys.readouterr().err == ""


def test_an_encoder_in_a_folder_is_known_by_its_family(tmp_path):
    config = {"model_type": "albert", "num_hidden_layers": 4, "hidden_size": 16}
    folder = write_encoder(tmp_path / "one", config)
    message = refusal({"freeze": 1}, encoders={"small": {"model": str(folder)}}, cache_root=str(tmp_path / "cache"))
    assert "its layers share their weights" in message


@pytest.fixture
def words(tmp_path):
    """A config whose encoder `small` is a file of word vectors."""
    path = write_words(tmp_path / "words.txt", VECTORS)
    return {"encoders": {"small": {"model": f"vectors:{path}"}}, "cache_root": str(tmp_path / "cache")}


@pytest.mark.parametrize(
    ("block", "said", "way_out"),
    [
        ({"freeze": [0, 3]}, "freeze: expected 0 or all for small, which has no layers", {"freeze": 3}),
        ({"freeze": ["half", 0]}, "freeze: expected 0 or all for small, which has no layers", {"freeze": "half"}),
        (
            {"head": [MEAN, {"type": "mlp"}]},
            "head.pooling: expected mean for small, since a word vector knows of no other word of the text; found first",
            {"head": {"pooling": "first"}},
        ),
        (
            {"head": [MEAN, {"type": "mlp", "pooling": "last"}]},
            "head.pooling: expected mean for small",
            {"head": {"pooling": "last"}},
        ),
        (
            {"lora": ["none", {"rank": 4}]},
            "lora: small: expected none, since no projection of it can be adapted",
            {"lora": {"rank": 4}},
        ),
    ],
    ids=["freeze", "half", "first", "last", "lora"],
)
def test_what_word_vectors_cannot_is_refused_before_they_are_read(words, block, said, way_out):
    """Fault: LoRA without anything to adapt, or a classifier that reads the first word of each text alone."""
    block = {"head": MEAN, **block}
    assert refusal(block, **words).startswith(f"grid[0].{said}")
    assert len(points({**block, "exclude": [{"encoder": "small", **way_out}]}, **words)) == 1


def test_word_vectors_are_trained_or_fixed(words):
    """Fault: `freeze: 0` of no layers is all of them, so that vectors never train."""
    found = points({"head": [MEAN, {"type": "lstm"}], "freeze": [0, "all"]}, **words)
    assert [point.values["freeze"] for point in found] == [0, "all", 0, "all"]
