"""What `benchmarks.gpu_check` checks and measures on a machine with a GPU."""
