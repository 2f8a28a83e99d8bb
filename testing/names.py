"""Names of folders that are awkward for shells, Snakemake, Slurm or logs, and can be used all the same."""

WORKS = [
    "two words",
    "it's",
    'say "hello"',
    "'quoted'",
    "$HOME",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "& touch pwned #",
    "| tee pwned",
    "> pwned",
    "<(touch pwned)",
    "*",
    "[0-9]?",
    "back\\slash\\n",
    "!! ~",
    "100% %j",
    "a,b=c:d",
    "(brackets)",
    "@list",
    "ünï 語 😀",
]
"""Each holds what some tool on the way could read as an order."""

BRACES = "{run} {{x}}"
"""The same for Snakemake: fine wherever it reads no path of a rule."""

ON_SLURM = [name for name in WORKS if not set("%\\") & set(name)]
"""Those that a checkout on Slurm can be in."""
