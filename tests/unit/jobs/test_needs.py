"""What jobs ask for: more for larger encoders and data, within the site's bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.cluster import check_gpu_memory, memory_note
from emotion_grid.jobs.needs import Need, fetching_mb, least_gpu_mb, training_mb, training_need
from emotion_grid.jobs.site import load_site
from testing.jobs import LARGE, MEGABYTE, SMALL, spec

SITE = load_site()
LONG = 10_000
"""Bytes of a line that is longer than what any run here reads."""


def need(specs, size=MEGABYTE, site=SITE, attempt=1) -> Need:
    """What a job asks for that trains on texts of any length."""
    return training_need(specs, size, site, attempt, LONG)


def test_a_job_asks_for_what_its_run_needs():
    site = {**SITE, "mem_mb": 64000}
    small, large = (need([spec(encoder)], site=site) for encoder in (SMALL, LARGE))
    assert 3000 < small.mem_mb < 5000 and 7000 < large.mem_mb < 12000
    more = need([spec(LARGE, epochs=30)], 30 * MEGABYTE)
    head = need([spec(LARGE, freeze="all")], site=site)
    assert head.mem_mb < 0.6 * large.mem_mb, "a head alone needs no copies of its encoder"
    assert SITE["runtime_least"] == small.runtime < more.runtime <= SITE["runtime"]


def test_memory_follows_what_is_held():
    """Fault: a run on XLM-R, whose vocabulary is five times RoBERTa's, asked for 5,467 MB and took 6,886."""
    shape = {"layers": 12, "hidden_size": 768}
    xlmr = {**shape, "parameters": 277_450_000, "vocabulary": 250_002}
    assert 6886 < training_mb(spec(xlmr, max_length=128), LONG, gpus=0) < 1.4 * 6886
    by_vocabulary = training_mb(spec({**shape, "vocabulary": 250_002}), LONG, gpus=0)
    assert by_vocabulary == pytest.approx(training_mb(spec(xlmr), LONG, gpus=0), rel=0.02)
    whole, half, adapters, head = (
        training_mb(spec(xlmr, **kind), LONG, 0)
        for kind in ({}, {"freeze": 6}, {"lora": {"rank": 8}}, {"freeze": "all"})
    )
    assert whole > half > adapters > head
    assert whole - head > 20e-6 * 277_000_000, "a gradient, two moments and two copies of every weight"


def test_memory_follows_the_length_of_texts_up_to_where_they_are_cut():
    long, short, cut = (
        training_mb(spec(SMALL, batch_size=32, max_length=tokens), line, 0)
        for tokens, line in ((512, LONG), (512, 300), (102, LONG))
    )
    assert long > 2 * short and short == cut, "300 bytes are 102 tokens at most"
    assert training_mb(spec(SMALL, batch_size=32, max_length=512), LONG, gpus=1) < long, "a GPU holds the batch"


def test_a_gpu_holds_what_is_trained_and_one_text():
    """Llama 3 8B in fp32, without its layer for tokens: 4 bytes for each of 7.5 billion weights, and 12 more where they train."""
    llama = {"layers": 32, "hidden_size": 4096, "parameters": 7_504_924_672, "vocabulary": 128_256}
    assert least_gpu_mb(spec(llama), LONG) == pytest.approx(16 * 7505, rel=0.06)
    assert least_gpu_mb(spec(llama, lora={"rank": 16}), LONG) == pytest.approx(4 * 7505, rel=0.2)
    fits = {"roberta": least_gpu_mb(spec(LARGE), LONG)}
    check_gpu_memory(fits, {**SITE, "gpu_mem_mb": 40_000})
    with pytest.raises(
        InputError, match=r"llama: .* 40,000 MB .* found one that needs about 121,\d+ MB .*\(1 of 2 runs"
    ):
        check_gpu_memory({**fits, "llama": least_gpu_mb(spec(llama), LONG)}, {**SITE, "gpu_mem_mb": 40_000})
    for unknown in ({"gpu_mem_mb": 0}, {"gpus": 0}):
        check_gpu_memory({"llama": 1e9}, {**SITE, "gpu_mem_mb": 40_000, **unknown})


@pytest.mark.parametrize(
    ("encoder", "lora", "gpu", "machine"),
    [("roberta", None, 7.7, 8.7), ("llama", None, 126.9, 123.9), ("llama", {"rank": 16}, 36.9, 33.9)],
)
def test_the_sums_in_the_docs_are_those_of_the_estimate(encoder, lora, gpu, machine):
    """Fault: docs/performance.md adds up what jobs no longer ask for."""
    shapes = {
        "roberta": {"layers": 24, "hidden_size": 1024, "parameters": 355_359_744, "vocabulary": 50_265},
        "llama": {"layers": 32, "hidden_size": 4096, "parameters": 7_504_924_672, "vocabulary": 128_256},
    }
    run = spec(shapes[encoder], lora=lora, max_length=256)
    run["head"] = {"type": "mlp", "size": shapes[encoder]["hidden_size"], "layers": 2}
    assert round(least_gpu_mb(run, LONG) / 1000, 1) == gpu
    assert round(training_mb(run, LONG, gpus=1) / 1000, 1) == machine


def test_a_run_that_needs_more_memory_than_its_job_may_ask_for_is_told():
    """Fault: a job asks for 16 GB by the site's bound, and its weights alone take 30."""
    llama = {"layers": 32, "hidden_size": 4096, "parameters": 7_504_924_672, "vocabulary": 128_256}
    needs = {
        name: training_mb(spec(encoder, lora={"rank": 16}), LONG, gpus=1)
        for name, encoder in (("l", llama), ("s", SMALL))
    }
    assert needs["l"] > 4 * 7505 > 16_000 > needs["s"]
    assert "Note: l needs about 33," in memory_note(needs, {**SITE, "mem_mb_retry": 16_000})
    assert memory_note(needs, {**SITE, "mem_mb_retry": 64_000}) == ""


def test_a_job_that_fetches_asks_for_the_size_of_its_encoder():
    site = {**SITE, "mem_mb": 10**6}
    assert fetching_mb({**LARGE, "parameters": 8_030_000_000}, site, 1) > 8 * 8030
    assert fetching_mb(SMALL, site, 1) < 2000


@given(
    st.sampled_from([SMALL, LARGE]), st.integers(1, 1000), st.integers(0, 10**9), st.integers(1, 3), st.integers(1, 9)
)
def test_no_job_asks_for_more_than_the_site_allows(encoder, epochs, size, attempt, members):
    found = need([spec(encoder, epochs)] * members, size, attempt=attempt)
    assert 300 <= found.mem_mb <= (SITE["mem_mb"] if attempt == 1 else SITE["mem_mb_retry"])
    assert SITE["runtime_least"] <= found.runtime <= SITE["runtime"]


def test_a_pack_asks_for_the_time_of_all_and_the_memory_of_the_largest():
    site = {**SITE, "runtime": 10_000, "runtime_least": 1, "mem_mb": 64000}
    alone = [need([one], 30 * MEGABYTE, site) for one in (spec(LARGE, 30), spec(SMALL, 30))]
    both = need([spec(LARGE, 30), spec(SMALL, 30)], 30 * MEGABYTE, site)
    assert both.mem_mb == max(one.mem_mb for one in alone)
    assert both.runtime == pytest.approx(sum(one.runtime for one in alone), abs=1)


def test_runs_side_by_side_ask_for_their_memory_together_and_no_more_than_are_at_work():
    site = {**SITE, "mem_mb": 64000, "mem_mb_retry": 64000}
    small, large = (need([spec(encoder)], MEGABYTE, site).mem_mb for encoder in (SMALL, LARGE))
    pack = [spec(SMALL), spec(LARGE), spec(SMALL)]
    for at_once, expected in ((1, large), (2, large + small), (3, large + 2 * small), (8, large + 2 * small)):
        assert need(pack, MEGABYTE, {**site, "at_once": at_once}).mem_mb == pytest.approx(expected, abs=2)
