"""Classification heads, one module each."""
