"""One process at a time for a run."""

import subprocess
import sys

from emotion_grid.base.locks import one_at_a_time
from testing.tiny import PROJECT

WORK = """
import sys, time
from pathlib import Path
from emotion_grid.base.locks import one_at_a_time
with one_at_a_time(Path(sys.argv[1])) as waited:
    print("waited" if waited else "ready", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_second_process_waits_for_the_first_and_is_told(tmp_path, start_python):
    """Fault: after a kill of Snakemake alone, its training process and the next start's train one run at once."""
    spec = tmp_path / "spec.json"
    spec.write_text("{}")
    first = start_python(WORK, spec, 60)
    second = subprocess.Popen(
        [sys.executable, "-c", WORK, str(spec), "0"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert b"another process is at work" in second.stderr.readline()
    first.kill()
    assert second.communicate(timeout=30)[0] == b"waited\n"
    with one_at_a_time(spec) as waited:
        assert not waited
    assert spec.read_text() == "{}"
