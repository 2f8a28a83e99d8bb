"""Pages: templates whose texts are escaped, one style sheet and one script inside, and a policy that lets nothing else run or load."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from emotion_grid.report.cells import csv_text

FOLDER = Path(__file__).parent / "templates"


def render(template: str, script: str, **values: Any) -> str:
    """The page of a template.

    Args:
        template, script: names of files beside this module, in `templates/`.
        values: what the template shows.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"script_hash": _script_hash, "csv": csv_text}
    code, style = (Markup(_read(name)) for name in (script, "style.css"))
    return environment.get_template(template).render(script=code, style=style, **values)


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _script_hash(script: str) -> str:
    """What a Content-Security-Policy calls an inline script: SHA-256 of its text in base64."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
