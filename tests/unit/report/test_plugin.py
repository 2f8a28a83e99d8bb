"""A new section of the report costs a module, a partial and its place in the list."""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.made import make_experiment, run_program

from emotion_grid.base.layout import PROJECT
from scripts import compare, evaluate

MODULE = '''"""How many runs there are."""

from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "size", "Size of the study", "sections/size.html.j2"


def build(study: Study) -> dict:
    """The number of runs."""
    return {"count": len(study.results.runs)}
'''

PARTIAL = "<h2>Size</h2>\n<p>{{ section.count }} runs on {{ study.judge }} &amp; no more.</p>\n"

RENDER = """import sys
from pathlib import Path
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.study import report_page
sys.stdout.reconfigure(encoding="utf-8")
print(report_page(read_results(Path(sys.argv[1]))))
"""


def differing_files(first: Path, second: Path) -> set[str]:
    """Paths of the files that only one folder has or that differ."""
    names = {
        str(path.relative_to(folder)) for folder in (first, second) for path in folder.rglob("*") if path.is_file()
    }
    same, _, _ = filecmp.cmpfiles(first, second, names, shallow=False)
    return {name for name in names - set(same) if "__pycache__" not in name}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    make_experiment(home, seeds=1, encoders=1)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    return home


def test_a_section_is_a_module_a_partial_and_its_place_in_the_list(home, tmp_path):
    package = tmp_path / "emotion_grid"
    shutil.copytree(PROJECT / "emotion_grid", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "report" / "sections" / "size.py").write_text(MODULE, encoding="utf-8")
    (package / "report" / "templates" / "sections" / "size.html.j2").write_text(PARTIAL, encoding="utf-8")
    listing = package / "report" / "study.py"
    text = listing.read_text(encoding="utf-8")
    assert text.count("    settings,\n") == 2, "once where it is imported, once in SECTIONS"
    listing.write_text(text.replace("    settings,\n", "    settings,\n    size,\n"), encoding="utf-8")

    command = [sys.executable, "-c", RENDER, str(home)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert '<a href="#size">Size of the study</a>' in done.stdout
    section = done.stdout.split('<section id="size">')[1].split("</section>")[0]
    assert "<h2>Size</h2>" in section and "<p>20 runs on dev &amp; no more.</p>" in section
    assert done.stdout.index('id="settings"') < done.stdout.index('id="size"') < done.stdout.index('id="axes"')
    assert differing_files(PROJECT / "emotion_grid", package) == {
        "report/study.py",
        "report/sections/size.py",
        "report/templates/sections/size.html.j2",
    }
