"""What is found in raw tables, what is dropped, and which part every row goes to."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.preparation import prepare
from testing.raw import DEV, TRAIN

LABELS = ["joy", "fear"]


def test_findings_are_counted(raw):
    _, checks = prepare(*raw())
    assert (checks["duplicates"], checks["contradictions"], checks["overlaps"]) == (2, 3, 2)
    assert checks["dropped"] == 0
    assert checks["splits"]["train"]["rows"] == 27
    assert checks["splits"]["train"]["duplicate_texts"] == 3
    assert checks["splits"]["train"]["positives"] == {
        "joy": sum(gold[0] == "1" for _, _, gold in TRAIN),
        "fear": sum(gold[1] == "1" for _, _, gold in TRAIN),
    }
    assert checks["splits"]["train"]["rows_without_label"] == sum(gold == "00" for _, _, gold in TRAIN)
    assert "positives" not in checks["splits"]["test"]
    assert checks["splits"]["dev"]["words_max"] == 2


@pytest.mark.parametrize(
    ("drop", "gone"),
    [
        ([], set()),
        (["duplicates"], {"2", "5"}),
        (["contradictions"], {"3", "4", "5"}),
        (["overlaps"], {"6", "7"}),
        (["duplicates", "overlaps"], {"2", "5", "6", "7"}),
        (["overlaps", "contradictions", "duplicates"], {"2", "3", "4", "5", "6", "7"}),
    ],
)
def test_only_what_the_config_says_is_dropped(raw, drop, gone):
    splits, checks = prepare(*raw(drop=drop))
    kept = [*splits["train"]["id"], *splits["validation"]["id"]]
    assert sorted(kept, key=int) == [id_ for id_, _, _ in TRAIN if id_ not in gone]
    assert checks["dropped"] == len(gone)
    assert (checks["duplicates"], checks["contradictions"], checks["overlaps"]) == (2, 3, 2)
    assert list(splits["dev"]["id"]) == ["d1", "d2"]
    assert list(splits["test"]["id"]) == ["t1", "t2"]


def test_every_row_is_in_one_part_unchanged_and_in_order(raw):
    splits, checks = prepare(*raw())
    gold = {id_: [float(cell) for cell in cells] for id_, _, cells in [*TRAIN, *DEV]}
    for split in ("train", "validation", "dev"):
        table = splits[split]
        assert table[LABELS].to_numpy().tolist() == [gold[id_] for id_ in table["id"]]
        assert list(table["id"]) == sorted(table["id"], key=lambda id_: int(id_.lstrip("d")))
    assert {*splits["train"]["text"]}.isdisjoint(splits["validation"]["text"])
    assert checks["prepared"]["train"]["rows"] + checks["prepared"]["validation"]["rows"] == len(TRAIN)
    assert 3 <= checks["prepared"]["validation"]["rows"] <= 8
    assert "in test" in {*splits["train"]["text"], *splits["validation"]["text"]}, "texts are cleaned"


def test_splits_that_a_study_does_not_have_are_empty(raw):
    splits, checks = prepare(*raw(dev=None, test=None))
    assert list(splits) == ["train", "validation", "dev", "test"]
    assert all(list(table.columns) == ["id", "text", *LABELS] for table in splits.values())
    assert (len(splits["dev"]), len(splits["test"])) == (0, 0)
    assert checks["prepared"]["dev"] == {"rows": 0}
    assert checks["overlaps"] == 0


def test_folds_hold_out_every_row_once(raw):
    held = []
    for fold in (1, 2, 3):
        splits, _ = prepare(*raw(dev=None, folds=3, fold=fold))
        ids = [set(splits[split]["id"]) for split in ("train", "validation", "dev")]
        assert sum(map(len, ids)) == len(TRAIN) == len(set.union(*ids))
        texts = [set(splits[split]["text"]) for split in ("train", "validation", "dev")]
        assert sum(map(len, texts)) == len(set.union(*texts)), "no text on two sides"
        held += list(splits["dev"]["id"])
    assert sorted(held, key=int) == [id_ for id_, _, _ in TRAIN]


def test_a_share_of_the_training_rows_leaves_all_other_rows_where_they_were(raw):
    for how in ({}, {"dev": None, "folds": 3, "fold": 2}):
        whole, _ = prepare(*raw(**how))
        before = set(whole["train"]["id"])
        for share in (0.5, 0.25):
            splits, checks = prepare(*raw(**how, train_share=share))
            for split in ("validation", "dev", "test"):
                assert splits[split].equals(whole[split])
            kept = set(splits["train"]["id"])
            assert kept < before, "a smaller share is part of the larger one"
            assert checks["prepared"]["train"]["rows"] == len(kept)
            assert abs(splits["train"]["text"].nunique() - share * whole["train"]["text"].nunique()) <= 0.5
            before = kept


def test_label_without_a_positive_row_gives_a_warning(raw):
    rows = [(id_, text, gold[0] + "0") for id_, text, gold in TRAIN]
    _, checks = prepare(*raw(train=rows))
    warnings = [line for line in checks["warnings"] if "in train" in line]
    assert len(warnings) == 1
    assert "fear" in warnings[0]
    assert prepare(*raw())[1]["warnings"] == []


def test_labels_that_are_not_annotated_are_counted_and_told(raw):
    rows = [(id_, text, gold[0] + (" " if int(id_) % 2 else gold[1])) for id_, text, gold in TRAIN]
    splits, checks = prepare(
        *raw(train=rows, dev=[("d1", "in dev", "1 "), ("d2", "only dev", "  ")], test=[("t", "t", "00")])
    )
    found = checks["splits"]
    assert found["train"]["known"] == {"joy": 27, "fear": 13}
    assert found["train"]["positives"]["fear"] == sum(gold[1] == "1" for id_, _, gold in TRAIN if int(id_) % 2 == 0)
    assert found["train"]["rows_without_label"] == sum("1" not in gold for _, _, gold in rows)
    assert found["dev"]["known"] == {"joy": 1, "fear": 0} and found["dev"]["rows_without_label"] == 0
    assert sum(checks["prepared"][split]["known"]["fear"] for split in ("train", "validation")) == 13
    assert all(table[LABELS].notna().any(axis=None) for table in splits.values())
    assert checks["warnings"] == [
        "label fear: no annotated row in dev; it has no score there, and macro-F1 leaves it out",
        "label joy: no positive row in test; its F1 there is 0",
        "label fear: no positive row in test; its F1 there is 0",
    ]


def test_an_unknown_label_contradicts_nothing_and_equals_unknown(raw):
    """Fault: a text that two sets share, each annotated for other labels, is dropped as a contradiction."""
    rows = [
        ("1", "shared", "1 "),
        ("2", "shared", " 0"),
        ("3", "twice", "0 "),
        ("4", "twice", "0 "),  # duplicate of 3
        ("5", "twice", "00"),  # knows more than 3
        ("6", "torn", "1 "),  # neither confirms nor contradicts what 7 and 8 say of fear
        ("7", "torn", "10"),
        ("8", "torn", " 1"),
        *((str(n), f"plain text {n}", f"{n % 2}{n % 3 // 2}") for n in range(9, 30)),
    ]
    splits, checks = prepare(*raw(train=rows, drop=["duplicates", "contradictions"]))
    assert (checks["duplicates"], checks["contradictions"], checks["dropped"]) == (1, 2, 3)
    kept = {*splits["train"]["id"], *splits["validation"]["id"]}
    assert {id_ for id_, _, _ in rows} - kept == {"4", "7", "8"}


def test_text_that_is_empty_after_cleaning_is_refused(raw):
    rows = [*TRAIN, ("99", "?!", "00")]
    prepare(*raw(train=rows))
    with pytest.raises(
        InputError, match=r"train-raw\.csv, row 28 \(id 99\), column text: .*punctuation, found nothing"
    ):
        prepare(*raw(train=rows, clean=["nfc", "punctuation"]))


def test_file_that_changed_since_the_plan_is_refused(raw):
    spec, paths = raw()
    with open(paths["test"], "a") as file:
        file.write("t3,one more,,\n")
    with pytest.raises(InputError, match=r"test-raw\.csv: the file has changed"):
        prepare(spec, paths)


def test_part_without_rows_is_refused(raw):
    with pytest.raises(InputError, match=r"data\.(train|validation): expected at least one row, found none"):
        prepare(*raw(train=TRAIN[:2], dev=None, test=None))
    with pytest.raises(InputError, match="expected at least one row, found none"):
        prepare(*raw(train=TRAIN[2:5], drop=["contradictions"]))
