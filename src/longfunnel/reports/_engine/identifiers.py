"""What a person may be known by, for the lists of people behind a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.warehouse.identifiers import KINDS

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context

_MOST_IDENTIFIERS: Final = 5


def identifiers_of(context: Context, persons: list[int]) -> dict[int, tuple[str, ...]]:
    """The identifiers of these persons as ``kind:value``, the strongest evidence first, at most five; none where who is who has not been built."""
    there = context.once(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = $schema AND table_name = 'identifiers' AND column_name = 'value'",
        {"schema": context.schema},
    )[0][0]
    if not there or not persons:
        return {}
    rows = context.connection.execute(
        f"""SELECT person_id, list(kind || ':' || value ORDER BY coalesce(list_position($strongest, kind), 99), kind, value)
        FROM {context.table("identifiers")} WHERE person_id IN (SELECT unnest($persons)) GROUP BY person_id""",
        {"strongest": list(KINDS), "persons": persons},
    ).fetchall()
    return {person: tuple(names[:_MOST_IDENTIFIERS]) for person, names in rows}
