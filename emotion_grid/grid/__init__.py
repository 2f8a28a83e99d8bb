"""The grid: axes, blocks of lists, and the points they expand to."""
