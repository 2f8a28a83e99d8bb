"""A Python whose imports are done: programs that tests start one after another are forks of one process that has imported the libraries.

To import torch and transformers takes a program seconds; to train the tests' tiny encoders, none. `WarmPython.python` is called like
any Python. `python -m <module>` becomes a fork of the process that waits, with the caller's arguments, folder, environment, standard
files and exit status; whatever else it is asked for, the real Python does. No module of the project is imported before the fork: every
checkout has its own. A fork does not belong to its caller's process group: what tests kill, they start with the real Python.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = (
    "snakemake.cli",
    "torch._dynamo",
    "torch._inductor.config",
    "transformers.trainer",
    "transformers.models.bert.modeling_bert",
    "peft",
    "pandas",
    "scipy.stats",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "pyarrow.parquet",
)
"""What most programs import."""

CALLER = """#!{python} -ISE
import os, signal, sys
if sys.argv[1:2] != ["-m"]:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import json, socket
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
umask = os.umask(0)
os.umask(umask)
request = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ), umask]).encode("utf-8", "surrogateescape")
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
status = int.from_bytes(server.recv(2), "big", signed=True)
if status < 0:
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""
"""The program that is called as Python: it hands over what it was called with and ends as the fork did."""


class WarmPython:
    """A process with all imports done, and a program `python` that is served by it.

    Args:
        folder: an empty one, for the program and the socket.

    Attributes:
        python: path of the program.
    """

    def __init__(self, folder: Path):
        self.python = folder / "bin" / "python"
        self.python.parent.mkdir()
        address = folder / "socket"
        self.python.write_text(CALLER.format(python=sys.executable, address=str(address)))
        self.python.chmod(0o755)
        read, write = os.pipe()
        command = [sys.executable, "-m", "testing.warm", str(address), str(write), str(self.python)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=[write], cwd=Path(__file__).parents[1]
        )
        os.close(write)
        with open(read, "rb") as ready:
            if not ready.read():
                raise RuntimeError(f"{' '.join(command)}: ended before it could serve; its message is above")

    def stop(self) -> None:
        """End the process; it ends by itself when this one is gone."""
        self._process.communicate()


@dataclass
class _Request:
    """What a caller asks for: the module and its arguments, and the surroundings that it was called in."""

    files: list[int]
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    umask: int


def _serve(address: str, ready: int) -> socket.socket | None:
    """Fork a keeper for each caller.

    Returns in a keeper, with the connection to its caller; and with None once nobody holds the other end of standard input.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(100)
    os.write(ready, b"ready")
    os.close(ready)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while True:
        heard, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in heard:
            return None
        connection = listener.accept()[0]
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return connection
        connection.close()


def _received(connection: socket.socket) -> _Request | None:
    """A request; None if its caller was gone before it was whole."""
    header, files, _, _ = socket.recv_fds(connection, 8, 3)
    size, content = int.from_bytes(header, "big"), b""
    while len(content) < size and (part := connection.recv(size - len(content))):
        content += part
    if len(files) == 3 and len(content) == size:
        return _Request(files, *json.loads(content.decode("utf-8", "surrogateescape")))
    return None


def _keep(pid: int, connection: socket.socket) -> None:
    """Tell a caller how its program ended, or kill this if the caller goes first."""
    end = os.pidfd_open(pid)
    heard, _, _ = select.select([end, connection], [], [])  # a caller says nothing more: it can only go
    if end not in heard:
        signal.pidfd_send_signal(end, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):  # the caller has gone
        connection.sendall(status.to_bytes(2, "big", signed=True))


def _become(request: _Request, python: str) -> int:
    """Run the module that was asked for as `python -m` would, and return its exit status."""
    for target, file in enumerate(request.files):
        os.dup2(file, target)
        os.close(file)
    os.chdir(request.folder)
    os.umask(request.umask)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.executable = python
    sys.dont_write_bytecode = bool(request.environment.get("PYTHONDONTWRITEBYTECODE"))
    for name in [name for name in sys.modules if name.split(".")[0] == "testing"]:
        del sys.modules[name]
    sys.path[0] = request.folder
    sys.argv = ["-m", *request.arguments[1:]]
    try:
        runpy.run_module(request.arguments[0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for file in (sys.stdout, sys.stderr):
        file.flush()
    return status


def main() -> None:
    """Import the libraries, then serve: each caller gets a keeper, and this a fork that becomes the program that was asked for."""
    address, ready, python = sys.argv[1:]
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # a fork that collects garbage would copy all that it shares with this process
    connection = _serve(address, int(ready))
    if connection is None:
        return
    if request := _received(connection):
        pid = os.fork()
        if pid == 0:
            connection.close()
            os._exit(_become(request, python))  # to take the libraries down one by one takes longer than most programs
        for file in request.files:
            os.close(file)
        _keep(pid, connection)
    os._exit(0)


if __name__ == "__main__":
    main()
