"""An experiment of made-up runs, scored and compared."""

import pytest

from scripts import compare, evaluate
from testing.made import make_experiment, run_program


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    make_experiment(home, seeds=1)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    return home
