"""From steps to what the store is asked for: which acts satisfy which step, and which events of them by their properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longfunnel.core.errors import NothingYetError, QuestionError, WarehouseError
from longfunnel.core.text import Text
from longfunnel.journeys.funnels.step_language import Act, read_predicate

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from longfunnel.journeys.funnels.funnel import Funnel
    from longfunnel.journeys.funnels.step_language import Predicate

_COLUMNS = {
    "timeline": ("bucket", "person_id", "at", "seq", "act_id", "fact_key", "amount", "origin_id"),
    "acts": ("act_id", "kind", "name", "detail"),
}


@dataclass(frozen=True)
class Alternative:
    """One alternative of a step or an exclusion, with the acts that it names."""

    act: Act
    act_ids: NDArray[np.uint64]
    step: int
    """Number of the step from 0; -1 for an exclusion."""
    exclusion: int = -1


@dataclass(frozen=True)
class Unmatched:
    """A step or an exclusion that nothing matches today, and what was perhaps meant."""

    predicate: str
    near: tuple[str, ...]
    kind_is_known: bool
    """Whether anything of this kind is there at all."""


def check_store(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Nothing for a store that can be read.

    Raises:
        NothingYetError: nothing was built yet, or nobody did anything that is known.
        WarehouseError: the store was built by another version.
    """
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ? AND table_name IN ('timeline', 'acts')",
        [schema],
    ).fetchall()
    if not rows:
        raise NothingYetError(
            Text("There are no journeys yet.", "Путей пока нет."),
            hint=Text(
                "Bring facts in and build: longfunnel import FILE, longfunnel build",
                "Загрузите данные и постройте пути: longfunnel import ФАЙЛ, longfunnel build",
            ),
        )
    missing = [f"{table}.{name}" for table, names in _COLUMNS.items() for name in names if (table, name) not in rows]
    if missing:
        raise WarehouseError(
            Text(
                "The journeys were built by another version of Longfunnel: {names} is missing.",
                "Пути построила другая версия Longfunnel: не хватает {names}.",
            ).format(names=", ".join(missing)),
            hint=Text("Build them anew: longfunnel build --full", "Постройте заново: longfunnel build --full"),
        )
    if not connection.execute(f'SELECT EXISTS (FROM "{schema}".timeline)').fetchall()[0][0]:
        raise NothingYetError(
            Text(
                "The journeys are empty: no event, lead, deal or payment names a person.",
                "Пути пусты: ни одно событие, лид, сделка или платёж не называют человека.",
            ),
            hint=Text(
                "Import some with identifiers (cookie, e-mail, phone), then: longfunnel build",
                "Загрузите данные с идентификаторами (cookie, почта, телефон), затем: longfunnel build",
            ),
        )


def alternatives_of(connection: duckdb.DuckDBPyConnection, schema: str, funnel: Funnel) -> list[Alternative]:
    """Every alternative of every step and exclusion with the acts that it names today.

    Raises:
        QuestionError: a predicate cannot be read.
    """
    steps = [(read_predicate(step.predicate), number, -1) for number, step in enumerate(funnel.steps)]
    exclusions = [(read_predicate(item.predicate), -1, number) for number, item in enumerate(funnel.exclusions)]
    _refuse_same(steps, exclusions)
    named = [(act, step, exclusion) for predicate, step, exclusion in [*steps, *exclusions] for act in predicate]
    ids = _ids(connection, schema, [act for act, _, _ in named])
    return [Alternative(act, ids[_name(act)], step, exclusion) for act, step, exclusion in named]


def _refuse_same(steps: list[tuple[Predicate, int, int]], exclusions: list[tuple[Predicate, int, int]]) -> None:
    """An exclusion that equals a step, however the two are spelled."""
    for predicate, _, number in exclusions:
        for other, step, _ in steps:
            if set(predicate) == set(other):
                raise QuestionError(
                    Text(
                        "Exclusion {number} is the same as step {step}: an event cannot be wanted and forbidden.",
                        "Исключение {number} совпадает с шагом {step}: событие не может быть и нужным, и запретным.",
                    ).format(number=number + 1, step=step + 1)
                )


def act_ids(connection: duckdb.DuckDBPyConnection, schema: str, act: Act) -> NDArray[np.uint64]:
    """The acts of the dictionary that an alternative names, without regard to its conditions."""
    return _ids(connection, schema, [act])[_name(act)]


def _name(act: Act) -> tuple[str, str, str]:
    return act.kind, act.variant, act.name


def _ids(
    connection: duckdb.DuckDBPyConnection, schema: str, acts: list[Act]
) -> dict[tuple[str, str, str], NDArray[np.uint64]]:
    """The ids, ascending, of what each of these names: in one statement, as its planning costs more than its run."""
    distinct = {_name(act): act for act in acts}
    parts: list[str] = []
    values: dict[str, Any] = {}
    for number, act in enumerate(distinct.values()):
        where, bound = _named(act, f"_{number}")
        parts.append(f'SELECT {number} AS number, act_id FROM "{schema}".acts WHERE {where}')
        values |= bound
    table = connection.execute(" UNION ALL ".join(parts) + " ORDER BY number, act_id", values).to_arrow_table()
    numbers, ids = (np.asarray(table.column(place).to_numpy()) for place in (0, 1))
    edges = np.searchsorted(numbers, np.arange(len(distinct) + 1))
    return {key: ids[edges[place] : edges[place + 1]].astype(np.uint64) for place, key in enumerate(distinct)}


def _named(act: Act, suffix: str) -> tuple[str, dict[str, Any]]:
    """The condition on a row of ``acts``, and its values, whose names end in ``suffix``."""
    where, values = [f"kind = $kind{suffix}"], {f"kind{suffix}": act.kind}
    if act.variant and act.kind in ("deal", "call", "message"):
        where.append(f"name = $variant{suffix}")
        values[f"variant{suffix}"] = act.variant
    if act.name:
        values[f"name{suffix}"] = _like(act.name) if "*" in act.name else act.name
        texts = (_matches(text, f"$name{suffix}", has_star="*" in act.name) for text in _texts(act.kind))
        where.append("(" + " OR ".join(texts) + ")")
    return " AND ".join(where), values


def _texts(kind: str) -> list[str]:
    """SQL of the texts that a name of this kind is compared with."""
    match kind:
        case "page" | "deal" | "order":
            return ["detail"]
        case "stage":
            return ["name", "detail || '/' || name"]
        case _:
            return ["name"]


def _matches(text: str, name: str, *, has_star: bool) -> str:
    return rf"{text} LIKE {name} ESCAPE '\'" if has_star else f"{text} = {name}"


def _like(pattern: str) -> str:
    """``*`` as LIKE's own sign for any text, everything else as it stands."""
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")


def unmatched(connection: duckdb.DuckDBPyConnection, schema: str, alternatives: list[Alternative]) -> list[Unmatched]:
    """The alternatives that name nothing of today's dictionary, each once, with what comes nearest."""
    found: dict[str, Unmatched] = {}
    for alternative in alternatives:
        act = alternative.act
        if not len(alternative.act_ids) and str(act) not in found:
            known = connection.execute(f'SELECT EXISTS (FROM "{schema}".acts WHERE kind = ?)', [act.kind]).fetchall()[
                0
            ][0]
            found[str(act)] = Unmatched(str(act), tuple(_near(connection, schema, act)), known)
    return list(found.values())


def _near(connection: duckdb.DuckDBPyConnection, schema: str, act: Act) -> list[str]:
    """Up to two names of the same kind, or of an event or a page, that are written almost the same (Jaro–Winkler ≥ 0.8)."""
    if not act.name:
        return []
    near = connection.execute(
        f"""SELECT kind, text FROM (
            SELECT DISTINCT kind, unnest(CASE kind WHEN 'page' THEN [detail] WHEN 'stage' THEN [name, detail || '/' || name]
                WHEN 'deal' THEN [detail] WHEN 'order' THEN [detail] ELSE [name] END) AS text
            FROM "{schema}".acts WHERE kind = $kind OR ($kind IN ('page', 'event') AND kind IN ('page', 'event')))
        WHERE text IS NOT NULL AND jaro_winkler_similarity(lower(text), $name) >= 0.8
        ORDER BY jaro_winkler_similarity(lower(text), $name) DESC, kind <> $kind, text LIMIT 2""",
        {"kind": act.kind, "name": act.name.replace("*", "").lower()},
    ).fetchall()
    return [str(Act(kind, act.variant if kind == act.kind else "", text)) for kind, text in near]
