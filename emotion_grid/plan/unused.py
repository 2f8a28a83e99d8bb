"""Results that the current grid of an experiment no longer uses."""

from pathlib import Path

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import DATA, ENSEMBLES, EXPLANATIONS, METRICS, PLAN, RUNS, data_folder
from emotion_grid.base.messages import InputError
from emotion_grid.plan.kinds import KINDS


def unused(home: Path) -> list[Path]:
    """Folders and metrics of the experiment that no row of its plan uses, sorted."""
    path = home / PLAN
    if not path.is_file():
        raise InputError(
            f"{home}: expected the results of an experiment ({PLAN}), found none; check the name, or start the experiment first"
        )
    plan = read_json(path)
    rows, names = plan["rows"], [*(row["run"] for row in plan["rows"]), *plan["compare"]]
    used = {home / row["folder"] for row in rows} | {data_folder(home, row["data"]) for row in rows}
    used |= {home / EXPLANATIONS / name for name in names} | {home / METRICS / f"{name}.json" for name in names}
    folders = (RUNS, *(kind.folder for kind in KINDS), ENSEMBLES, DATA, EXPLANATIONS)
    patterns = [*(f"{folder}/*/" for folder in folders), f"{METRICS}/*.json"]
    return sorted({path for pattern in patterns for path in home.glob(pattern)} - used)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
