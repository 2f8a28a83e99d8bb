"""Fetching a split from a hub on loopback: what comes of it, what is refused, and what is left when it fails."""

import errno
import pickle
import threading

import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data import fetching
from emotion_grid.data.fetching import expect_fetched, fetch
from emotion_grid.data.forms import Form
from emotion_grid.data.hub import HubSplit
from emotion_grid.data.sources import read_source
from testing.hub import fake_hub, write_dataset

COMMIT = "5e1f" * 10
ROWS = [{"text": "so glad", "labels": [0]}, {"text": "a spider", "labels": [1, 0]}, {"text": "a table", "labels": []}]


@pytest.fixture(scope="module")
def served():
    with fake_hub() as hub:
        yield hub


@pytest.fixture
def hub(served, tmp_path, monkeypatch):
    """The hub that the libraries ask, with a data set of two configurations; they are imported long before, with another one."""
    import datasets
    import huggingface_hub

    for module in (datasets.config, huggingface_hub.constants):
        monkeypatch.setattr(module, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", served.address)
    form = served.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", served.address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", form)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "home"))
    served.downloads.clear()
    served.folders = {f"team/feelings@{COMMIT}": tmp_path / "feelings"}
    splits = {"train": ROWS, "test": ROWS[:1]}
    write_dataset(tmp_path / "feelings", {"simple": splits, "raw": splits}, {"labels": ["joy", "fear"]})
    huggingface_hub.HfFileSystem.clear_instance_cache()
    return served


def cached(
    tmp_path, configuration: str = "simple", split: str = "train", revision: str = COMMIT, dataset="team/feelings"
):
    """A split, and its folder in the cache with its spec, as a start leaves it."""
    source = HubSplit(dataset, revision, configuration, split)
    write_json(tmp_path / source.key / "spec.json", source.spec)
    return source, tmp_path / source.key


def refusal(source: HubSplit, folder) -> str:
    """The line with which a fetch is refused; nothing may be left of it."""
    with pytest.raises(InputError) as caught:
        fetch(source, folder)
    assert [path.name for path in folder.iterdir()] == ["spec.json"]
    assert str(caught.value).startswith(f"{source}: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_a_split_is_fetched_alone_and_once_and_read_with_the_names_of_its_classes(hub, tmp_path):
    source, folder = cached(tmp_path)
    fetch(source, folder)
    assert read_source(folder / "files", Form()).rows == [
        ["so glad", '["joy"]'],
        ["a spider", '["fear", "joy"]'],
        ["a table", "[]"],
    ]
    assert [name for name in hub.downloads if name.endswith(".parquet")] == ["simple/train-00000-of-00001.parquet"]
    digests = read_json(folder / "fetched.json")["digests"]
    assert {"spec.json", "files/state.json", "files/data-00000-of-00001.arrow"} <= set(digests)
    assert sorted(path.name for path in folder.iterdir()) == ["fetched.json", "files", "spec.json"]
    hub.folders.clear()
    fetch(source, folder)  # by what is there

    expect_fetched({"train": str(source)}, {"train": folder / "files"})
    other = HubSplit("team/feelings", COMMIT, "simple", "test")
    with pytest.raises(InputError, match=r"expected hub:team/feelings@.*/simple/test"):
        expect_fetched({"train": str(other)}, {"train": folder / "files"})
    (folder / "files" / "data-00000-of-00001.arrow").write_bytes(b"others")
    with pytest.raises(InputError, match="SHA-256"):
        expect_fetched({"train": str(source)}, {"train": folder / "files"})
    with pytest.raises(InputError, match="could not be fetched"):  # and is not taken for whole
        fetch(source, folder)


def test_what_a_killed_fetch_left_is_no_data_and_goes(hub, tmp_path):
    source, folder = cached(tmp_path)
    (folder / ".files.killed").mkdir()
    (folder / ".files.killed" / "state.json").write_text("{}")
    (folder / "files").mkdir()
    (folder / "files" / "state.json").write_text("{")
    fetch(source, folder)
    assert len(read_source(folder / "files", Form()).rows) == 3
    assert not list(folder.glob(".files.*"))


def test_configurations_and_splits_that_there_are_are_listed(hub, tmp_path):
    assert "expected one of its configurations (simple, raw), found sample" in refusal(*cached(tmp_path, "sample"))
    assert "expected one of its splits (train, test), found dev" in refusal(*cached(tmp_path, "raw", "dev"))
    assert "doesn't exist" in refusal(*cached(tmp_path, revision="0" * 40))
    assert "doesn't exist" in refusal(*cached(tmp_path, dataset="team/nothing"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("feelings.py", b"raise SystemExit", "scripts"),
        ("train.pkl", pickle.dumps(ROWS), "supported"),
        ("train.txt", b"so glad\n", "found files that `datasets` reads as text"),
    ],
    ids=["script", "pickle", "text"],
)
def test_scripts_pickles_and_other_forms_are_not_taken(hub, tmp_path, name, content, said):
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / name.replace("feelings", "strange")).write_bytes(content)
    hub.folders[f"team/strange@{COMMIT}"] = folder
    assert said in refusal(*cached(tmp_path, "default", dataset="team/strange"))


OTHER = "0" * 40


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"hf://datasets/team/others@{COMMIT}/a.csv", "Data files don't belong to team/feelings"),
        (f"hf://datasets/team/feelings@{OTHER}/a.csv", "expected files of this commit alone, found hf://"),
        ("{here}/others/a.csv", "Data files don't belong to team/feelings"),
    ],
    ids=["data set", "commit", "machine"],
)
def test_a_card_cannot_lead_out_of_the_commit(hub, tmp_path, path, said):
    """Fault: a data set on the hub reads a file of this machine, or one that its commit does not pin."""
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "a.csv").write_text("text,labels\nmine,joy\n")
    hub.folders |= dict.fromkeys((f"team/others@{COMMIT}", f"team/feelings@{OTHER}"), tmp_path / "others")
    file = path.format(here=tmp_path)
    card = f"---\nconfigs:\n- config_name: raw\n  data_files:\n  - split: train\n    path: {file}\n---\n"
    (tmp_path / "feelings" / "README.md").write_text(card)
    assert said in refusal(*cached(tmp_path, "raw"))


def test_two_who_need_one_split_fetch_it_once(tmp_path, monkeypatch):
    source, folder = cached(tmp_path)
    begun, made = threading.Event(), []

    def slowly(source, target):
        made.append(source)
        begun.wait(0.3)
        (target / "state.json").write_text("{}")

    monkeypatch.setattr(fetching, "_download", slowly)
    members = [threading.Thread(target=fetch, args=(source, folder)) for _ in range(3)]
    for member in members:
        member.start()
    for member in members:
        member.join(60)
    assert made == [source] and (folder / "fetched.json").is_file()


def test_no_connection_and_a_full_disk_are_told_apart(hub, tmp_path, monkeypatch):
    import datasets

    source, folder = cached(tmp_path)
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda *_, **__: _raise(ConnectionError("no route")))
    said = refusal(source, folder)
    assert "(ConnectionError: no route)" in said and "share the cache" in said
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda *_, **__: _raise(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError) as caught:
        fetch(source, folder)
    assert caught.value.errno == errno.ENOSPC


def _raise(error: Exception):
    raise error
