"""Names of folders and labels that are awkward for shells, Snakemake, Slurm, logs, tables or pages, and can be used all the same."""

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

AS_LABELS = [
    "None",
    "NA",
    "null",
    "nan",
    "1",
    "हर्ष",
    "ความสุข",
    "क्‍ष",
    "é",
    "joy/love",
    "a<b>",
    "joy, love",
    'so-called "joy"',
    "it's",
    "{x}",
    "[x]",
    "=1+1",
    "50%_$&#~^\\",
    "self",
    "run",
    "label",
    "value",
    "split",
    "place",
    "drawn",
    "😀",
]
"""Each holds what a table, page or program on the way could read as something else."""
