"""The axes of the grid, one module each."""
