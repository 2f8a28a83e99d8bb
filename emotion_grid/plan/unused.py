"""Results that the current grid of an experiment no longer uses."""

from pathlib import Path

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import BASELINES, DATA, EXPLANATIONS, METRICS, PLAN, RUNS, data_folder
from emotion_grid.base.messages import InputError


def unused(home: Path) -> list[Path]:
    """Folders and metrics of the experiment that no row of its plan uses, sorted."""
    path = home / PLAN
    if not path.is_file():
        raise InputError(f"{home}: expected the results of an experiment ({PLAN}), found none")
    plan = read_json(path)
    rows, names = plan["rows"], [*(row["run"] for row in plan["rows"]), *plan["compare"]]
    used = {home / row["folder"] for row in rows} | {data_folder(home, row["data"]) for row in rows}
    used |= {home / EXPLANATIONS / name for name in names} | {home / METRICS / f"{name}.json" for name in names}
    kinds = (*(f"{folder}/*/" for folder in (RUNS, BASELINES, DATA, EXPLANATIONS)), f"{METRICS}/*.json")
    return sorted({path for kind in kinds for path in home.glob(kind)} - used)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
