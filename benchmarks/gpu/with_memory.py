"""Run one of the project's programs on a GPU with so much memory, and print the most that it held: as it would do on a smaller GPU.

    python -m benchmarks.gpu.with_memory 900 scripts.train --spec ...

The first argument is in MB, 0 for all that there is; then come the program and its arguments. The program is run as it stands.
"""

import runpy
import sys

PEAK = "peak memory of the GPU: "
"""Before the MB in the last line."""


def main() -> None:
    """Bound the memory that torch takes, run the program, print what it took."""
    limit, program = int(sys.argv[1]), sys.argv[2]
    from emotion_grid.base.environment import set_up_environment

    set_up_environment(1)
    import torch

    on_gpu = torch.cuda.is_available()
    if on_gpu and limit:
        torch.cuda.set_per_process_memory_fraction(limit * 2**20 / torch.cuda.get_device_properties(0).total_memory)
    sys.argv = sys.argv[2:]
    try:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    finally:
        if on_gpu:
            print(f"{PEAK}{torch.cuda.max_memory_reserved() / 2**20:.0f}", flush=True)


if __name__ == "__main__":
    main()
