"""The sections of the report, one module each.

A section's module declares:

- `NAME`: the section's id on the page;
- `TITLE`: its name in the page's table of contents;
- `TEMPLATE`: its partial, a file in `emotion_grid/report/templates/`;
- `build(study) -> dict | None`: the values that the partial reads as `section`; None leaves the section out;
- `tables(study)` and `figures(study)`, if a paper needs them: tables with their captions, and figures, by file name.

`study` is a `Study` of emotion_grid/report/reading.py. To add a section, write its module and its partial, and name the module in
`SECTIONS` of emotion_grid/report/study.py.
"""
