"""What machine this is, as JSON: python -m benchmarks.gpu.machine. A process of its own, so that no other holds memory of the GPU."""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "transformers", "accelerate", "peft", "datasets", "safetensors", "tokenizers", "numpy")


def describe() -> dict[str, Any]:
    """The GPU, its memory and driver, the versions of packages, and the processor; `gpu` is None where none works."""
    import torch

    from emotion_grid.model.devices import find_device

    found: dict[str, Any] = {"gpu": None}
    if find_device().type == "cuda":
        properties = torch.cuda.get_device_properties(0)
        found |= {
            "gpu": properties.name,
            "gpu_memory_mb": round(properties.total_memory / 2**20),
            "compute_capability": f"{properties.major}.{properties.minor}",
            "bf16": torch.cuda.is_bf16_supported(including_emulation=False),
            "driver": _driver(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return {
        **found,
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
    }


def _driver() -> str | None:
    """The version of the GPU's driver, by its own tool."""
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.splitlines()[0] if done.stdout else None


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    print(json.dumps(describe()))
