# What the rules share: folders, the plan, and what is still to be made.
import csv
import functools
import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.deployment.singularity import Image
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod, SharedFSUsage

sys.path.insert(0, workflow.basedir)

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import check_unique_keys
from emotion_grid.config.checking import check_config
from emotion_grid.container.finding import find_image
from emotion_grid.container.handover import hand_on, handed_on, open_door
from emotion_grid.container.image import runtime
from emotion_grid.data.splits import BASELINE_FILES, MODEL_FILES, RESULT_FILES, SPLITS, missing_files
from emotion_grid.encoders.files import is_folder
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.jobs.executor import notice_lost_jobs
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.guard import Guard
from emotion_grid.jobs.needs import encoding_need, training_need
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.jobs.site import fixed_resources, light_resources, load_site
from emotion_grid.jobs.survivors import cancel_survivors, job_prefix
from emotion_grid.plan.plan import build_plan
from emotion_grid.plan.specs import cache_key, data_key, features_folder, tokens_folder
from emotion_grid.plan.writing import write_request, write_specs

CACHE = Path(config.get("cache_root", "cache")).expanduser()
RESULTS = Path(config.get("results_root", "results")).expanduser()
HOME = RESULTS / str(config.get("experiment", ""))
CONTAINED = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


wildcard_constraints:
    experiment="[^/]+",
    run="[^/]+",
    baseline="[^/]+",
    pack="[^/]+",
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
LIGHT_JOBS = SITE["light_steps"] == "job" or (CONTAINED and not runtime())


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
    return [CACHE, RESULTS, *named, *(Path(path).expanduser() for path in SITE["bind"])]


def enter_image():
    """Set up what runs inside the image, if a profile asks for it."""
    if not CONTAINED:
        return
    if not runtime():  # the nodes look for it themselves
        workflow.storage_settings.shared_fs_usage -= {SharedFSUsage.SOFTWARE_DEPLOYMENT}
        # After a checkpoint Snakemake asks for it here all the same; the image is a folder's, so that nothing is to be pulled.
        Image.pull = lambda image, dryrun=False: None
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
        return hand_on(find_image(SITE["container"], CACHE, PROJECT / "envs"))
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
        if not workflow.local_exec:
            notice_lost_jobs()
            workflow.executor_settings.jobname_prefix = job_prefix(HOME)
            if cancelled := cancel_survivors(HOME, guard.held):
                print(f"Cancelled jobs of an earlier start: {', '.join(cancelled)}", file=sys.stderr)
        write_specs(PLAN, HOME, CACHE)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    for pack, runs in packs().items():
        pack_file(pack).with_suffix(".done").unlink(missing_ok=True)
        write_json(pack_file(pack), {"runs": runs})
    return guard


@functools.cache
def packs():
    """Runs still to be made that share a job, by the pack's name; none where every run is a job of its own."""
    if PLAN is None or workflow.local_exec or SITE["pack"] == 1:
        return {}
    waiting = {name: row.spec for name, row in PLAN.runs.items() if missing_files(HOME / row.folder, RESULT_FILES)}
    return {digest(runs)[:SHORT]: runs for runs in pack_runs(waiting, train_bytes(), SITE)}


def pack_file(pack):
    """The file that says which runs a pack holds; written before its job starts."""
    return HOME / "packs" / f"{pack}.json"


def tell_end():
    """On the screen, when a start ends: what failed and why, and what Slurm jobs asked for and used."""
    if PLAN is None:
        return
    logs = [log for job in workflow.scheduler.failed for log in job.log]
    print(explain_end(HOME, Path.cwd(), logs, on_cluster=not workflow.local_exec), file=sys.stderr, end="")


def nothing(wildcards):
    """The inputs of a step that reads nothing but its spec, which is written before it starts."""
    begin()
    return []


def request_path(name, document):
    """A document that results are made from, plan.json or explanations.json; newer than they if it asks for others."""
    begin()
    path = HOME / name
    if PLAN is not None and workflow.dryrun:
        return write_request(document(), path, beside=workflow.snakemake_tmp_dir)
    return path


def plan_path():
    """The plan that the tables are made from."""
    return request_path("plan.json", lambda: PLAN.document())


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
    return encoder_of(spec_of(wildcards))


def cached_options(wildcards):
    """The command line's options for the tokens and the features that a run reads."""
    from shlex import quote

    spec = spec_of(wildcards)
    features = features_folder(spec)
    return f"--tokens {quote(str(CACHE / tokens_folder(spec)))}" + (
        f" --features {quote(str(CACHE / features))}" if features else ""
    )


def spec_in_cache(kind, wildcards):
    """The spec behind a key of tokens or features: as planned or, in a job, as it was written before it started."""
    begin()
    folder = f"{kind}/{wildcards.key}"
    planned = getattr(PLAN, "cached", {})
    return planned[folder] if folder in planned else read_json(CACHE / folder / "spec.json")


def encoder_of(spec):
    """Folder of the fetched encoder that a spec of tokens names."""
    return CACHE / "encoders" / encoder_key(spec["encoder"])


def tokens_of_features(wildcards):
    """Folder of the tokens that features are made from."""
    return CACHE / "tokens" / cache_key(spec_in_cache("features", wildcards)["tokens"])


def needs_of_tokens(wildcards):
    """What tokens wait for, if they are not there yet."""
    if (CACHE / "tokens" / wildcards.key / "tokens.json").is_file():
        return []
    return [encoder_of(spec_in_cache("tokens", wildcards)) / "fetched.json"]


def needs_of_features(wildcards):
    """What features wait for, if they are not there yet."""
    if (CACHE / "features" / wildcards.key / "features.json").is_file():
        return []
    encoder = encoder_of(spec_in_cache("features", wildcards)["tokens"])
    return [tokens_of_features(wildcards) / "tokens.json", encoder / "fetched.json"]


def data_bytes(*splits):
    """Size of the CSV files of splits."""
    root = Path(config.get("data_root", ".")).expanduser()
    files = [root / config["data"][split] for split in splits if split in config["data"]]
    return sum(path.stat().st_size for path in files if path.is_file())


def train_bytes():
    """Size of the training rows' CSV file."""
    return data_bytes("train")


def runs_of(wildcards):
    """Wildcards of the runs that a job trains: the run's own, or those of its pack's members."""
    if not hasattr(wildcards, "pack"):
        return [wildcards]
    begin()
    names = packs().get(wildcards.pack) or read_json(pack_file(wildcards.pack))["runs"]
    return [SimpleNamespace(experiment=wildcards.experiment, run=name) for name in names]


def training_threads(wildcards):
    """CPU threads of a training job."""
    return max(spec_of(run)["training"]["threads"] for run in runs_of(wildcards))


def training_resource(name):
    """A resource of a training job as a function of its runs and of the attempt: more at a second try."""

    def amount(wildcards, attempt):
        specs = [spec_of(run) for run in runs_of(wildcards)]
        return getattr(training_need(specs, train_bytes(), SITE, attempt), name)

    return amount


def encoding_resource(name):
    """A resource of a job that asks a frozen encoder, as a function of its features and of the attempt."""

    def amount(wildcards, attempt):
        spec = spec_in_cache("features", wildcards)
        return getattr(encoding_need(spec, data_bytes("train", "dev", "test"), SITE, attempt), name)

    return amount


def light_group(name):
    """The group of a light step: where light steps are jobs, those of a group wait in the queue together."""
    return name if LIGHT_JOBS else None


LIGHT_RESOURCES = light_resources(SITE)
TRAINING_RESOURCES = {
    **fixed_resources(SITE, gpu=True),
    "mem_mb": training_resource("mem_mb"),
    "runtime": training_resource("runtime"),
}
ENCODING_RESOURCES = {
    **fixed_resources(SITE, gpu=True),
    "mem_mb": encoding_resource("mem_mb"),
    "runtime": encoding_resource("runtime"),
}


def needs_of_run(wildcards, files=RESULT_FILES):
    """What a run waits for. A finished run waits for nothing: the cache may be deleted without training it again."""
    if not missing_files(RESULTS / wildcards.experiment / "runs" / wildcards.run, files):
        return []
    spec = spec_of(wildcards)
    features = features_folder(spec)
    return [
        data_folder(wildcards) / "checks.json",
        CACHE / tokens_folder(spec) / "tokens.json",
        *([CACHE / features / "features.json"] if features else []),
        encoder_of(spec) / "fetched.json",
    ]


def needs_of_pack(wildcards):
    """What the members of a pack wait for."""
    return sorted({path for run in runs_of(wildcards) for path in needs_of_run(run)})


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


@functools.cache
def packed():
    """The file that stands for a run's results while the run waits in a pack, by the run's folder."""
    return {HOME / "runs" / run: pack_file(pack).with_suffix(".done") for pack, runs in packs().items() for run in runs}


def unfinished(wildcards):
    """A missing file of every row that lacks one. As targets they are made; as mere inputs of finished tables they would not be."""
    begin()
    lacking = {folder: missing for folder, files in rows() if (missing := missing_files(folder, files))}
    return list(dict.fromkeys(packed().get(folder, missing[0]) for folder, missing in lacking.items()))


def needs_of_tables(wildcards):
    """The plan, the last file of every row in it, the gold labels, and other predictions to compare."""
    if PLAN is None:
        return {"plan": plan_path()}
    return {
        "plan": plan_path(),
        "rows": list(dict.fromkeys(packed().get(folder, folder / files[-1]) for folder, files in rows())),
        "data": [HOME / "data" / key / "checks.json" for key in PLAN.data],
        "others": PLAN.others,
    }


def explained_run(wildcards):
    """The run to explain: the one that the config names, or the best; known once the tables are made."""
    run = config.get("explanations", {}).get("run", "best")
    with open(checkpoints.models.get(experiment=HOME.name).output[0], newline="") as table:
        return next(
            row["run"] for row in csv.DictReader(table) if row["run"] == run or (run, row["best"]) == ("best", "True")
        )


def explanation_page(wildcards):
    """The page of the run to explain."""
    return HOME / "explanations" / explained_run(wildcards) / "explanation.html"


def explanation_of_study(wildcards):
    """The same in the full study, which explains only if texts are asked for and models are kept; a job asks for nothing."""
    return explanation_page(wildcards) if PLAN and PLAN.settings["explained"] else []
