"""Where a program computes, and in what precision. Imports torch alone."""

from pathlib import Path

import torch

from emotion_grid.base.messages import InputError, log


def find_device() -> torch.device:
    """The first CUDA device if there is one that works, else the CPU; the log says why a GPU's driver is of no use."""
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    driver = Path("/proc/driver/nvidia/version")
    if driver.is_file():
        found = driver.read_text().splitlines()[0]
        log(
            f"no GPU works here: torch {torch.__version__} is built for CUDA {torch.version.cuda}, the driver is {found}"
        )
    return torch.device("cpu")


def find_precision(wanted: str, device: torch.device) -> str:
    """What a spec's `precision` means on a device: fp32, bf16 or fp16.

    Raises:
        InputError: the device does not compute in what the spec asks for.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        if wanted == "bf16" and not native:
            raise InputError(
                "training.precision: expected a GPU that computes in bf16, found one that does not; use auto, fp16 or fp32"
            )
        return ("bf16" if native else "fp16") if wanted == "auto" else wanted
    if wanted == "fp16":
        raise InputError("training.precision: fp16 needs a GPU, found none; use auto, bf16 or fp32")
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return ("bf16" if native else "fp32") if wanted == "auto" else wanted


def padding_multiple(device: torch.device) -> int:
    """What the padded length of a batch is a multiple of: tensor cores want 8."""
    return 8 if device.type == "cuda" else 1
