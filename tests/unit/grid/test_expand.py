"""The grid: what lists, include, exclude and blocks become; and values that an encoder cannot have."""

import itertools
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.grid.expand import varying
from testing.grids import LARGE, SMALL, points, refusal
from testing.tiny import PROJECT


def test_lists_are_crossed_and_every_combination_stands_once():
    found = points(
        {
            "encoder": ["small", "large"],
            "head": [{"type": "mlp", "size": ["1x", "4x"]}, {"type": "attention"}],
            "freeze": [0, "half", "all"],
            "seed": [1, 2, 3, 4],
        }
    )
    heads = [("mlp", 1), ("mlp", 4), ("attention", None)]
    expected = set()
    for (encoder, width, half), (kind, times), seed in itertools.product(
        [("small", 384, 3), ("large", 768, 6)], heads, [1, 2, 3, 4]
    ):
        for freeze in (0, half, "all"):
            expected.add((encoder, kind, times * width if times else 128, freeze, seed))
    values = [point.values for point in found]
    assert len(found) == 2 * 3 * 3 * 4
    assert {(v["encoder"], v["head"]["type"], v["head"]["size"], v["freeze"], v["seed"]) for v in values} == expected


def test_a_silent_block_is_one_run_with_the_default_of_every_axis():
    (point,) = points({})
    assert point.values == {
        "encoder": "small",
        "head": {"type": "mlp", "size": 384, "layers": 2, "pooling": "first", "dropout": 0.1},
        "freeze": 0,
        "lora": None,
        "train_share": 1.0,
        "added": None,
        "fold": None,
        "seed": 1,
    }


def test_lists_inside_head_and_lora_are_crossed():
    found = points(
        {
            "head": {"type": "mlp", "size": [32, 64], "layers": [2, 3], "dropout": [0.0, 0.1, 0.2]},
            "lora": ["none", {"rank": [1, 2], "alpha": [4, 8]}],
        }
    )
    assert len(found) == (2 * 2 * 3) * (1 + 2 * 2)
    adapters = {(p.values["lora"]["rank"], p.values["lora"]["alpha"]) for p in found if p.values["lora"]}
    assert adapters == {(1, 4), (1, 8), (2, 4), (2, 8)}


def test_lora_alpha_is_the_rank_unless_given():
    first, second = points({"lora": [{"rank": 4}, {"rank": 4, "alpha": 16, "dropout": 0.1}]})
    assert (first.values["lora"]["rank"], first.values["lora"]["alpha"], first.values["lora"]["dropout"]) == (4, 4, 0)
    assert (second.values["lora"]["alpha"], second.values["lora"]["dropout"]) == (16, 0.1)


_SIZES = {"1x": 384, "2x": 768, 384: 384, 768: 768, 100: 100}
_FREEZES = {0: 0, 1: 1, 3: 3, 6: "all", "half": 3, "all": "all"}


def _some(choices):
    return st.lists(st.sampled_from(list(choices)), min_size=1, max_size=4)


@given(st.lists(st.tuples(_some(_SIZES), _some(_FREEZES), _some([1, 2, 3])), min_size=1, max_size=3))
def test_blocks_are_united_and_duplicates_fall_away(blocks):
    found = points(*({"head": {"type": "mlp", "size": s}, "freeze": f, "seed": n} for s, f, n in blocks))
    values = [(p.values["head"]["size"], p.values["freeze"], p.values["seed"]) for p in found]
    expected = {
        (_SIZES[size], _FREEZES[freeze], seed) for block in blocks for size, freeze, seed in itertools.product(*block)
    }
    assert len(values) == len(set(values))
    assert set(values) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"head": {"type": "mlp", "size": "1x"}}, {"head": {"type": "mlp", "size": 384}}),
        ({"head": {"type": "mlp", "size": "2x"}}, {"head": {"type": "mlp", "size": 768}}),
        ({"head": {"type": "mlp"}}, {"head": {"type": "mlp", "layers": 2, "pooling": "first", "dropout": 0.1}}),
        ({"head": {"type": "attention"}}, {"head": {"heads": 1, "size": 128, "type": "attention"}}),
        ({"head": {"type": "mlp", "dropout": 0}}, {"head": {"type": "mlp", "dropout": 0.0}}),
        ({"freeze": 6}, {"freeze": "all"}),
        ({"freeze": "half"}, {"freeze": 3}),
        ({"freeze": 3}, {"freeze": 3.0}),
        ({"lora": {"rank": 8}}, {"lora": {"rank": 8, "alpha": 8}}),
        ({"lora": {"rank": 8}}, {"lora": {"rank": 8, "alpha": 8.0}}),
        ({"lora": {"rank": 8}}, {"lora": {"rank": 8, "dropout": 0}}),
        ({"seed": 2}, {"seed": 2.0}),
        ({"training": {"learning_rate": "1e-4"}}, {"training": {"learning_rate": 0.0001}}),
        ({"training": {"epochs": 4}}, {"training": {"epochs": 4.0}}),
        ({"training": {"warmup_steps": 10}}, {"training": {"warmup_steps": 10.0}}),
        ({"training": {"weight_decay": 0}}, {"training": {"weight_decay": 0.0}}),
        ({"training": {"learning_rate": 0.1}}, {"training": {"learning_rate": 0.1, "head_learning_rate": "0.1"}}),
    ],
)
def test_two_ways_of_writing_one_run_are_one_run(one, other):
    try:
        found = points(one, other)
    except InputError as error:  # whole numbers may also be refused when they are written as 3.0
        assert "a whole number" in str(error)
    else:
        assert len(found) == 1


def test_order_is_the_order_written():
    found = points({"seed": [3, 1]}, {"seed": [2, 3]})
    assert [p.values["seed"] for p in found] == [3, 1, 2]


# --- include and exclude


def test_exclude_removes_points_that_have_all_of_its_values():
    found = points({"freeze": [0, 3], "seed": [1, 2], "exclude": [{"freeze": 3, "seed": 2}]})
    assert {(p.values["freeze"], p.values["seed"]) for p in found} == {(0, 1), (0, 2), (3, 1)}


def test_each_entry_of_exclude_removes_by_itself_and_lists_mean_any_of_them():
    block = {"freeze": [0, 1, 2, 3], "seed": [1, 2], "exclude": [{"freeze": [1, 2]}, {"freeze": 3, "seed": [2]}]}
    assert {(p.values["freeze"], p.values["seed"]) for p in points(block)} == {(0, 1), (0, 2), (3, 1)}


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ({"type": "attention"}, {("mlp", 384, 2), ("mlp", 384, 3), ("mlp", 768, 2), ("mlp", 768, 3)}),
        ({"type": "mlp", "layers": 3}, {("mlp", 384, 2), ("mlp", 768, 2), ("attention", 128, None)}),
        ({"type": "mlp", "size": "2x"}, {("mlp", 384, 2), ("mlp", 384, 3), ("attention", 128, None)}),
        ({"type": "mlp", "size": 768}, {("mlp", 384, 2), ("mlp", 384, 3), ("attention", 128, None)}),
        (
            {"type": "mlp", "size": ["1x", "2x"], "layers": 2},
            {("mlp", 384, 3), ("mlp", 768, 3), ("attention", 128, None)},
        ),
        ({"type": "attention", "heads": 1}, {("mlp", 384, 2), ("mlp", 384, 3), ("mlp", 768, 2), ("mlp", 768, 3)}),
        ({"size": "2x"}, {("mlp", 384, 2), ("mlp", 384, 3), ("attention", 128, None)}),
        ({"layers": 3}, {("mlp", 384, 2), ("mlp", 768, 2), ("attention", 128, None)}),
    ],
)
def test_exclude_may_name_a_part_of_a_head(entry, left):
    heads = [{"type": "mlp", "size": ["1x", "2x"], "layers": [2, 3]}, {"type": "attention"}]
    found = points({"head": heads, "exclude": [{"head": entry}]})
    assert {(h["type"], h["size"], h.get("layers")) for h in (p.values["head"] for p in found)} == left


def test_exclude_finds_values_that_the_block_left_to_their_defaults():
    assert points({"seed": [1, 2], "head": {"type": "mlp"}, "exclude": [{"head": {"type": "mlp", "size": "4x"}}]})
    assert "at least one run" in refusal({"exclude": [{"head": {"type": "mlp", "size": "1x"}}]})
    assert "at least one run" in refusal({"exclude": [{"lora": "none", "seed": 1, "freeze": 0}]})


def test_exclude_names_training_values():
    training = {"learning_rate": ["1e-4", "2e-4"], "epochs": [1, 2]}
    found = points({"training": training, "exclude": [{"training": {"learning_rate": 0.0002, "epochs": 2}}]})
    assert {(p.training["learning_rate"], p.training["epochs"]) for p in found} == {(1e-4, 1), (1e-4, 2), (2e-4, 1)}
    found = points({"training": training, "exclude": [{"training": {"epochs": [2, 3]}}, {"training": {"epochs": 9}}]})
    assert {(p.training["learning_rate"], p.training["epochs"]) for p in found} == {(1e-4, 1), (2e-4, 1)}


def test_exclude_names_a_part_of_lora():
    lora = ["none", {"rank": [4, 8], "alpha": [8, 16]}]
    found = points({"lora": lora, "exclude": [{"lora": {"rank": 8}}, {"lora": {"rank": 4, "alpha": 16}}]})
    assert [p.values["lora"] and (p.values["lora"]["rank"], p.values["lora"]["alpha"]) for p in found] == [None, (4, 8)]
    assert all(p.values["lora"] for p in points({"lora": lora, "exclude": [{"lora": "none"}]}))


def test_exclude_of_one_block_leaves_another_alone():
    found = points({"seed": [1, 2], "exclude": [{"seed": 2}]}, {"seed": 2})
    assert [p.values["seed"] for p in found] == [1, 2]


def test_exclude_by_another_name_of_the_same_value():
    assert [p.values["freeze"] for p in points({"freeze": [0, 6], "exclude": [{"freeze": "all"}]})] == [0]
    assert [p.values["freeze"] for p in points({"freeze": [0, "half"], "exclude": [{"freeze": 3}]})] == [0]


def test_include_adds_and_takes_defaults_for_what_it_leaves_out():
    found = points({"freeze": 3, "seed": [1, 2], "include": [{"encoder": "large", "seed": [5, 6]}]})
    assert [(p.values["encoder"], p.values["freeze"], p.values["seed"]) for p in found] == [
        ("small", 3, 1),
        ("small", 3, 2),
        ("large", 0, 5),
        ("large", 0, 6),
    ]


def test_include_is_not_touched_by_exclude_and_adds_nothing_twice():
    block = {"seed": [1, 2], "exclude": [{"seed": 2}], "include": [{"encoder": "small", "seed": [1, 2]}]}
    assert [p.values["seed"] for p in points(block)] == [1, 2]


def test_include_has_training_values_of_its_own():
    extra = {"encoder": "small", "training": {"epochs": [7, 8]}}
    found = points({"training": {"epochs": 3}, "include": [extra]}, training={"batch_size": 4})
    assert [(p.training["epochs"], p.training["batch_size"]) for p in found] == [(3, 4), (7, 4), (8, 4)]


def test_grid_without_a_run_is_refused():
    assert "exclude" in refusal({"seed": [1, 2], "exclude": [{"encoder": "small"}]})


# --- values that cannot be


def test_freeze_beyond_the_layers_is_refused():
    message = refusal({}, {"freeze": [0, 7]})
    assert message.startswith("grid[1].freeze: ")
    assert "6" in message
    assert message.endswith("found 7")
    assert points({"encoder": "large", "freeze": 7})


def test_value_that_one_encoder_cannot_have_is_judged_for_that_encoder():
    assert "grid[0].freeze" in refusal({"encoder": ["large", "small"], "freeze": [0, 12]})


@pytest.mark.parametrize(
    ("block", "runs"),
    [
        ({"encoder": ["large", "small"], "freeze": [0, 9], "exclude": [{"encoder": "small", "freeze": 9}]}, 3),
        (
            {
                "head": {"type": "attention", "size": [96, 128], "heads": [1, 3]},
                "exclude": [{"head": {"type": "attention", "size": 128, "heads": 3}}],
            },
            3,
        ),
    ],
)
def test_what_is_excluded_need_not_be_possible(block, runs):
    assert len(points(block)) == runs


def test_lora_on_a_frozen_encoder_is_refused_unless_excluded():
    block = {"freeze": [0, "all"], "lora": ["none", {"rank": 8}]}
    message = refusal(block)
    assert message.startswith("grid[0].lora: ")
    assert "exclude" in message
    found = points({**block, "exclude": [{"freeze": "all", "lora": {"rank": 8}}]})
    assert [(p.values["freeze"], bool(p.values["lora"])) for p in found] == [(0, False), (0, True), ("all", False)]


def test_lora_is_refused_where_a_number_freezes_all_layers():
    assert "grid[0].lora" in refusal({"freeze": 6, "lora": {"rank": 8}})
    assert points({"freeze": 5, "lora": {"rank": 8}})


def test_refusal_of_lora_on_a_frozen_encoder_shows_an_exclude_that_works():
    import yaml

    block = {"freeze": [0, "all"], "lora": ["none", {"rank": 8}]}
    shown = refusal(block).split("exclude: ")[1]
    assert len(points({**block, "exclude": yaml.safe_load(shown)})) == 3


def test_lora_on_a_frozen_encoder_is_refused_in_include_too():
    assert "lora" in refusal({"include": [{"encoder": "small", "freeze": "all", "lora": {"rank": 2}}]})


def test_unknown_encoder_name_is_refused_with_the_known_ones():
    message = refusal({}, {"encoder": ["small", "smal"]})
    assert message.startswith("grid[1].encoder: ")
    assert "small, large" in message
    assert message.endswith("found smal")


def test_fold_needs_folds_and_may_not_exceed_them():
    assert refusal({"fold": 1}).startswith("grid[0].fold: ")
    message = refusal({"fold": [1, 4]}, data={"folds": 3})
    assert message.startswith("grid[0].fold: ")
    assert message.endswith("found 4")


def test_all_folds_are_run_unless_the_block_says_otherwise():
    assert [p.values["fold"] for p in points({}, data={"folds": 3})] == [1, 2, 3]
    assert [p.values["fold"] for p in points({"fold": 2}, data={"folds": 3})] == [2]


def test_heads_must_divide_the_size_of_attention():
    message = refusal({"head": {"type": "attention", "size": 100, "heads": [2, 3]}})
    assert message.startswith("grid[0].head.heads: ")
    assert "100" in message
    assert message.endswith("found 3")
    assert points({"head": {"type": "attention", "size": "1x", "heads": 3}})


def test_linear_classifier_has_no_size():
    assert refusal({"head": {"type": "mlp", "layers": 1, "size": "1x"}}).startswith("grid[0].head.size: ")
    (point,) = points({"head": {"type": "mlp", "layers": 1}})
    assert point.values["head"]["size"] is None


@pytest.mark.parametrize("head", [{"type": "mlp", "heads": 2}, {"type": "attention", "pooling": "mean"}])
def test_value_of_the_other_kind_of_head_is_refused(head):
    message = refusal({"head": head})
    assert message.startswith("grid[0].head: ")
    assert set(head) - {"type"} <= set(message.replace(";", "").split())


# --- training values


def test_block_wins_over_encoder_and_encoder_over_training():
    encoders = {
        "small": {**SMALL, "training": {"epochs": 20, "batch_size": 21}},
        "large": LARGE,
    }
    training = {"epochs": 10, "batch_size": 11, "max_length": 12}
    block = {"encoder": ["small", "large"], "training": {"epochs": 30}}
    small, large = points(block, encoders=encoders, training=training)
    assert [small.training[key] for key in ("epochs", "batch_size", "max_length", "weight_decay")] == [30, 21, 12, 0.01]
    assert [large.training[key] for key in ("epochs", "batch_size", "max_length", "weight_decay")] == [30, 11, 12, 0.01]
    (plain,) = points({}, encoders=encoders, training=training)
    assert plain.training["epochs"] == 20


def test_lists_of_training_values_are_crossed():
    found = points({"training": {"learning_rate": ["1e-5", "1e-4"], "epochs": [1, 2, 3]}, "seed": [1, 2]})
    assert len({(p.training["learning_rate"], p.training["epochs"], p.values["seed"]) for p in found}) == 2 * 3 * 2
    assert varying(found) == ["epochs", "head_learning_rate", "learning_rate"]
    assert varying(points({"seed": [1, 2]})) == []


def test_head_learns_at_the_encoders_rate_unless_told():
    rates = {"learning_rate": [0.001, 0.002]}
    found = points({"training": rates}, training={"learning_rate": 0.5})
    assert [p.training["head_learning_rate"] for p in found] == [0.001, 0.002]
    found = points({"training": rates}, training={"head_learning_rate": "0.01"})
    assert [p.training["head_learning_rate"] for p in found] == [0.01, 0.01]
    found = points({"training": {"head_learning_rate": [None, 0.3]}}, training={"learning_rate": 0.5})
    assert [p.training["head_learning_rate"] for p in found] == [0.5, 0.3]


# --- as a whole


@pytest.mark.parametrize(
    "block",
    [
        {"lora": {"rank": [2, 4]}},
        {"lora": {"rank": 2, "alpha": [2, 4]}},
        {"lora": {"rank": 2, "dropout": [0.0, 0.1]}},
        {"head": {"type": "mlp", "dropout": [0.0, 0.1]}},
        {"head": {"type": "mlp", "pooling": ["first", "mean"]}},
        {"head": {"type": "mlp", "layers": [1, 2, 3]}},
        {"head": {"type": "attention", "heads": [1, 2, 4]}},
        {"head": [{"type": "attention", "size": [16, 32]}, {"type": "mlp", "size": [16, 32]}]},
        {"freeze": [0, 1, 6]},
        {"encoder": ["small", "large"]},
    ],
)
def test_runs_that_differ_differ_in_the_cells_of_the_tables(block):
    found = points(block)
    assert len(found) > 1
    assert len({json.dumps(p.columns(), sort_keys=True) for p in found}) == len(found)


def test_many_points():
    found = points(
        {
            "head": {"type": "mlp", "size": list(range(1, 51)), "layers": [2, 3]},
            "freeze": [0, 1, 2, 3, 4],
            "seed": list(range(10)),
        }
    )
    assert len(found) == 5000


def test_grid_is_read_without_heavy_libraries():
    code = "import sys, emotion_grid.grid.expand; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "pandas", "numpy", "sklearn", "datasets"} & set(done.stdout.split())
    assert "yaml" in done.stdout.split()
