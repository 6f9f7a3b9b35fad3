"""Reads questions: from a call's arguments, a URL, JSON and a command line. All mistakes are reported together."""

from __future__ import annotations

import re
import shlex
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

import msgspec

from longfunnel.core.calendar import GRAINS
from longfunnel.core.errors import QuestionError, together, words_of
from longfunnel.core.text import Text, spoken
from longfunnel.dimensions import dimension
from longfunnel.reports._engine.check import NEEDS_MENDING, mistakes_of
from longfunnel.reports._engine.question import OPS, WITHOUT_VALUES, Filter, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from longfunnel.reports._engine.question import Op

_NOT_AN_INSTANT = Text(
    "«{raw}» is not an instant; write it as 2025-01-31 or 2025-01-31T18:00:00",
    "«{raw}» — не момент времени; пишите как 2025-01-31 или 2025-01-31T18:00:00",
)
_LISTS = ("by", "metrics", "filters", "options")
_ALIASES = {"filter": "filters", "option": "options", "metric": "metrics", "where": "filters"}
_OP_SIGNS = {"=": "is", "!=": "is_not", "~": "contains", "!~": "not_contains", "^": "starts_with"}
_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,"]*?))\s*(?:,|$)')
_FILTER = re.compile(
    r'\s*(?:"((?:[^"]|"")+)"|([^\s"=!~^]+))\s*(?:(!=|!~|=|~|\^)|\s('
    + "|".join(sorted(OPS, key=len, reverse=True))
    + r")(?=\s|$))(.*)",
    re.DOTALL,
)


def read_question(report: str, fields: Mapping[str, Any]) -> Question:
    """The question with these fields: values of any sensible form, lists as lists or as text with commas.

    A field that is not a question's own is an option of the report. Raises QuestionError listing every mistake.
    """
    mistakes: list[Text] = []
    values: dict[str, Any] = {"report": report}
    options: dict[str, str] = {}
    for given, raw in fields.items():
        name = _ALIASES.get(given, given)
        if raw is None or (raw == "" and name not in _LISTS):
            continue
        try:
            if name == "options":
                options |= _options(raw)
            elif name == "filters":
                values[name] = _filters(raw, mistakes)
            elif name in Question.__struct_fields__:
                values[name] = _field(name, raw)
            else:
                options[name] = ", ".join(map(str, raw)) if isinstance(raw, (list, tuple)) else str(raw)
        except ValueError as error:
            mistakes.append(spoken(f"{given}: ") + words_of(error) + ".")
    if options:
        values["options"] = tuple(sorted(options.items()))
    _move_grain(values)
    known = {name: value for name, value in values.items() if name != "report"}
    question = Question(report, **known)
    mistakes += mistakes_of(question)
    if mistakes:
        raise QuestionError(together(mistakes, NEEDS_MENDING))
    return question


def question_from_url(query: str) -> Question:
    """The question that a page's query string asks. Raises QuestionError."""
    return _from_pairs(parse_qsl(query.lstrip("?"), keep_blank_values=True))


def question_from_json(text: str | bytes) -> Question:
    """The question that a JSON object asks. Raises QuestionError."""
    try:
        plain = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise QuestionError(
            Text("The question is not valid JSON: {error}.", "Вопрос — не JSON: {error}.").format(error=error)
        ) from error
    if not isinstance(plain, dict) or not isinstance(plain.get("report"), str):
        raise QuestionError(
            Text(
                'The question must be a JSON object that names its report, as {"report": "channels"}.',
                'Вопрос — это объект JSON, который называет отчёт, например {"report": "channels"}.',
            )
        )
    return read_question(plain.pop("report"), plain)


def question_from_text(text: str) -> Question:
    """The question that a command's arguments ask: ``channels --by channel --since 2025-01-01``. Raises QuestionError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise QuestionError(
            Text("«{text}» cannot be read: {error}.", "«{text}» не разобрать: {error}.").format(
                text=text, error=Text(str(error), "не хватает кавычки")
            ),
            hint=Text("Close the quotes.", "Закройте кавычки."),
        ) from error
    pairs: list[tuple[str, str]] = [("report", words[0])] if words and not words[0].startswith("--") else []
    rest = iter(words[len(pairs) :])
    for word in rest:
        if not word.startswith("--"):
            raise QuestionError(
                Text("«{word}» has no name before it.", "Перед «{word}» нет имени.").format(word=word),
                hint=Text(
                    "Write --by channel, --since 2025-01-01 and so on.",
                    "Пишите --by channel, --since 2025-01-01 и так далее.",
                ),
            )
        name, sign, value = word[2:].partition("=")
        pairs.append((name.replace("-", "_"), value if sign else next(rest, "")))
    return _from_pairs(pairs)


def _from_pairs(pairs: Iterable[tuple[str, str]]) -> Question:
    fields: dict[str, Any] = {}
    for given, value in pairs:
        name = _ALIASES.get(given, given)
        if name in _LISTS:
            try:
                fields.setdefault(name, []).extend(split(value) if name in ("by", "metrics") else [value])
            except ValueError as error:
                raise QuestionError(spoken(f"{name}: ") + words_of(error) + ".") from error
        else:
            fields[name] = value
    report = fields.pop("report", "")
    if not report:
        raise QuestionError(
            Text("The question names no report.", "Вопрос не называет отчёта."),
            hint=Text(
                "Begin with one, as long_funnel or channels.", "Начните с отчёта, например long_funnel или channels."
            ),
        )
    return read_question(report, fields)


def split(text: str) -> list[str]:
    """Values out of ``a, b, "c, d"``. Raises ValueError where quotes are not closed."""
    found, place = [], 0
    while place < len(text):
        item = _ITEM.match(text, place)
        if item is None or item.end() == place:
            raise ValueError(
                Text(
                    "«{text}» cannot be read: close the quotes, and write a quote inside them twice",
                    "«{text}» не разобрать: закройте кавычки, а кавычку внутри них удвойте",
                ).format(text=text)
            )
        quoted, plain = item.groups()
        if quoted is not None or plain:
            found.append(quoted.replace('""', '"') if quoted is not None else plain)
        place = item.end()
    return found


def read_filter(raw: Any) -> Filter:
    """A filter out of ``channel is Paid search, Email``, ``region != Moscow``, a triple or an object. Raises ValueError."""
    if isinstance(raw, Filter):
        return _spelled(raw)
    if isinstance(raw, dict):
        raw = (raw.get("dimension", ""), raw.get("op", "is"), raw.get("values", ()))
    if isinstance(raw, (list, tuple)) and len(raw) in (2, 3):
        if len(raw) == 2 and raw[1] not in WITHOUT_VALUES:
            raw = (raw[0], "is", raw[1])
        values = raw[2] if len(raw) == 3 else ()
        many = (values,) if isinstance(values, str) else tuple(str(value) for value in values)
        return _spelled(Filter(str(raw[0]), cast("Op", str(raw[1])), many))
    parts = _FILTER.fullmatch(raw) if isinstance(raw, str) else None
    if parts is None:
        raise ValueError(
            Text(
                "«{raw}» is not a filter; write it as «channel is Email, Direct» or «region != Moscow»; words are {words}",
                "«{raw}» — не фильтр; пишите «channel is Email, Direct» или «region != Москва»; слова — {words}",
            ).format(raw=raw, words=", ".join(OPS))
        )
    quoted, plain, sign, word, values = parts.groups()
    name = quoted.replace('""', '"') if quoted is not None else plain
    return _spelled(Filter(name, cast("Op", _OP_SIGNS.get(sign, word)), tuple(split(values))))


def _spelled(item: Filter) -> Filter:
    found = dimension(item.dimension)
    return msgspec.structs.replace(item, dimension=found.name) if found else item


def _field(name: str, raw: Any) -> Any:
    match name:
        case "since" | "until":
            return _day(raw)
        case "as_of":
            return _instant(raw)
        case "by":
            words = (dimension(word) or word for word in _words(raw))
            return tuple(dict.fromkeys(word if isinstance(word, str) else word.name for word in words))
        case "metrics":
            return tuple(dict.fromkeys(_words(raw)))
        case "limit" | "window_days":
            try:
                return int(raw)
            except (TypeError, ValueError):
                raise ValueError(
                    Text("«{raw}» is not a whole number", "«{raw}» — не целое число").format(raw=raw)
                ) from None
        case _:
            return str(raw)


def _filters(raw: Any, mistakes: list[Text]) -> tuple[Filter, ...]:
    """One filter or many; each that cannot be read is a mistake of its own."""
    many = raw if isinstance(raw, (list, tuple)) and not _is_triple(raw) else [raw]
    found = []
    for item in many:
        try:
            found.append(read_filter(item))
        except ValueError as error:
            mistakes.append(words_of(error) + ".")
    return tuple(found)


def _is_triple(raw: list[Any] | tuple[Any, ...]) -> bool:
    return len(raw) in (2, 3) and isinstance(raw[0], str) and isinstance(raw[1], str) and raw[1] in OPS


def _words(raw: Any) -> list[str]:
    return split(raw) if isinstance(raw, str) else [str(word) for word in raw]


def _options(raw: Any) -> dict[str, str]:
    if isinstance(raw, dict):
        return {str(name): str(value) for name, value in raw.items()}
    found = {}
    for item in [raw] if isinstance(raw, str) else raw:
        name, sign, value = item.partition("=") if isinstance(item, str) else (str(item[0]), "=", str(item[1]))
        if not sign or not name:
            raise ValueError(
                Text(
                    "«{item}» is not an option; write it as pipeline=B2B",
                    "«{item}» — не настройка; пишите как pipeline=B2B",
                ).format(item=item)
            )
        found[name.strip()] = value
    return found


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise ValueError(
            Text("«{raw}» is not a day; write it as 2025-01-31", "«{raw}» — не день; пишите как 2025-01-31").format(
                raw=raw
            )
        ) from None


def _instant(raw: Any) -> datetime:
    """A UTC instant without a zone; a bare day means its last microsecond."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return datetime.combine(raw, time.max)
    if isinstance(raw, str):
        word = raw.strip()
        try:
            raw = (
                datetime.combine(date.fromisoformat(word), time.max)
                if len(word) <= 10
                else datetime.fromisoformat(word)
            )
        except ValueError:
            raise ValueError(_NOT_AN_INSTANT.format(raw=word)) from None
    if not isinstance(raw, datetime):
        raise ValueError(_NOT_AN_INSTANT.format(raw=raw))  # noqa: TRY004 - one kind of mistake
    return raw if raw.tzinfo is None else (raw - raw.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]


def _move_grain(values: dict[str, Any]) -> None:
    """``by month`` is what people write for the grain."""
    grains = [word for word in values.get("by", ()) if word in GRAINS]
    if grains and not values.get("grain"):
        values["grain"] = grains[0]
        values["by"] = tuple(word for word in values["by"] if word != grains[0])
