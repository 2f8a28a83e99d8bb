"""Names of the splits."""

SPLITS = ("validation", "dev", "test")
"""The splits that get predictions; one that a study does not have is a table without rows. Training reads `train` besides."""
