"""Pages: templates whose texts are escaped, one style sheet and one script inside, and a policy that lets nothing else run or load."""

import base64
import functools
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
    code, style = (Markup(_read(name)) if name else "" for name in (script, STYLE))
    return _environment().get_template(template).render(script=code, style=style, **values)


@functools.cache
def _environment() -> jinja2.Environment:
    """Where the templates are, once for each program: the labelling page is made again for every text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"source_hash": _source_hash, "csv": csv_text}
    return environment


def form_policy(script: str | None = None) -> str:
    """The Content-Security-Policy of a page with a form that a server sends: it loads nothing, and sends the form to where it came from.

    Args:
        script: as for `render`.
    """
    code = f"script-src '{_source_hash(_read(script))}'; " if script else ""
    style = f"style-src '{_source_hash(_read(STYLE))}'"
    return f"default-src 'none'; {code}{style}; img-src data:; form-action 'self'; base-uri 'none'"


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _source_hash(source: str) -> str:
    """What a Content-Security-Policy calls an inline script or style sheet: SHA-256 of its text in base64."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
