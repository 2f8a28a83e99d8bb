"""Training a run: fine-tuning, heads on features, checkpoints, progress."""
