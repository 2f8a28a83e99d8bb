"""Every rule inside the image: on this machine, on a cluster, and as a new member. The image is real, the study tiny."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emotion_grid.base.requirements import image_digest
from testing import apptainer
from testing.slurm import ACCOUNT, Cluster, run, wait_until
from testing.tiny import PROJECT, two_members
from tests.container.conftest import notes

LOCAL, SLURM = ("--profile", "profiles/local-container"), ("--profile", "profiles/slurm")
PROGRAMS = {"fetch_encoder", "prepare", "tokenize_texts", "encode", "baseline", "train"}
PROGRAMS |= {"evaluate", "compare", "keep_models", "report"}
LONG = pytest.mark.skipif(not os.environ.get("FULL"), reason="part of the long set: FULL=1")


def one_run(project, **changes) -> None:
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1]}], **changes)


def inside(image: Path, *command: str) -> str:
    file = image / json.loads((image / "image.json").read_text())["file"]
    return apptainer.run("apptainer", "exec", "--cleanenv", file, *command)


def tables(folder: Path) -> dict[str, list[list[float]]]:
    """The probabilities in all prediction tables of a results folder, by path."""
    found = {}
    for path in sorted(folder.glob("*/*/predictions/*.csv")):
        with path.open() as file:
            found[str(path.relative_to(folder))] = [
                [float(cell) for cell in row[1:]] for row in list(csv.reader(file))[1:]
            ]
    return found


def assert_equal(folder: Path, other: Path) -> None:
    first, second = tables(folder), tables(other)
    assert first.keys() == second.keys() and first
    for name, rows in first.items():
        for row, again in zip(rows, second[name], strict=True):
            assert row == pytest.approx(again, abs=1e-5), name


def test_the_image_holds_the_lock_and_no_snakemake(image):
    freeze = inside(image, "python", "-m", "pip", "freeze", "--all").lower().replace("_", "-")
    installed = dict(line.split("==") for line in freeze.splitlines())
    text = (PROJECT / "envs" / "programs.txt").read_text()
    locked = re.findall(r"^([\w.-]+)==(\S+)( ;[^\\]*)?", text, re.MULTILINE)
    everywhere = {name.lower().replace("_", "-"): version for name, version, marker in locked if not marker}
    missing = {name: version for name, version in everywhere.items() if installed.get(name) != version}
    assert not missing, missing
    assert installed["torch"].startswith("2.13.0") and "snakemake" not in installed
    labels = json.loads((image / "image.json").read_text())["labels"]
    assert (
        labels["lock"] == image_digest(PROJECT / "envs")
        and labels["version"] == "0.2.0"
        and "base.sif" in labels["base"]
    )
    file = image / json.loads((image / "image.json").read_text())["file"]
    assert "profiles/local-container" in apptainer.run("apptainer", "run-help", file)


def test_a_failed_build_leaves_what_was_there(base, tmp_path):
    checkout = tmp_path / "checkout"
    shutil.copytree(PROJECT, checkout, ignore=shutil.ignore_patterns(".*", "results", "cache", "image"))
    (checkout / "envs" / "programs.txt").write_text("no-such-package-anywhere==1.0 --hash=sha256:" + "0" * 64)
    kept = checkout / "containers" / "image"
    kept.mkdir()
    (kept / "image.json").write_text("before")
    options = ("--bootstrap", "localimage", "--from", str(base), "--torch", "torch")
    command = [sys.executable, "-m", "scripts.build_container", *options]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 1 and "ask your admins" in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in kept.iterdir()] == ["image.json"] and (kept / "image.json").read_text() == "before"


def test_all_rules_run_inside_with_paths_outside_the_checkout(project, image, tmp_path):
    outside = tmp_path / "work space"
    shutil.move(project.folder / "texts", outside / "data" / "texts")
    shutil.move(project.folder / "encoders", outside / "encoders")
    (outside / "results").mkdir()
    (project.folder / "results").symlink_to(outside / "results")
    project.configure(
        data_root=str(outside / "data"),
        cache_root=str(outside / "cache"),
        encoders={name: {"model": str(outside / "encoders" / name)} for name in ("one", "two")},
    )
    assert len(project.run(*LOCAL).trained) == 4
    assert {name for name, _, _ in notes(project)} == PROGRAMS
    assert {where for _, where, _ in notes(project)} == {"inside"}
    described = json.loads((image / "image.json").read_text())
    for path in project.home.glob("runs/*/provenance.json"):
        assert json.loads(path.read_text())["image"] == {
            "sha256": described["sha256"],
            "lock": described["labels"]["lock"],
        }
    project.configure(results_root=str(tmp_path / "outside"))
    (project.folder / "where.txt").unlink()
    assert len(project.run("--profile", "profiles/local").trained) == 4
    assert {where for _, where, _ in notes(project)} == {"HOST"}, "the marker tells the two apart"
    assert_equal(project.home, tmp_path / "outside" / "tiny")
    project.configure(results_root="results")
    rebuilt(image, tmp_path / "rebuilt")
    project.edit("profiles/slurm/site.yaml", f"container: {image}", f"container: {tmp_path / 'rebuilt'}")
    assert project.run(*LOCAL).nothing, "a rebuilt image with the same lock makes nothing run again"


def rebuilt(image: Path, folder: Path) -> None:
    """An image with the same content and another checksum, as a second build gives."""
    described = json.loads((image / "image.json").read_text())
    folder.mkdir(exist_ok=True)
    part = folder / "part"
    shutil.copy(image / described["file"], part)
    with part.open("ab") as file:
        file.write(b"again")
    code = "import sys; from pathlib import Path; from emotion_grid.container.image import publish, read_labels as labels; file = Path(sys.argv[1])"
    code += "; publish(file, file.parent, labels(file), move=True)"
    apptainer.run(sys.executable, "-c", code, part, cwd=PROJECT)


def test_two_members_with_one_cache_fetch_and_encode_once_and_both_finish(project, tmp_path):
    one_run(project)
    two_members(project, tmp_path, *LOCAL)
    assert {where for _, where, _ in notes(project)} == {"inside"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('rule on_host:\n    output: "x.txt"\n    run:\n        open(output[0], "w")\n', "on_host"),
        ('rule declines:\n    output: "x.txt"\n    container: None\n    shell: "touch {output}"\n', "declines"),
    ],
)
def test_a_rule_that_would_run_on_the_host_is_an_error(project, text, named):
    path = project.folder / "rules" / "report.smk"
    path.write_text(path.read_text() + "\n" + text)
    assert f"{named}: expected a step that runs inside the image" in project.run(*LOCAL, fails=True).output


def test_another_lock_stops_before_anything_runs_except_the_build(project):
    project.edit("envs/torch.txt", "torch==2.13.0", "torch==2.13.1")
    text = (project.folder / "envs/programs.txt").read_text()
    (project.folder / "envs/programs.txt").write_text(re.sub(r"^# Locked \S+", "# Locked 2999-01-01T00:00:00Z", text))
    for arguments in (LOCAL, (*LOCAL, "-n")):
        said = project.run(*arguments, fails=True).output
        assert "The checkout is newer: build the image again" in said
    assert not (project.folder / "where.txt").exists() and not project.home.exists()
    assert "Building the image" in project.run(*LOCAL, "-n", "build_container").output


def test_no_image_and_no_apptainer_are_told(project, image, tmp_path):
    project.edit("profiles/slurm/site.yaml", f"container: {image}", "container: containers/image")
    assert "Build one: make container" in project.run(*LOCAL, "-n", fails=True).output
    found = {**project.environment(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    project.environment = lambda: found
    assert "expected apptainer on this machine" in project.run(*LOCAL, fails=True).output
    assert len(project.run("--profile", "profiles/local", "-n").trained) == 4


@pytest.fixture
def cluster():
    found = Cluster()
    found.start()
    yield found
    found.stop()


def test_all_rules_run_inside_on_a_cluster_and_a_grid_keeps_its_image(cluster, project, image, tmp_path):
    team = tmp_path / "team"
    shutil.copytree(image, team)
    project.edit("profiles/slurm/site.yaml", f"container: {image}", f"container: {team}")
    project.edit("profiles/slurm/site.yaml", "light_steps: login", "light_steps: job")
    project.edit(
        "emotion_grid/training/run.py",
        "    start = time.monotonic()\n",
        '    start = time.monotonic()\n    while Path("hold").exists():\n        time.sleep(0.2)\n',
    )
    (project.folder / "hold").touch()
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1, 2, 3]}])
    process = project.start(*SLURM, "--jobs", "2")
    wait_until("two runs at work", lambda: len(at_work(project)) == 2 or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    rebuilt(image, team)
    (project.folder / "hold").unlink()
    output = process.communicate(timeout=900)[0]
    assert process.returncode == 0, output
    assert {name for name, _, _ in notes(project)} == PROGRAMS
    assert {where for _, where, _ in notes(project)} == {"inside"}
    assert {gpu for name, _, gpu in notes(project) if name == "train"} <= {"0", "1"}, "the GPU that Slurm gave"
    first = json.loads((image / "image.json").read_text())["sha256"]
    facts = [json.loads(path.read_text()) for path in project.home.glob("runs/*/provenance.json")]
    assert [fact["image"]["sha256"] for fact in facts] == [first] * 3
    assert all(fact["job"] for fact in facts)


def at_work(project) -> list[Path]:
    return list(project.home.glob("runs/*/train.log"))


def test_without_apptainer_on_the_login_node_the_light_rules_are_jobs(cluster, project):
    one_run(project)
    hidden = project.folder / "hidden"
    hidden.mkdir()
    hide = f'mount --bind {hidden} {apptainer.PREFIX / "bin"} && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", hide, "sh", *project.command(*SLURM)]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment(), capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the light steps run as jobs" in done.stderr
    assert {name for name, _, _ in notes(project)} == PROGRAMS
    assert {where for _, where, _ in notes(project)} == {"inside"}
    accounts = run("sacct", "-X", "-n", "-P", "-o", "Account").split()
    assert len(accounts) >= 4 and set(accounts) == {ACCOUNT}, "fetching, the data, training, the tables"


def test_a_new_member_needs_five_commands_and_no_torch(project, image, member):
    """docs/container.md, from login to the first result, on this machine in the cluster's stead."""
    one_run(project)
    shutil.rmtree(member.checkout)
    shutil.copytree(project.folder, member.checkout, symlinks=True)
    (member.checkout / "profiles/slurm/site.yaml").write_text(
        (project.folder / "profiles/slurm/site.yaml").read_text().replace(f"container: {image}", "container: nowhere")
    )
    apptainer.run("chown", "-R", f"{member.NAME}:", member.checkout)
    made = member.run("make", "workflow", "PYTHON=/usr/bin/python3")
    assert made.returncode == 0, made.stderr
    assert "torch" not in {path.name for path in member.checkout.glob(".venv/lib/python3*/site-packages/*")}
    start = ". .venv/bin/activate && snakemake --profile profiles/local-container --cores 2"
    own = {"EMOTION_GRID_CONTAINER": str(image)}
    done = member.run("bash", "-c", start, **own)
    assert done.returncode == 0, done.stdout + done.stderr
    places = [line.split()[1] for line in (member.checkout / "where.txt").read_text().splitlines()]
    assert set(places) == {"inside"} and (member.checkout / "results/tiny/report.html").is_file()
    shared = member.checkout.parent / "shared"
    (member.checkout / "cache").rename(shared)
    apptainer.run("chown", "-R", "root:", shared)
    shutil.rmtree(member.checkout / "results")
    config = yaml.safe_load((member.checkout / "config/config.yaml").read_text())
    for encoder, status in (("one", 0), ("new", 1)):
        if encoder == "new":
            shutil.copytree(member.checkout / "encoders/one", member.checkout / "encoders/new")
            path = member.checkout / "encoders/new/config.json"
            path.write_text(path.read_text() + "\n")
            apptainer.run("chown", "-R", f"{member.NAME}:", member.checkout / "encoders")
        study = {**config, "cache_root": str(shared), "encoders": {encoder: {"model": f"./encoders/{encoder}"}}}
        study["grid"] = [{**config["grid"][0], "encoder": encoder, "seed": 1}]
        (member.checkout / "config/config.yaml").write_text(yaml.safe_dump(study))
        done = member.run("bash", "-c", start, **own)
        assert done.returncode == status, done.stdout + done.stderr
    assert "expected permission to use it, found none; ask root to open it to the group" in done.stderr


@LONG
def test_an_ordinary_user_builds_the_image(base, member):
    arguments = ("PYTHON=/usr/bin/python3", "BOOTSTRAP=localimage", f"FROM={base}", "TORCH=torch")
    made = member.run("make", "container", *arguments)
    assert made.returncode == 0, made.stdout + made.stderr
    described = json.loads((member.checkout / "containers/image/image.json").read_text())
    assert described["labels"]["lock"] == image_digest(PROJECT / "envs")
    assert (member.checkout / "containers/image" / described["file"]).is_file()


@LONG
def test_the_demo_gives_the_same_inside_and_outside(image, tmp_path):
    os.environ["EMOTION_GRID_CONTAINER"] = str(image)
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    for name, profile in (("inside", LOCAL), ("outside", ("--profile", "profiles/local"))):
        roots = (f"results_root={tmp_path / name}", f"cache_root={tmp_path / name / 'cache'}")
        subprocess.run([*command, *profile, "--config", *roots], cwd=PROJECT, check=True)
    assert_equal(tmp_path / "inside" / "demo", tmp_path / "outside" / "demo")
