"""Two members of a team, each with a checkout and a group of their own and umask 022, in one folder of results and one cache."""

import shutil
import stat
import sys
from pathlib import Path

import pytest

from testing.members import GROUP, as_member, can_be_played, open_folder, own, share
from testing.tiny import Project


@pytest.fixture
def tmp_path():
    """A folder that other users can enter, too."""
    with open_folder() as folder:
        yield folder


class Member(Project):
    """A member's checkout."""

    def __init__(self, folder: Path, uid: int):
        super().__init__(folder)
        self.uid = uid
        own(folder, uid)

    def command(self, *arguments: str, python: str = sys.executable) -> list[str]:
        return as_member(self.uid, *super().command(*arguments))

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "HOME": str(self.folder), "LOGNAME": f"member-{self.uid}"}


@pytest.mark.skipif(not can_be_played(), reason="needs root")
def test_members_finish_each_other_s_studies(pristine, tmp_path):
    """Fault: what one had made with umask 022, logs and folders among them, nobody else could write to."""
    results, cache = share(tmp_path / "results"), share(tmp_path / "cache")
    one, two = (Member(Path(shutil.copytree(pristine, tmp_path / str(uid))), uid) for uid in (12001, 12002))
    grid = {"encoder": "one", "head": {"type": "mlp", "size": [8]}, "freeze": "all"}
    for member, seeds in ((one, [1]), (two, [1, 2])):
        member.configure(
            results_root=str(results),
            cache_root=str(cache),
            baselines=[],
            encoders={"one": {"model": "./encoders/one"}},
        )
        member.configure(grid=[{**grid, "seed": seeds}])
    assert len(one.run().trained) == 1
    assert len(two.run().trained) == 1, "the other run is there"
    for path in (*results.rglob("*"), *cache.rglob("*")):
        state = path.stat()
        needed = stat.S_ISGID | 0o070 if path.is_dir() else 0o060
        assert state.st_gid == GROUP and state.st_mode & needed == needed, f"{path}: {stat.filemode(state.st_mode)}"
    log = results / "tiny" / "evaluate.log"
    log.chmod(0o644)
    other = one if log.stat().st_uid == two.uid else two
    other.configure(grid=[{**grid, "seed": [1, 2, 3]}])
    refused = other.run(fails=True)
    assert (
        f"\nError: {log}: expected permission to use it, found none; ask its owner to open it to the group"
        in refused.output
    )
    assert not refused.trained and "Traceback" not in refused.output
