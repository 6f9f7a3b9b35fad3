"""The words of a question: what its filters, basis and attribution model are called in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.dimensions import dimension

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
MODEL_WORDS: dict[str, Text] = {
    "first": Text("First touch", "Первое касание"),
    "last": Text("Last touch", "Последнее касание"),
    "last_non_direct": Text("Last non-direct touch", "Последнее непрямое"),
    "last_paid": Text("Last paid touch", "Последнее платное"),
    "linear": Text("Linear", "Линейная"),
    "position": Text("Position-based", "По позиции"),
    "time_decay": Text("Time decay", "С учётом давности"),
    "w_shaped": Text("W-shaped", "W-образная"),
    "full_path": Text("Full path", "Полный путь"),
    "markov": Text("Markov chain", "Цепь Маркова"),
    "shapley": Text("Shapley value", "Вектор Шепли"),
}


def model_words(name: str, language: Language) -> str:
    """An attribution model in words."""
    return MODEL_WORDS[name].to(language) if name in MODEL_WORDS else name.replace("_", " ").capitalize()


def filter_words(item: Filter, language: Language) -> tuple[str, str, str]:
    """A filter in words: the dimension, how it is compared, the values."""
    entry = dimension(item.dimension)
    title = entry.title.to(language) if entry else item.dimension
    return title, OP_WORDS[item.op].to(language), Text(" or ", " или ").to(language).join(item.values)
