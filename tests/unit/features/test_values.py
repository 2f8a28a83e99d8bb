"""Values in a safetensors file."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from emotion_grid.features.values import open_values


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_values_are_written_as_the_library_would(tmp_path, dtype):
    """Fault: a header of our own that other readers of safetensors do not understand."""
    values = torch.randn(7, 5).to(dtype)
    with open_values(tmp_path / "ours", values.shape, dtype) as file:
        for row in values:
            file.write(row.numpy().tobytes())
    save_file({"values": values}, tmp_path / "theirs")
    assert torch.equal(load_file(tmp_path / "ours")["values"], load_file(tmp_path / "theirs")["values"])
