"""The program that fetches an encoder: what it records, and how it fails."""

import sys

import pytest

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import read_json, write_json
from scripts import fetch_encoder as program
from testing.encoders import hub_spec, sha256, spec_of, write_encoder
from testing.tiny import make_encoder


def _not_found() -> Exception:
    from huggingface_hub.errors import LocalEntryNotFoundError

    return LocalEntryNotFoundError("Cannot reach the hub.\nMore lines\nof advice.")


def _proxy_error() -> Exception:
    """What the hub's own HTTP library raises behind a proxy that does not answer; the hub passes it on as it is."""
    from huggingface_hub.errors import HfHubHTTPError

    library = sys.modules[HfHubHTTPError.__mro__[1].__module__.split(".")[0]]
    return library.ProxyError("502 Bad Gateway")


@pytest.mark.parametrize(
    "error",
    [_not_found, lambda: ConnectionError("no route"), lambda: TimeoutError(), _proxy_error],
    ids=["hub", "os", "silent", "proxy"],
)
def test_no_connection_is_one_plain_line(hub, tmp_path, monkeypatch, capsys, error):
    hub(error=error())
    write_json(tmp_path / "spec.json", hub_spec())
    output = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["fetch", "--spec", str(tmp_path / "spec.json"), "--output", str(output)])
    assert run_program(program.main) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    after = said[said.index("error: ") :]
    assert after.count("\n") == 1
    assert after.startswith("error: team/encoder: could not be fetched from the hub")
    assert "connection" in after
    assert not (output / "fetched.json").exists()
    assert not (output / "files").exists()


def test_program_records_every_file(tmp_path, monkeypatch):
    folder = tmp_path / "source"
    make_encoder(folder, 1)
    write_json(tmp_path / "spec.json", spec_of(folder, layers=3))
    output = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["fetch", "--spec", str(tmp_path / "spec.json"), "--output", str(output)])
    assert run_program(program.main) == 0
    digests = read_json(output / "fetched.json")["digests"]
    names = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert {name: digests.get(f"files/{name}") for name in names} == {
        name: sha256((folder / name).read_bytes()) for name in names
    }
    assert set(digests) == {*(f"files/{name}" for name in names), "facts.json", "fetched.json"}


def test_program_refuses_with_status_1_and_leaves_no_record(tmp_path, monkeypatch, capsys):
    folder = write_encoder(tmp_path / "source")
    write_json(tmp_path / "spec.json", spec_of(folder, layers=9))
    output = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["fetch", "--spec", str(tmp_path / "spec.json"), "--output", str(output)])
    assert run_program(program.main) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (output / "fetched.json").exists()
