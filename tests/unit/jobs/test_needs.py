"""What jobs ask for: more for larger encoders and data, within the site's bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.jobs.needs import training_need
from emotion_grid.jobs.site import load_site
from testing.jobs import LARGE, MEGABYTE, SMALL, spec

SITE = load_site()


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


def test_a_pack_asks_for_the_time_of_all_and_the_memory_of_the_largest():
    site = {**SITE, "runtime": 10_000, "runtime_least": 1, "mem_mb": 64000}
    alone = [training_need([one], 30 * MEGABYTE, site, 1) for one in (spec(LARGE, 30), spec(SMALL, 30))]
    both = training_need([spec(LARGE, 30), spec(SMALL, 30)], 30 * MEGABYTE, site, 1)
    assert both.mem_mb == max(need.mem_mb for need in alone)
    assert both.runtime == pytest.approx(sum(need.runtime for need in alone), abs=1)


def test_runs_side_by_side_ask_for_their_memory_together_and_no_more_than_are_at_work():
    site = {**SITE, "mem_mb": 64000, "mem_mb_retry": 64000}
    small, large = (training_need([spec(encoder)], MEGABYTE, site, 1).mem_mb for encoder in (SMALL, LARGE))
    pack = [spec(SMALL), spec(LARGE), spec(SMALL)]
    for at_once, expected in ((1, large), (2, large + small), (3, large + 2 * small), (8, large + 2 * small)):
        need = training_need(pack, MEGABYTE, {**site, "at_once": at_once}, 1)
        assert need.mem_mb == pytest.approx(expected, abs=2)
