"""Metrics, thresholds, intervals and comparisons, all from prediction tables alone."""
