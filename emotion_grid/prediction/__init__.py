"""Predictions other than those of a training run: baselines, and saved models on new texts."""
