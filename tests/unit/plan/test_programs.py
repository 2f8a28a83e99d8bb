"""Digests of programs: behaviour counts wherever it stands; words for people and names of modules do not."""

import re
import shutil
from pathlib import Path

import pytest

from emotion_grid.plan import programs
from emotion_grid.plan.programs import FEATURES, PREPARATION, TOKENS, TRAINING, program_digest, program_modules
from testing.tiny import PROJECT


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the programs that a test may edit, and a function for the digest of one of them."""
    for name in ("emotion_grid", "scripts", "envs"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(programs, "PROJECT", tmp_path)

    def forget() -> None:
        for function in (program_digest, programs._module_digest, programs.lock_digest, programs.report_digest):
            function.cache_clear()

    def digest_of(*modules: str) -> str:
        forget()
        return program_digest(*modules)

    forget()
    yield tmp_path, digest_of
    forget()


def edit(folder: Path, module: str, old: str, new: str) -> None:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{module} does not hold {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(folder: Path, module: str, text: str) -> None:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_digest_of_a_copy_is_that_of_the_project(tree, monkeypatch):
    _, digest_of = tree
    found = digest_of(TRAINING)
    assert re.fullmatch(r"[0-9a-f]{64}", found)
    assert digest_of(PREPARATION) != found
    monkeypatch.setattr(programs, "PROJECT", PROJECT)
    assert digest_of(TRAINING) == found


EXAMPLE = '''"""What it does."""

import math

from emotion_grid.base import numbers
from emotion_grid.base.messages import InputError, log


class Thing:
    """A thing."""

    size: int = 3
    """Its size."""

    def grow(self, by: float = 1.0) -> float:
        """Grow it.

        Returns: more.
        """
        log(f"growing by {by}")
        if by < 0:
            raise InputError(f"by: expected 0 or more, found {by}")
        return self.size + math.floor(by)


def helper(a, b):
    return [a, b, None, 0, ""]
'''


@pytest.fixture
def example(tree):
    """Call with a module's text: the digest of a program that does what it says."""
    folder, digest_of = tree

    def made(text: str) -> str:
        (folder / "emotion_grid" / "example.py").write_text(text, encoding="utf-8")
        return digest_of("emotion_grid.example")

    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it does."""', '"""What it does, in other words."""'),
        ('"""What it does."""', ""),
        ('    """Its size."""\n', ""),
        ('        """Grow it.\n\n        Returns: more.\n        """\n', ""),
        ("import math\n", "import math  # the library\n\n\n# a remark\n"),
        ('[a, b, None, 0, ""]', "[\n        a,\n        b,  # second\n        None,\n        0,\n        '',\n    ]"),
        ("math.floor(by)", "(math.floor(by))"),
        ('log(f"growing by {by}")', 'log(f"it grows: {by:.2f}")'),
        ('f"by: expected 0 or more, found {by}"', '"by: expected a number that is not negative"'),
        ("import InputError, log", "import log, InputError"),
        (
            "from emotion_grid.base import numbers\nfrom emotion_grid.base.messages import InputError, log\n",
            "from emotion_grid.base.messages import InputError, log\nfrom emotion_grid.base import numbers\n",
        ),
    ],
)
def test_comments_blanks_docstrings_and_words_for_people_do_not_count(example, old, new):
    assert old in EXAMPLE
    assert example(EXAMPLE.replace(old, new)) == example(EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: int = 3", "size: int = 4"),
        ("math.floor(by)", "math.ceil(by)"),
        ("self.size + ", "self.size - "),
        ("by: float = 1.0", "by: float = 1"),
        ('[a, b, None, 0, ""]', '[b, a, None, 0, ""]'),
        ('[a, b, None, 0, ""]', '(a, b, None, 0, "")'),
        ('[a, b, None, 0, ""]', '[a, b, None, False, ""]'),
        ('[a, b, None, 0, ""]', '[a, b, 0, ""]'),
        ('[a, b, None, 0, ""]', "[a, b, None, 0, None]"),
        ('[a, b, None, 0, ""]', '[a, b, None, 0, b""]'),
        ("def helper(a, b)", "def helper(a, *b)"),
        ("import math", "import numpy as math"),
        ("    return [a", "    a = 1\n    return [a"),
        ("if by < 0", "if by <= 0"),
        ("raise InputError", "raise ValueError"),
        ('        log(f"growing by {by}")\n', ""),
        ("from emotion_grid.base import numbers", "from emotion_grid.base import layout as numbers"),
    ],
)
def test_behaviour_counts(example, old, new):
    assert old in EXAMPLE
    assert example(EXAMPLE.replace(old, new)) != example(EXAMPLE)


@pytest.mark.parametrize(
    "line",
    [
        "import emotion_grid.base.other",
        "import emotion_grid.base.other as o",
        "from emotion_grid.base import other",
        "from emotion_grid.base.other import value",
        "from emotion_grid.base.other import *",
        "def f():\n    from emotion_grid.base.other import value\n    return value",
        "def f():\n    def g():\n        import emotion_grid.base.other\n    return g",
        "class A:\n    def f(self):\n        if True:\n            from emotion_grid.base import other as o\n            return o",
        "try:\n    from emotion_grid.base.other import value\nexcept ImportError:\n    value = None",
        "from emotion_grid.base.between import value",
    ],
)
def test_imported_modules_count_wherever_the_import_stands(tree, example, line):
    folder, _ = tree
    base = folder / "emotion_grid" / "base"
    (base / "between.py").write_text("def f():\n    from emotion_grid.base.other import value\n")
    found = []
    for content in ("value = 1\n", "value = 2\n", '"""About it."""\n\nvalue = 2  # two\n'):
        (base / "other.py").write_text(content)
        found.append(example(line + "\n"))
    assert found[0] != found[1]
    assert found[1] == found[2]


def test_the_name_of_a_module_does_not_count(tree, example):
    folder, _ = tree
    base = folder / "emotion_grid" / "base"
    (base / "one.py").write_text("value = 1\n")
    before = example("from emotion_grid.base.one import value\n\nshown = value\n")
    (base / "one.py").rename(folder / "emotion_grid" / "data" / "another.py")
    assert example("from emotion_grid.data.another import value\n\nshown = value\n") == before


def test_modules_that_import_each_other_are_refused(tree, example):
    folder, _ = tree
    (folder / "emotion_grid" / "base" / "other.py").write_text("import emotion_grid.example\n")
    with pytest.raises(ValueError, match=r"no circle among imports, found emotion_grid\.example -> "):
        example("import emotion_grid.base.other\n")


HOUSE = "emotion_grid."
EVERY_RUN = [
    *("base.digests", "base.environment", "base.files", "base.messages", "base.numbers", "base.room"),
    *("data.rows", "data.scores", "data.splits"),
    *("features.batches", "features.index", "features.values"),
    *("model.anatomy", "model.classifier", "model.devices", "model.encoder", "model.entering", "model.heads.build"),
    *("model.loss", "model.padding", "model.saved", "model.vectors", "model.weights"),
    *("training.checkpoints", "training.fine_tuning", "training.head_training", "training.optimisation"),
    *("training.order", "training.progress", "training.run", "training.setting"),
]
"""The modules whose behaviour decides what every run predicts from its rows and tokens. Whoever adds one changes the names of all runs."""

HEADS = ["model.heads.attention", "model.heads.lstm", "model.heads.mlp", "model.pooling"]
"""Modules that count for the runs that use them alone."""


def test_training_covers_exactly_these_modules():
    assert program_modules(TRAINING) == sorted(HOUSE + name for name in EVERY_RUN)


def test_tokens_features_and_preparation_cover_exactly_these_modules():
    raw = ["base.digests", "base.messages", "data.cleaning", "data.forms", "data.hub", "data.labels"]
    raw += ["data.mapping"]
    raw += ["data.opening", "data.problems", "data.raw", "data.sources", "data.texts"]
    tokens = [
        *raw,
        "base.files",
        "base.prompts",
        "base.room",
        "data.rows",
        "data.splits",
        "features.index",
        "features.tokens",
    ]
    tokens += ["model.tokenizer"]
    assert program_modules(TOKENS) == sorted(HOUSE + name for name in tokens)
    features = ["base.environment", "base.files", "base.messages", "base.room", "data.rows", "encoders.shape"]
    features += ["features.batches", "features.index", "features.states", "features.values"]
    features += ["model.anatomy", "model.devices", "model.encoder", "model.entering", "model.padding", "model.pooling"]
    features += ["model.vectors", "model.weights"]
    assert program_modules(FEATURES) == sorted(HOUSE + name for name in features)
    preparation = [*raw, "base.files", "base.room", "data.predicted", "data.preparation", "data.rows"]
    preparation += ["data.splitting", "data.tables"]
    assert program_modules(PREPARATION) == sorted(HOUSE + name for name in preparation)


@pytest.mark.parametrize("module", [*EVERY_RUN, *HEADS])
def test_behaviour_of_training_is_in_its_digest_and_remarks_are_not(tree, module):
    folder, digest_of = tree
    program = (TRAINING, *(HOUSE + f"model.heads.{name}" for name in ("mlp", "attention", "lstm")))
    before = digest_of(*program)
    append(folder, HOUSE + module, "\n# a remark\n")
    assert digest_of(*program) == before
    append(folder, HOUSE + module, "\nADDED = 1\n")
    assert digest_of(*program) != before


def test_one_head_is_in_no_other_heads_digest(tree):
    folder, digest_of = tree
    mlp, attention = (HOUSE + f"model.heads.{name}" for name in ("mlp", "attention"))
    before = digest_of(TRAINING, mlp), digest_of(TRAINING, attention)
    edit(folder, mlp, "nn.GELU()", "nn.ReLU()")
    after = digest_of(TRAINING, mlp), digest_of(TRAINING, attention)
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_words_tables_and_plans_are_in_no_digest_of_training(tree):
    folder, digest_of = tree
    every = {name: digest_of(name) for name in (TRAINING, TOKENS, FEATURES, PREPARATION)}
    for module in (
        *(
            "evaluation.scoring",
            "evaluation.comparison",
            "report.study",
            "report.page",
            "grid.expand",
            "config.checking",
        ),
        *("jobs.guard", "jobs.status", "plan.plan", "workflow.study", "explanation.shapley", "base.cli", "base.locks"),
        *("model.lora", "encoders.sources", "encoders.fetching"),
    ):
        append(folder, HOUSE + module, "\nADDED = 1\n")
    edit(folder, HOUSE + "grid.axes.freeze", "How many of the lowest layers stay fixed", "The number of fixed layers")
    edit(folder, HOUSE + "training.run", "trainable parameters", "parameters that train")
    edit(folder, HOUSE + "features.index", "expected the tokens of every text", "expected tokens of all texts")
    assert {name: digest_of(name) for name in every} == every


def test_lora_is_in_no_digest_of_tokens_and_features(tree):
    folder, digest_of = tree
    before = digest_of(TOKENS), digest_of(FEATURES)
    edit(folder, HOUSE + "model.lora", "lora_alpha=lora", "lora_alpha=2 * lora")
    assert (digest_of(TOKENS), digest_of(FEATURES)) == before


def test_the_report_s_digest_covers_its_templates(tree):
    folder, digest_of = tree
    digest_of(TRAINING)
    before = programs.report_digest()
    template = next((folder / "emotion_grid" / "report" / "templates").glob("report.html.j2"))
    template.write_text(template.read_text() + "<!-- more -->")
    digest_of(TRAINING)
    assert programs.report_digest() != before


def test_digest_of_the_lock_ignores_comments(tree):
    folder, digest_of = tree
    digest_of(TRAINING)
    before = programs.lock_digest()
    path = folder / "envs" / "programs.txt"
    path.write_text(path.read_text() + "\n    # via something\n\n")
    digest_of(TRAINING)
    assert programs.lock_digest() == before
    path = folder / "envs" / "torch.txt"
    path.write_text(path.read_text() + "\nsomething==1.0\n")
    digest_of(TRAINING)
    assert programs.lock_digest() != before
