"""What jobs asked for and what they used."""

from emotion_grid.jobs.status import experiment_status
from emotion_grid.jobs.usage import efficiency


def test_accounting_of_a_number_given_away_again_is_not_taken(grid):
    grid.run("mine", log="done", results={"job": "51", "total_seconds": 5})
    grid.job(51, "mine", "COMPLETED", where="/home/another/checkout")
    assert efficiency(experiment_status(grid.home, grid.checkout)) == ""


def test_what_was_asked_and_used_by_encoder_and_what_would_do(grid):
    for number, encoder in ((1, "small"), (2, "small"), (3, "large")):
        grid.run(f"run-{number}", encoder, log="done", results={"job": str(number), "total_seconds": 500})
    grid.job(1, "run-1", "COMPLETED", mb="1000.5M")
    grid.job(2, "run-2", "COMPLETED", mb="900M")
    grid.job(3, "run-3", "COMPLETED", mb="2600M")
    lines = [line.split() for line in efficiency(experiment_status(grid.home, grid.checkout)).splitlines()]
    assert lines[2] == ["large", "1", "0:20:00", "0:10:00", "3000", "MB", "2600", "MB", "15", "min,", "3200", "MB"]
    assert lines[3] == ["small", "2", "0:20:00", "0:10:00", "3000", "MB", "1000", "MB", "15", "min,", "1300", "MB"]
    assert efficiency(experiment_status(grid.home, grid.checkout)).endswith("runtime: 15, mem_mb: 3200")


def test_a_job_that_ran_out_is_advised_twice_what_it_had(grid):
    grid.run("slow", log="epoch 1")
    grid.run("greedy", log="epoch 1")
    grid.job(1, "slow", "TIMEOUT", mb="100M")
    grid.job(2, "greedy", "FAILED", step="OUT_OF_MEMORY", mb="2990M")
    assert efficiency(experiment_status(grid.home, grid.checkout)).endswith("runtime: 20, mem_mb: 6000")
