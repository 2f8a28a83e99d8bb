"""Snakemake whose Slurm executor looks at the queue every second.

The executor waits ten seconds longer after each look at which nothing had ended, up to three minutes; tests would spend most of their
time in that. Nothing else of it is changed.
"""

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, seconds: None)

if __name__ == "__main__":
    main()
