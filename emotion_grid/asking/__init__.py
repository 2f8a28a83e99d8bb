"""Asking language models: questions, what comes back, what it costs, and the endpoint that answers."""
