"""The reference of config keys in docs/."""

from emotion_grid.base.layout import PROJECT
from emotion_grid.config.reference import page


def test_the_page_in_docs_is_that_of_the_schema():
    """Fault: a key is added or its description changed, and the page still tells the old."""
    assert (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8") == page(), "run make docs"
