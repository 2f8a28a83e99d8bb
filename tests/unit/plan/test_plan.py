"""What planning imports."""

import subprocess
import sys

from testing.tiny import PROJECT


def test_the_plan_is_made_without_heavy_libraries():
    code = "import sys, emotion_grid.plan.plan, emotion_grid.jobs.guard; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "pandas", "numpy", "sklearn", "datasets"} & set(done.stdout.split())
