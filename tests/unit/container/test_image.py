"""Planning with an image."""

import subprocess
import sys
from pathlib import Path

from emotion_grid.container import image


def test_planning_with_an_image_needs_no_torch():
    code = "import sys; import emotion_grid.container.image, emotion_grid.jobs.site; print(sorted({'torch', 'transformers', 'pandas'} & {*sys.modules}))"
    project = Path(image.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True).stdout == "[]\n"
