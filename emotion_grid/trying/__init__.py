"""A page on this machine to try a model: type a text, see what the model says of it and why."""
