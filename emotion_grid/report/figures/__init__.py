"""What the report draws: one module for each kind of figure."""
