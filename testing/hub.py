"""A hub on loopback that serves data sets: as much of the Hugging Face hub as `datasets` asks for."""

import hashlib
import json
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from testing.serving import at_work


class FakeHub(ThreadingHTTPServer):
    """Serves folders as data sets, each at one commit.

    Attributes:
        folders: by owner, name and commit (`owner/name@commit`).
        downloads: the files that were asked for, in order.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folders: dict[str, Path] = {}
        self.downloads: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """What makes a program ask this hub."""
        return {"HF_ENDPOINT": self.address, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/").split("/")
        if path[:2] == ["api", "datasets"]:
            self._describe("/".join(path[2:4]), *path[4:])
        elif path[:1] == ["datasets"] and path[3:4] == ["resolve"]:
            self._send_file("/".join(path[1:3]), path[4], "/".join(path[5:]))
        else:
            self._answer(404, b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        name, kind, commit = unquote(urlsplit(self.path).path).strip("/").removeprefix("api/datasets/").rsplit("/", 2)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        wanted = json.loads(body)["paths"] if body.startswith("{") else parse_qs(body)["paths"]
        folder = self.server.folders.get(f"{name}@{commit}")
        if kind != "paths-info" or folder is None:
            self._answer(404, b"")
        else:
            self._answer_json([_entry(folder, folder / path) for path in wanted if (folder / path).exists()])

    def _describe(self, name: str, kind: str, commit: str = "", *inside: str) -> None:
        folder = self.server.folders.get(f"{name}@{commit}")
        if folder is None:
            known = any(key.startswith(f"{name}@") for key in self.server.folders)
            self._answer(404, b"", {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"})
        elif kind == "tree":
            place = folder.joinpath(*inside)
            deep = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0].lower() in ("true", "1")
            self._answer_json([_entry(folder, path) for path in sorted(place.rglob("*") if deep else place.glob("*"))])
        else:
            self._answer_json({"id": name, "sha": commit, "siblings": [], "private": False, "gated": False})

    def _send_file(self, name: str, commit: str, path: str) -> None:
        folder = self.server.folders.get(f"{name}@{commit}")
        if folder is None:
            self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif not (folder / path).is_file():
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        else:
            content = (folder / path).read_bytes()
            if self.command == "GET":
                self.server.downloads.append(path)
            headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            self._answer(200, content, headers)

    def _answer_json(self, value: Any) -> None:
        self._answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def _entry(folder: Path, path: Path) -> dict[str, Any]:
    """What the hub says of a file or folder."""
    place = path.relative_to(folder).as_posix()
    if path.is_dir():
        return {"type": "directory", "path": place, "oid": hashlib.sha1(place.encode()).hexdigest(), "size": 0}
    content = path.read_bytes()
    return {"type": "file", "path": place, "oid": hashlib.sha1(content).hexdigest(), "size": len(content)}


def fake_hub() -> AbstractContextManager[FakeHub]:
    """A hub that is there while the block runs."""
    return at_work(FakeHub())


def write_dataset(
    folder: Path, configurations: dict[str, dict[str, list[dict[str, Any]]]], classes: dict[str, list[str]]
) -> None:
    """Write a data set as `push_to_hub` does: Parquet files, and a card that says which belong to which split.

    Args:
        configurations: the rows of each split, by the names of configuration and split.
        classes: names of the classes of each column that holds numbers of classes, or lists of them.
    """
    from datasets import ClassLabel, Dataset, Features, List, Value

    card = ["---", "configs:"]
    for configuration, splits in configurations.items():
        card += [f"- config_name: {configuration}", "  data_files:"]
        for split, rows in splits.items():
            features = {name: Value("string") for name in rows[0]}
            for name, names in classes.items():
                label = ClassLabel(names=names)
                features[name] = List(label) if isinstance(rows[0][name], list) else label
            path = folder / configuration / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            Dataset.from_list(rows, features=Features(features)).to_parquet(path)
            card += [f"  - split: {split}", f"    path: {configuration}/{split}-*"]
    (folder / "README.md").write_text("\n".join([*card, "---", "# A data set", ""]))
