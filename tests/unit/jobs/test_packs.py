"""Runs that share a job."""

from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.jobs.needs import training_seconds
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.jobs.site import load_site
from testing.jobs import LARGE, MEGABYTE, spec

SITE = load_site()


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
