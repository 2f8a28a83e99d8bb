"""The command lines of the rules, as they stand in rules/."""

import re

from testing.tiny import PROJECT

QUOTED_BEFORE = {"params.files", "params.cached", "params.reading", "params.sets", "params.languages", "params.asking"}
"""Options that emotion_grid/workflow/options.py has quoted one by one."""

NO_PATHS = {
    "threads",
    "params.threads",
    "params.limit",
    "params.texts",
    "params.keep",
    "params.program",
    "params.umask",
    "wildcards.texts",
    "wildcards.pack",
}
"""Numbers, digests and words of the workflow's own."""


def test_no_shell_sees_a_path_that_is_not_quoted():
    """Fault: `results_root: my results` failed in scoring, at a path without quotes."""
    quoted = 0
    for file in sorted((PROJECT / "rules").glob("*.smk")):
        for command in re.findall(r"^    shell:\n((?:        .*\n)+)", file.read_text(encoding="utf-8"), re.M):
            assert "$" not in command and "`" not in command
            for value in re.findall(r"{([^}]*)}", command):
                assert value.endswith(":q") or value in QUOTED_BEFORE | NO_PATHS, f"{file.name}: {{{value}}}"
                quoted += value.endswith(":q")
    assert quoted > 30
