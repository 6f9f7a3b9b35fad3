"""The words of a question: what its filters, basis and attribution model are called in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.dimensions import dimension, value_text
from longfunnel.journeys.attribution.models import MODELS

if TYPE_CHECKING:
    from longfunnel.core.settings import Language
    from longfunnel.reports._engine.question import Filter

OP_WORDS: dict[str, Text] = {
    "is": Text("is", "—"),
    "is_not": Text("is not", "не"),
    "contains": Text("contains", "содержит"),
    "not_contains": Text("does not contain", "не содержит"),
    "starts_with": Text("starts with", "начинается с"),
    "known": Text("is known", "известно"),
    "unknown": Text("is unknown", "неизвестно"),
}
BASIS_WORDS: dict[str, Text] = {
    "touch": Text("by date of touch", "по дате касания"),
    "lead": Text("by date of lead", "по дате лида"),
    "payment": Text("by date of payment", "по дате оплаты"),
}


def model_words(name: str, language: Language) -> str:
    """An attribution model in words."""
    return MODELS[name].title.to(language) if name in MODELS else name


def filter_words(item: Filter, language: Language) -> tuple[str, str, str]:
    """A filter in words: the dimension, how it is compared, the values."""
    entry = dimension(item.dimension)
    title = entry.title.to(language) if entry else item.dimension
    values = (value_text(item.dimension, value).to(language) for value in item.values)
    return title, OP_WORDS[item.op].to(language), Text(" or ", " или ").to(language).join(values)
