"""Pages: templates whose texts are escaped, one style sheet and one script inside, and a policy that lets nothing else run or load."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from emotion_grid.report.cells import csv_text

FOLDER, STYLE = Path(__file__).parent / "templates", "style.css"


def render(template: str, script: str | None, **values: Any) -> str:
    """The page of a template.

    Args:
        template, script: names of files beside this module, in `templates/`; None for a page without a script.
        values: what the template shows.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"source_hash": _source_hash, "csv": csv_text}
    code, style = (Markup(_read(name)) if name else "" for name in (script, STYLE))
    return environment.get_template(template).render(script=code, style=style, **values)


def style_hash() -> str:
    """What a Content-Security-Policy calls the style sheet of every page."""
    return _source_hash(_read(STYLE))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _source_hash(source: str) -> str:
    """What a Content-Security-Policy calls an inline script or style sheet: SHA-256 of its text in base64."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
