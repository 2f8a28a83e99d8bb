"""Precision by device."""

import pytest
import torch

from emotion_grid.base.messages import InputError
from emotion_grid.model import devices

CPU = torch.device("cpu")


def test_precision_that_the_device_has_not_is_refused():
    """Fault: fp16 on a CPU fails in the middle of a run, or trains in something else without a word."""
    with pytest.raises(InputError, match="fp16"):
        devices.find_precision("fp16", CPU)
    assert devices.find_precision("auto", CPU) in ("bf16", "fp32")
    assert devices.find_precision("fp32", CPU) == "fp32"
    assert devices.find_precision("bf16", CPU) == "bf16"


@pytest.mark.parametrize("native", [True, False])
def test_precision_of_a_gpu(monkeypatch, native):
    """Fault: bf16 emulated on a GPU that has none, or fp32 where `auto` could be faster."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: native or including_emulation)
    gpu = torch.device("cuda", 0)
    assert devices.find_precision("auto", gpu) == ("bf16" if native else "fp16")
    assert devices.find_precision("fp16", gpu) == "fp16"
    assert devices.find_precision("fp32", gpu) == "fp32"
    if native:
        assert devices.find_precision("bf16", gpu) == "bf16"
    else:
        with pytest.raises(InputError, match="bf16"):
            devices.find_precision("bf16", gpu)
