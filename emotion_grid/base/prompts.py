"""Prompts: templates around the texts that an encoder reads."""

TEXT = "{text}"
"""Stands for the text in a template. Alone, it is the template that changes nothing."""


def prompted(template: str, text: str) -> str:
    """A text as an encoder with this template reads it; braces in the text itself mean nothing."""
    return template.replace(TEXT, text, 1)
