"""What is no difference between two spellings of one name: case, separators, transliteration."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from longfunnel.core.matching import Normalising

_SEPARATORS: Final = re.compile(r"[\W_]+")
_LATIN: Final = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
        "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "c",
        "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "u", "я": "a",
    }
)  # fmt: skip
# what systems of transliteration write differently, as one: GOST 7.79, GOST R 52535.1, ICAO 9303, BGN/PCGN and habit
_AS_ONE: Final = (
    ("shch", "sch"), ("kh", "h"), ("ts", "c"), ("cz", "c"), ("yo", "e"), ("jo", "e"), ("ye", "e"), ("yu", "u"), ("ju", "u"),
    ("iu", "u"), ("ya", "a"), ("ja", "a"), ("ia", "a"), ("y", "i"), ("j", "i"), ("'", ""), ("`", ""), ("ʹ", ""), ("’", ""),
)  # fmt: skip
_REPEATED_I: Final = re.compile(r"i{2,}")


@lru_cache(maxsize=200_000)
def spelt(text: str, how: tuple[Normalising, ...], *, is_part: bool = False) -> str:
    """The text with what is no difference taken out.

    ``is_part``: a piece of a longer text, whose edge separators stand against what comes before and after it. Transliteration
    loses differences (``ии`` and ``и`` are one), so what it joins must be checked to be the only one.
    """
    text = unicodedata.normalize("NFKC", text)
    if not is_part:
        text = text.strip()
    if "case" in how or "transliteration" in how:
        text = text.casefold()
    if "transliteration" in how:
        text = text.translate(_LATIN)
        for written, meant in _AS_ONE:
            text = text.replace(written, meant)
        text = _REPEATED_I.sub("i", text)
    if "separators" in how:
        text = _SEPARATORS.sub(" ", text)
        if not is_part:
            text = text.strip()
    return text
