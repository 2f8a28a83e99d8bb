"""What is known of an encoder before its jobs run."""

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.encoders.abilities import Abilities, abilities
from emotion_grid.encoders.examining import find_facts
from emotion_grid.encoders.shape import Encoder
from emotion_grid.encoders.sources import Source, encoder_key
from testing.encoders import write_encoder
from testing.trying import COLUMNS, rows, write_known
from testing.zoo import FAMILIES, write_family


def known(cache, model="team/encoder") -> Abilities:
    return abilities(Source(Encoder("one", 4, 16), {"model": "team/encoder"}, model), cache)


def test_of_an_encoder_that_is_not_there_nothing_is_known(tmp_path):
    assert known(tmp_path) == Abilities()


@pytest.mark.parametrize("family", ["albert", "ctrl", "fnet", "gpt2", "mamba", "qwen3", "t5", "xlnet"])
def test_a_family_in_a_folder_is_known_for_what_fetching_will_find_out(tmp_path, family):
    """Fault: planning refuses what works, or lets pass what the first job refuses."""
    folder = write_family(tmp_path / "files", family)
    planned = known(tmp_path / "cache", str(folder))
    facts = find_facts(tmp_path, {"source": "./one", "layers": 4, "hidden_size": 16})
    write_json(tmp_path / "cache" / "encoders" / encoder_key({"model": "team/encoder"}) / "facts.json", facts)
    found = known(tmp_path / "cache")
    for name in ("inseparable", "enterable", "causal", "targets"):
        assert getattr(planned, name) == getattr(found, name), name
    assert found.linear is not None


def test_a_model_that_may_see_other_tokens_than_its_family_is_left_to_the_fetch(tmp_path):
    """Fault: EmbeddingGemma, a Gemma whose tokens all see each other, is taken for a language model."""
    for number, (more, causal) in enumerate([({}, True), ({"use_bidirectional_attention": True}, False)]):
        config = {"model_type": "gemma3_text", "num_hidden_layers": 4, "hidden_size": 16, **more}
        folder = write_encoder(tmp_path / str(number), config)
        assert known(tmp_path, str(folder)).causal is causal


def test_a_family_that_is_declined_says_why(tmp_path):
    folder = write_encoder(tmp_path / "one", {"model_type": "canine", "num_hidden_layers": 4, "hidden_size": 16})
    assert known(tmp_path, str(folder)).declined.startswith("expected an encoder that takes a text of one token")


def test_planning_knows_what_the_page_says(tmp_path, monkeypatch):
    """Fault: one of the two tables is written and the other is not."""
    from emotion_grid.encoders import abilities as module

    written = module.FAMILIES.read_text(encoding="utf-8")
    monkeypatch.setattr("testing.trying.KNOWN", tmp_path / "families.csv")
    write_known(rows())
    assert (tmp_path / "families.csv").read_text(encoding="utf-8") == written
    assert written.startswith(",".join(COLUMNS)) and len(written.splitlines()) == 1 + len(FAMILIES)
