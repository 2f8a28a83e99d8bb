"""What tests and benchmarks stand on: made-up studies, tiny encoders, a real Slurm and a real Apptainer on one machine."""
