"""The page of a made-up study, which each module makes as `home`."""

import pytest


@pytest.fixture(scope="module")
def page(home):
    return (home / "report.html").read_text(encoding="utf-8")
