"""What jobs ask for: more for larger encoders and data, within the site's bounds; runs that share a job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.needs import training_need, training_seconds
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.jobs.site import SITE_FILE, fixed_resources, load_site

SITE = load_site()
SMALL, LARGE = {"layers": 6, "hidden_size": 384}, {"layers": 24, "hidden_size": 1024}
MEGABYTE = 1_000_000


def spec(encoder=SMALL, epochs=10, threads=1, freeze=0) -> dict:
    return {"encoder": encoder, "freeze": freeze, "training": {"epochs": epochs, "threads": threads}}


def test_a_job_asks_for_what_its_run_needs():
    small, large = (
        training_need([spec(encoder)], MEGABYTE, {**SITE, "mem_mb": 64000}, 1) for encoder in (SMALL, LARGE)
    )
    assert 3000 < small.mem_mb < 5000 and 9000 < large.mem_mb < 16000
    more = training_need([spec(LARGE, epochs=30)], 30 * MEGABYTE, SITE, 1)
    head = training_need([spec(LARGE, freeze="all")], MEGABYTE, {**SITE, "mem_mb": 64000}, 1)
    assert head.mem_mb < 0.6 * large.mem_mb, "a head alone needs no gradients of its encoder"
    assert SITE["runtime_least"] == small.runtime < more.runtime <= SITE["runtime"]


@given(
    st.sampled_from([SMALL, LARGE]), st.integers(1, 1000), st.integers(0, 10**9), st.integers(1, 3), st.integers(1, 9)
)
def test_no_job_asks_for_more_than_the_site_allows(encoder, epochs, size, attempt, members):
    need = training_need([spec(encoder, epochs)] * members, size, SITE, attempt)
    assert 300 <= need.mem_mb <= (SITE["mem_mb"] if attempt == 1 else SITE["mem_mb_retry"])
    assert SITE["runtime_least"] <= need.runtime <= SITE["runtime"]


@given(st.integers(1, 6), st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_packs_hold_every_run_once_and_no_more_than_a_job_is_sure_to_finish(size, epochs):
    site = {**SITE, "pack": size}
    specs = {f"run-{number}": spec(LARGE, count) for number, count in enumerate(epochs)}
    packs = pack_runs(specs, MEGABYTE, site)
    assert [name for pack in packs for name in pack] == list(specs)
    assert all(1 <= len(pack) <= size for pack in packs)
    for pack in packs:
        seconds = sum(training_seconds(specs[name], MEGABYTE, site) for name in pack)
        assert len(pack) == 1 or seconds <= site["runtime"] * 60


def test_a_pack_asks_for_the_time_of_all_and_the_memory_of_the_largest():
    site = {**SITE, "runtime": 10_000, "runtime_least": 1, "mem_mb": 64000}
    alone = [training_need([one], 30 * MEGABYTE, site, 1) for one in (spec(LARGE, 30), spec(SMALL, 30))]
    both = training_need([spec(LARGE, 30), spec(SMALL, 30)], 30 * MEGABYTE, site, 1)
    assert both.mem_mb == max(need.mem_mb for need in alone)
    assert both.runtime == pytest.approx(sum(need.runtime for need in alone), abs=1)


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
