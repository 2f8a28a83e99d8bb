"""The program that trains: what it imports."""

import subprocess
import sys

from emotion_grid.base.files import write_json
from testing.tiny import PROJECT

VECTOR = {"type": "mlp", "size": 12, "pooling": "mean"}


def test_a_head_only_run_imports_torch_and_little_else(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Fault: one import at the wrong place, and each of a thousand small runs starts three times slower."""
    encoder = encoders("bert")
    spec, tokens = make_spec(encoder, VECTOR, "all", epochs=1), tokens_of(data, encoder)
    write_json(tmp_path / "spec.json", spec)
    options = {
        "spec": tmp_path / "spec.json",
        "data": data,
        "tokens": tokens,
        "encoder": encoder,
        "features": features_of(spec, tokens, encoder),
        "output": tmp_path / "run",
    }
    line = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    code = (
        "import sys; from scripts import train; train.main(); "
        "print([name for name in ('transformers', 'pandas', 'datasets', 'pyarrow', 'sklearn', 'tokenizers', 'peft') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *line], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "run" / "provenance.json").is_file()
