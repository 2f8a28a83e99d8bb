"""Names of splits on the hub: which are understood, and what is said of others."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.hub import HubSplit, hub_split

COMMIT = "5e1f" * 10


def test_a_name_is_read_and_written_again():
    name = f"hub:team/feel.ings-2_x@{COMMIT}/de-CH (raw)/train"
    split = hub_split(name)
    assert split == HubSplit("team/feel.ings-2_x", COMMIT, "de-CH (raw)", "train")
    assert str(split) == name


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("team/feelings", "<commit>"),
        ("team/feelings/simple/train", "<commit>"),
        ("team/feelings@main/simple/train", "found main; on the data set's page"),
        (f"team/feelings@{COMMIT[:12]}/simple/train", f"found {COMMIT[:12]};"),
        (f"team/feelings@{COMMIT.upper()}/simple/train", "40 hexadecimal digits"),
        (f"team/feelings@{COMMIT}", "<configuration>/<split>"),
        (f"team/feelings@{COMMIT}/train", "<configuration>/<split>"),
        (f"team/feelings@{COMMIT}//train", "<configuration>/<split>"),
        (f"team/feelings@{COMMIT}/simple/train/more", "<configuration>/<split>"),
        (f"csv@{COMMIT}/default/train", "<owner>/<name>"),
        (f"/etc/feelings@{COMMIT}/default/train", "<owner>/<name>"),
        (f"team/feel ings@{COMMIT}/default/train", "<owner>/<name>"),
    ],
)
def test_a_name_that_pins_nothing_or_leads_elsewhere_is_refused(rest, said):
    with pytest.raises(InputError) as caught:
        hub_split(f"hub:{rest}")
    assert said in str(caught.value)


def test_every_part_of_a_name_decides_its_folder_which_no_part_can_leave():
    splits = [
        HubSplit("team/feelings", COMMIT, "simple", "train"),
        HubSplit("team/feelings", COMMIT, "simple", "test"),
        HubSplit("team/feelings", COMMIT, "raw", "train"),
        HubSplit("team/feelings", "0" * 40, "simple", "train"),
        HubSplit("others/feelings", COMMIT, "simple", "train"),
        HubSplit("../..", COMMIT, "..", "..{key}"),
    ]
    keys = [split.key for split in splits]
    assert len(set(keys)) == len(keys)
    assert all(set(key).isdisjoint("/{}") and key != ".." for key in keys)
