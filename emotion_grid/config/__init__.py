"""The config file: its schema, its defaults, and messages about what is wrong with it."""
