"""What the config says of encoders: shapes, revisions, packages and folders."""

import json

import pytest

from emotion_grid.encoders.kinds.package import distributions
from emotion_grid.encoders.sources import encoder_key, local_path
from testing.grids import COMMIT, LARGE, plan, refusal


def test_unknown_encoder_needs_its_shape():
    bare = {"model": "team/large", "revision": COMMIT}
    for entry in (bare, {**bare, "layers": 2}, {**bare, "hidden_size": 8}):
        message = refusal({}, encoders={"small": entry})
        assert message.startswith("encoders.small: ")
        assert "layers and hidden_size" in message
    (point,), sources = plan({}, encoders={"small": {**bare, "layers": 2, "hidden_size": 8}})
    assert point.values["head"]["size"] == 8
    assert (sources["small"].spec["layers"], sources["small"].spec["hidden_size"]) == (2, 8)


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:39], COMMIT[:12], COMMIT + "0", COMMIT.upper()])
def test_hub_model_needs_a_commit_not_a_branch(revision):
    message = refusal({}, encoders={"small": {**LARGE, "revision": revision}})
    assert message.startswith("encoders.small.revision: ")
    assert "40 hexadecimal" in message
    assert message.endswith(f"found {revision}")


def test_hub_model_without_revision_is_refused_and_a_well_known_one_has_its_own():
    entry = {key: value for key, value in LARGE.items() if key != "revision"}
    assert refusal({}, encoders={"small": entry}).startswith("encoders.small.revision: missing")
    _, sources = plan({}, encoders={"small": {"model": "FacebookAI/roberta-base"}})
    assert len(sources["small"].spec["revision"]) == 40
    assert (sources["small"].encoder.layers, sources["small"].encoder.hidden_size) == (12, 768)


def test_package_without_version_is_refused():
    entry = {"model": "package:somebodys-encoder", "layers": 2, "hidden_size": 8}
    assert refusal({}, encoders={"small": entry}).startswith("encoders.small.revision: missing")


def test_another_revision_is_not_held_to_the_weights_of_the_well_known_one():
    model = "sentence-transformers/all-MiniLM-L6-v2"
    _, known = plan({}, encoders={"small": {"model": model}})
    _, other = plan({}, encoders={"small": {"model": model, "revision": COMMIT}})
    assert known["small"].spec["sha256"]
    assert other["small"].spec["revision"] == COMMIT
    assert other["small"].spec.get("sha256") is None


def test_encoder_in_a_folder_is_known_by_its_content(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({"num_hidden_layers": 3, "hidden_size": 16}))
        (tmp_path / name / "model.safetensors").write_bytes(b"weights")
        (tmp_path / name / "notes.txt").write_text(name)
    specs = []
    for name in ("one", "two"):
        (point,), sources = plan({"freeze": "half"}, encoders={"small": {"model": str(tmp_path / name)}})
        assert (point.values["freeze"], point.values["head"]["size"]) == (1, 16)
        specs.append(sources["small"].spec)
    assert specs[0] == specs[1]
    third = tmp_path / "three"
    third.mkdir()
    (third / "config.json").write_text(json.dumps({"num_hidden_layers": 3, "hidden_size": 16}))
    (third / "model.safetensors").write_bytes(b"other weights")
    _, sources = plan({}, encoders={"small": {"model": str(third)}})
    assert sources["small"].spec != specs[0]


def test_only_used_encoders_are_planned_and_two_names_share_a_folder():
    _, sources = plan({})
    assert list(sources) == ["small"]
    _, sources = plan({"encoder": ["one", "two"]}, encoders={"one": LARGE, "two": LARGE})
    assert encoder_key(sources["one"].spec) == encoder_key(sources["two"].spec)


def test_parts_of_a_package_are_written_out():
    assert distributions("package:a-part-{001..003}") == ["a-part-001", "a-part-002", "a-part-003"]
    assert distributions("package:a-{9..11}-b") == ["a-9-b", "a-10-b", "a-11-b"]
    assert distributions("package:plain") == ["plain"]


def test_folder_at_home_is_written_out_for_jobs_and_one_beside_the_config_is_not(tmp_path, monkeypatch):
    """Fault: inside the image another folder is home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "config.json").write_text(json.dumps({"num_hidden_layers": 3, "hidden_size": 16}))
    (tmp_path / "one" / "model.safetensors").write_bytes(b"weights")
    for model, found in (("~/one", str(tmp_path / "one")), ("./one", "./one")):
        _, sources = plan({}, encoders={"small": {"model": model}})
        assert sources["small"].model == found
    assert local_path("~/one") == tmp_path / "one"
    assert local_path("package:one") is local_path("team/one") is None
