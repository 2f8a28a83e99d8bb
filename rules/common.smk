# What the rules share: folders, the plan, and what is still to be made.
import functools
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod, SharedFSUsage

sys.path.insert(0, workflow.basedir)

from scripts.lib.cluster import cancel_survivors
from scripts.lib.config import PROJECT, check_config, check_unique_keys
from scripts.lib.encoders import encoder_key, is_folder
from scripts.lib.files import InputError, read_json
from scripts.lib.guard import Guard
from scripts.lib.image import find, hand_on, handed_on, open_door, runtime
from scripts.lib.plan import (
    BASELINE_FILES,
    RESULT_FILES,
    build_plan,
    data_key,
    missing_files,
    write_plan,
    write_specs,
)
from scripts.lib.site import (
    fixed_resources,
    light_resources,
    load_site,
    training_need,
)
from scripts.lib.splits import SPLITS

CACHE = Path(config.get("cache_root", "cache"))
RESULTS = Path(config.get("results_root", "results"))
HOME = RESULTS / str(config.get("experiment", ""))
CONTAINED = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


wildcard_constraints:
    experiment="[^/]+",
    run="[^/]+",
    baseline="[^/]+",
    key="[^/]+",


def make_plan():
    """The plan for the config; only the process that a user starts makes one, its jobs read specs."""
    if not workflow.is_main_process:
        return None
    try:
        for path in {*workflow.configfiles, *workflow.overwrite_configfiles}:
            check_unique_keys(path)
        return build_plan(check_config(config))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def read_site():
    """The bounds of a cluster's jobs (profiles/slurm/site.yaml)."""
    try:
        return load_site()
    except InputError as error:
        raise WorkflowError(str(error)) from None


PLAN = make_plan()
SITE = read_site()


def study_paths():
    """Every path that a study names, existing or to be made: what its programs must see inside the image."""
    root = Path(config.get("data_root", ".")).expanduser()
    files = [root / name for key, name in config.get("data", {}).items() if key in ("train", "dev", "test")]
    models = [entry["model"] for entry in config.get("encoders", {}).values()]
    folders = [Path(path).expanduser() for path in (*filter(is_folder, models), *config.get("compare", {}).values())]
    named = [
        path
        for path in (root, *files, *folders, *(file for folder in folders for file in folder.glob("*")))
        if path.exists()
    ]
    return [CACHE, RESULTS, *named]


def enter_image():
    """Set up what runs inside the image, if a profile asks for it."""
    if not CONTAINED:
        return
    if not runtime():  # the nodes look for it themselves
        workflow.storage_settings.shared_fs_usage -= {SharedFSUsage.SOFTWARE_DEPLOYMENT}
    try:
        open_door(study_paths())
    except InputError as error:
        raise WorkflowError(str(error)) from None


enter_image()


@functools.cache
def chosen_image():
    """The image that this start runs in, checked; in a job, the one that its start chose."""
    try:
        if not workflow.is_main_process:
            return handed_on()
        if not runtime() and workflow.local_exec:
            raise InputError(
                "expected apptainer on this machine, found none; load its module, or use profiles/local (no image)"
            )
        if not runtime():
            print("No apptainer here: the light steps run as jobs.", file=sys.stderr)
        return hand_on(find(SITE["container"], CACHE, PROJECT / "envs"))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def image(wildcards):
    """What every rule runs in; nothing where no profile asks for an image."""
    return chosen_image() if CONTAINED else None


def refuse_host_steps():
    """Stop if a step would run on the host where all should run in the image: one written in Python, or one that declines it."""
    for step in workflow.rules if CONTAINED else ():
        if step.norun or step.name == "build_container":
            continue
        if step.is_run or not step.container_img:
            raise WorkflowError(
                f"{step.name}: expected a step that runs inside the image (a shell command, no container of its own), found one "
                "that would run on the host"
            )


@functools.cache
def begin():
    """Before anything runs: take the experiment's guard and write the specs. A dry run does neither."""
    if PLAN is not None and CONTAINED:
        chosen_image()
    if PLAN is None or workflow.dryrun:
        return None
    try:
        guard = Guard(HOME, PLAN.experiment)
        if not workflow.local_exec and (cancelled := cancel_survivors(HOME, Path.cwd())):
            print(f"Cancelled jobs of an earlier start: {', '.join(cancelled)}", file=sys.stderr)
        write_specs(PLAN, HOME, CACHE)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    return guard


def nothing(wildcards):
    """The inputs of a step that reads nothing but its spec, which is written before it starts."""
    begin()
    return []


def plan_path():
    """The plan that the tables are made from; newer than the tables if it asks for others."""
    begin()
    path = HOME / "plan.json"
    if PLAN is not None and workflow.dryrun:
        return write_plan(PLAN, path, beside=workflow.snakemake_tmp_dir)
    return path


def spec_of(wildcards):
    """The spec behind a run's or a baseline's wildcards: as planned or, in a job, as it was written before it started."""
    begin()
    run = getattr(wildcards, "run", None)
    kind, name = ("runs", run) if run else ("baselines", wildcards.baseline)
    rows = getattr(PLAN, kind, {})
    if name in rows:
        return rows[name].spec
    path = RESULTS / wildcards.experiment / kind / name / "spec.json"
    if not path.is_file():
        raise WorkflowError(
            f"{name}: expected one of the {kind} of the current config, or an older one with its spec at {path}"
        )
    return read_json(path)


def raw_files(wildcards):
    """The command line's options for the CSV files of the study."""
    from shlex import quote

    root = Path(config.get("data_root", ".")).expanduser()
    splits = [split for split in ("train", "dev", "test") if split in config["data"]]
    return " ".join(f"--{split} {quote(str(root / config['data'][split]))}" for split in splits)


def data_folder(wildcards):
    """Folder of the prepared splits that a run or a baseline reads."""
    return RESULTS / wildcards.experiment / "data" / data_key(spec_of(wildcards)["data"])


def encoder_folder(wildcards):
    """Folder of the fetched encoder that a run reads."""
    return CACHE / "encoders" / encoder_key(spec_of(wildcards)["encoder"])


def training_resource(name):
    """A resource of a training job as a function of its run and of the attempt: more at a second try."""

    def amount(wildcards, attempt):
        train = Path(config.get("data_root", ".")).expanduser() / config["data"]["train"]
        size = train.stat().st_size if train.is_file() else 0
        return getattr(training_need(spec_of(wildcards), size, SITE, attempt), name)

    return amount


def needs_of_run(wildcards, files=RESULT_FILES):
    """What a run waits for. A finished run waits for nothing: the cache may be deleted without training it again."""
    if not missing_files(RESULTS / wildcards.experiment / "runs" / wildcards.run, files):
        return []
    return [
        data_folder(wildcards) / "checks.json",
        encoder_folder(wildcards) / "fetched.json",
    ]


def needs_of_baseline(wildcards):
    """What a baseline waits for."""
    if not missing_files(
        RESULTS / wildcards.experiment / "baselines" / wildcards.baseline,
        BASELINE_FILES,
    ):
        return []
    return [data_folder(wildcards) / "checks.json"]


def rows():
    """Every run and baseline of the plan, with the files that it has once it is finished; none in a job."""
    if PLAN is None:
        return []
    runs = [(HOME / row.folder, RESULT_FILES) for row in PLAN.runs.values()]
    return runs + [(HOME / row.folder, BASELINE_FILES) for row in PLAN.baselines.values()]


def unfinished(wildcards):
    """A missing file of every row that lacks one. As targets they are made; as mere inputs of finished tables they would not be."""
    begin()
    return [missing[0] for missing in (missing_files(folder, files) for folder, files in rows()) if missing]


def needs_of_tables(wildcards):
    """The plan, the last file of every row in it, the gold labels, and other predictions to compare."""
    if PLAN is None:
        return {"plan": plan_path()}
    return {
        "plan": plan_path(),
        "rows": [folder / files[-1] for folder, files in rows()],
        "data": [HOME / "data" / key / "checks.json" for key in PLAN.data],
        "others": PLAN.others,
    }
