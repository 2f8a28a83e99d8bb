"""The site file, and how a GPU is asked for."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.site import SITE_FILE, fixed_resources, load_site

SITE = load_site()


def test_a_gpu_is_asked_for_in_one_way():
    asked = {
        request: fixed_resources({**SITE, "gpu_request": request, "gpu_type": "a100"}, gpu=True)
        for request in ("gres", "gpus")
    }
    assert asked["gres"]["gres"] == "gpu:a100:1" and "gpu" not in asked["gres"]
    assert (asked["gpus"]["gpu"], asked["gpus"]["gpu_model"]) == (1, "a100") and "gres" not in asked["gpus"]
    assert not {"gres", "gpu"} & set(fixed_resources({**SITE, "gpus": 0}, gpu=True))
    assert not {"gres", "gpu"} & set(fixed_resources(SITE, gpu=False))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pack: 0", "pack: expected"),
        ("packs: 2", "packs: unknown key; did you mean pack?"),
        ("runtime: long", "runtime"),
        ("bind: [/nowhere]", "bind: expected paths that are there, found nothing at /nowhere"),
    ],
)
def test_a_wrong_site_file_is_refused(tmp_path, line, expected):
    path = tmp_path / "site.yaml"
    path.write_text(SITE_FILE.read_text().replace("pack: 1\n", "") + f"\n{line}\n" if "pack" in line else f"{line}\n")
    with pytest.raises(InputError, match=expected):
        load_site(path)


def test_the_account_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("EMOTION_GRID_ACCOUNT", "p_ours")
    assert load_site()["account"] == "p_ours"
