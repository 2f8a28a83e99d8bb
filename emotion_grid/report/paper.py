"""Tables and figures of an experiment for a paper: those of the report's sections."""

import pandas as pd

from emotion_grid.report.figure import Figure
from emotion_grid.report.reading import Study
from emotion_grid.report.study import SECTIONS


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """Each table with its caption, by name."""
    return {
        name: table
        for section in SECTIONS
        if hasattr(section, "tables")
        for name, table in section.tables(study).items()
    }


def figures(study: Study) -> dict[str, Figure]:
    """Each figure by name."""
    return {
        name: figure
        for section in SECTIONS
        if hasattr(section, "figures")
        for name, figure in section.figures(study).items()
    }
