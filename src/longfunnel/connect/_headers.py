"""The names in a mapping, checked against the file's headers and the fact's columns before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.errors import SourceError, did_you_mean, together
from longfunnel.core.text import Text, spoken
from longfunnel.warehouse.facts import Fact, facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.core.settings import Source

AUTO_IDS = {"event_id", "visit_id", "lead_id", "call_id", "payment_id", "message_id", "answer_id", "deal_id"}
"""Ids that are made from the row's content where a source has none."""


def check_names(source: Source, tables: Mapping[str, tuple[str, ...]]) -> Fact:
    """The source's fact, when every name in the mapping exists. ``tables`` gives the headers of each file.

    Raises SourceError that lists all wrong names together, with the nearest right ones and the headers that are there.
    """
    known = facts()
    if source.fact not in known:
        raise SourceError(
            spoken(f"[[source]] «{source.name}»: ")
            + Text("there is no fact «{fact}».", "нет факта «{fact}».").format(fact=source.fact)
            + did_you_mean(source.fact, known)
            + Text(" There are: {known}.", " Есть: {known}.").format(known=", ".join(known))
        )
    fact = known[source.fact]
    mistakes = [
        Text(
            "{section}.{ours}: a {fact} has no column «{ours}».", "{section}.{ours}: в {fact} нет колонки «{ours}»."
        ).format(section=section, ours=ours, fact=fact.name)
        + did_you_mean(ours, fact.column_by_name)
        + Text(" Any name fits under {section}.props.", " Под {section}.props годится любое имя.").format(
            section=section
        )
        for section, given in (("columns", source.columns), ("constants", source.constants), ("values", source.values))
        for ours in given
        if ours not in fact.column_by_name or (ours == "props" and not isinstance(given[ours], dict))
    ]
    for file, headers in tables.items():
        for ours, theirs in _wanted(source):
            missing = [name for name in theirs if header_place(name, headers) is None]
            # several headers are alternatives: one of them is enough
            if missing and len(missing) == len(theirs):
                said = Text(
                    'columns.{ours} = "{theirs}": {file} has no such column.',
                    'columns.{ours} = "{theirs}": в {file} нет такого столбца.',
                ).format(ours=ours, theirs=missing[0], file=file)
                mistakes.append(said + did_you_mean(missing[0], {header.lower(): header for header in headers}))
    if mistakes:
        intro = Text(
            "[[source]] «{source}» cannot be read as it is mapped:",
            "[[source]] «{source}» по такому сопоставлению не прочитать:",
        )
        file, headers = next(iter(tables.items()), ("", ()))
        listed = Text("({file} has the columns {columns})", "(в {file} есть столбцы {columns})").format(
            file=file, columns=", ".join(f"«{header}»" for header in headers)
        )
        raise SourceError(together(mistakes, intro.format(source=source.name)), hint=listed if file else "")
    missing_required = [
        column.name
        for column in fact.columns
        if column.required
        and column.name not in source.columns
        and column.name not in source.constants
        and column.name not in AUTO_IDS
    ]
    if fact.name == "deal" and not {"created_at", "closed_at"} & (source.columns.keys() | source.constants.keys()):
        missing_required.append("created_at")
    if missing_required:
        lines = [f"{name}: {fact.column_by_name[name].meaning}" for name in missing_required]
        intro = Text(
            "[[source]] «{source}»: a {fact} needs, under columns or constants,",
            "[[source]] «{source}»: для {fact} в columns или constants нужно",
        )
        raise SourceError(together(lines, intro.format(source=source.name, fact=fact.name)))
    return fact


def header_place(name: str, headers: tuple[str, ...]) -> int | None:
    """Where a header stands: as written, else without regard to case and spaces around."""
    if name in headers:
        return headers.index(name)
    plain = [_plain(header) for header in headers]
    return plain.index(_plain(name)) if _plain(name) in plain else None


def _plain(name: str) -> str:
    return " ".join(name.replace("\u00a0", " ").split()).casefold().replace("ё", "е")


def _wanted(source: Source) -> list[tuple[str, list[str]]]:
    pairs = [(ours, theirs) for ours, theirs in source.columns.items() if ours != "props"]
    pairs += [(f"props.{ours}", theirs) for ours, theirs in (source.columns.get("props") or {}).items()]
    return [
        (ours, [str(name) for name in theirs] if isinstance(theirs, list) else [str(theirs)]) for ours, theirs in pairs
    ]


def places(source: Source, headers: tuple[str, ...]) -> dict[str, list[int]]:
    """Our columns → the numbers of theirs; several are alternatives, the first filled one counts."""
    found = {ours: [header_place(name, headers) for name in theirs] for ours, theirs in _wanted(source)}
    return {ours: [place for place in numbers if place is not None] for ours, numbers in found.items()}
