"""Predictions by other means than a fine-tuned encoder."""
