"""What the programs share: one subject a module."""
