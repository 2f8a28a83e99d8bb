"""Names of folders that shells, Snakemake or logs could take for something else: each works to the end, or is refused in one clear line."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from testing.names import BRACES, WORKS
from testing.tiny import CONFIG, LABELS, PROJECT, Project


def changed(setting: str, value: str) -> dict:
    """The tiny study's config with a path in one of its settings."""
    config = {**CONFIG, "data": dict(CONFIG["data"]), "encoders": {"one": dict(CONFIG["encoders"]["one"])}}
    config["grid"] = [{"encoder": "one"}]
    entry, *keys = setting.split(".")
    if keys:
        inner = config.setdefault(entry, {})
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
    else:
        config[entry] = value
    return config


SETTINGS = ("results_root", "cache_root", "data_root", "data.train", "encoders.one.model", "compare.other")


@pytest.mark.parametrize("name", WORKS)
def test_a_name_is_taken_in_every_setting(name):
    for setting in SETTINGS:
        check_config(changed(setting, name))


REFUSED = [
    (SETTINGS, "line\nbreak", r"; '\n' (a control character) cannot be seen"),
    (SETTINGS, "tab\tstop", r"; '\t' (a control character) cannot be seen"),
    (SETTINGS, "no-break\xa0space", r"; '\xa0' (NO-BREAK SPACE) cannot be seen"),
    (SETTINGS, "right\u202eto left", r"; '\u202e' (RIGHT-TO-LEFT OVERRIDE) cannot be seen"),
    (SETTINGS, " before", "; remove the space or line break at its beginning or end"),
    (SETTINGS, "after ", "; remove the space or line break at its beginning or end"),
    (SETTINGS, "-rf", "; programs take what begins with - for an option; write the whole path, from / on"),
    (SETTINGS, "s3://bucket/folder", "; an address is not looked up; give a name or a path"),
    (SETTINGS, "~nobody-has-this-name/x", "; nobody on this machine has this home folder; write it out"),
    (("results_root", "cache_root", "compare.other"), "res{x}", "; Snakemake takes { for part of a wildcard; rename"),
    (("results_root", "cache_root", "compare.other"), "res}", "; Snakemake takes } for part of a wildcard; rename"),
    (SETTINGS[:4], "./-rf", "; programs take what begins with - for an option; write the whole path, from / on"),
]


@pytest.mark.parametrize(("settings", "name", "expected"), REFUSED, ids=[repr(name) for _, name, _ in REFUSED])
def test_a_name_is_refused_in_one_line_that_names_setting_and_character(settings, name, expected):
    for setting in settings:
        with pytest.raises(InputError) as caught:
            check_config(changed(setting, name))
        head, line = str(caught.value).split("\n")
        assert head == "the config cannot be used:"
        assert line.startswith(f"  {setting}: expected ") and f"found {name!r}" in line and expected in line


def test_a_study_whose_every_path_is_full_of_tricks_works_to_its_end(pristine, tmp_path):
    """Fault: `results_root: my results` trained for hours, and scoring failed at an unquoted path."""
    names = "/".join(WORKS)
    project = Project(Path(shutil.copytree(pristine, tmp_path / names / BRACES)))
    texts = project.folder / names / BRACES
    texts.mkdir(parents=True)
    for name in ("texts", "encoders"):
        (project.folder / name).rename(texts / name)
    others = project.folder / names / "other"
    others.mkdir()
    gold = (texts / "texts" / "dev.csv").read_text().splitlines()
    cells = [(line.split(",")[0], *("0.25" for _ in LABELS)) for line in gold[1:]]
    (others / "dev.csv").write_text("\n".join(",".join(row) for row in [("id", *LABELS), *cells]) + "\n")
    config = project.folder / "config" / f"{WORKS[1]} {BRACES}.yaml"
    project.configure(
        results_root=f"{names}/results",
        cache_root=f"cache/{names}",
        data_root=f"{names}/{BRACES}",
        encoders={"one": {"model": f"./{names}/{BRACES}/encoders/one"}},
        grid=[{"encoder": "one", "head": {"type": "mlp", "size": [8]}, "freeze": "all", "seed": 1}],
        baselines=["tfidf"],
        compare={"other": f"{names}/other"},
    )
    project.config_file.rename(config)
    outcome = project.run("all", "paper", "--configfile", str(config.relative_to(project.folder)))
    home = project.folder / names / "results" / "tiny"
    assert f"Report: {home.relative_to(project.folder)}/report.html" in outcome.output
    assert (home / "report.html").is_file() and (home / "paper").is_dir()
    assert project.run("all", "paper", "--configfile", str(config.relative_to(project.folder))).nothing
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith("pwned")]


def test_a_checkout_with_a_line_break_in_its_path_is_refused(pristine, tmp_path):
    project = Project(Path(shutil.copytree(pristine, tmp_path / "line\nbreak")))
    outcome = project.run("-n", fails=True)
    found = re.search(
        r"^Error: '.*line\\nbreak': expected a checkout in a path of visible characters.*; move the checkout$",
        outcome.output,
        re.M,
    )
    assert found, outcome.output


@pytest.mark.parametrize("name", ["$(touch pwned)", "`touch pwned`", 'say "hello"', "a\\b", "a:b"])
def test_a_checkout_in_which_a_virtual_environment_would_run_its_path_is_refused_by_make(tmp_path, name):
    checkout = tmp_path / name
    (checkout / "envs").mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", checkout)
    (checkout / "envs" / "workflow.txt").touch()
    done = subprocess.run(
        ["make", "workflow", f"PYTHON={sys.executable}"], cwd=checkout, capture_output=True, text=True
    )
    assert done.returncode
    assert done.stderr.startswith("expected a checkout in a path without double quote, dollar sign, backtick")
    assert f"found {checkout}; move the checkout" in done.stderr
    assert sorted(path.name for path in checkout.iterdir()) == ["Makefile", "envs"]
