"""Whether texts are written without spaces between words."""

import re
from collections.abc import Iterable

_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
)
"""Letters of Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese."""


def is_unspaced(texts: Iterable[str]) -> bool:
    """Whether most letters of some texts belong to a script that is written without spaces between words."""
    letters = "".join(character for text in texts for character in text if character.isalpha())
    return 2 * len(_UNSPACED.findall(letters)) > len(letters)
