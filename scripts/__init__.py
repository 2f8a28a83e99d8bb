"""Programs of the workflow: one a rule, each runs by hand with `python -m scripts.<name> --help`."""
