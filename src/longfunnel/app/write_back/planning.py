"""What a rule of write-back would write, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.app.business import now
from longfunnel.app.sources.connected import given_of, source_named
from longfunnel.app.write_back.log import Write, latest
from longfunnel.connect._engine import Conversion
from longfunnel.connect._engine.running import api_of
from longfunnel.core.errors import NothingYetError, SettingsError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.connect._engine import Held
    from longfunnel.connect._engine.running import Given
    from longfunnel.core.settings import WriteBack

_LAST_DAYS = 90
_COLUMNS = {
    "source": "o.source", "medium": "o.medium", "campaign": "o.campaign", "content": "o.content", "term": "o.term", "channel": "o.channel",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One value that would be written."""

    fact: str
    record_id: str
    column: str
    field: str
    was: str
    """What is there now; empty: nothing."""
    becomes: str


@dataclass
class Planned:
    """A plan: the changes, and what is left alone."""

    rule: WriteBack
    given: Given
    changes: list[Change] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)
    unsure: dict[str, list[Conversion]] = field(default_factory=dict)
    """Batch → conversions that were under way when something broke off: they go out again under the same name."""
    same: list[Change] = field(default_factory=list)
    """The value is there already."""
    kept: list[Change] = field(default_factory=list)
    """A person has written something else: it stays."""
    gone: int = 0
    """Records that the system no longer has."""
    without: int = 0
    """Won deals that have no identifier that the system knows."""


async def plan(business: Business, rule: WriteBack) -> Planned:
    """What the rule would write now. Asks the system what its records hold, and changes nothing there.

    Raises SettingsError for a system that takes nothing of the kind, NothingYetError before the first build.
    """
    source = source_named(business, rule.to)
    given = given_of(business, source)
    planned = Planned(rule, given)
    if not business.warehouse.execute("SELECT 1 FROM main.builds LIMIT 1").fetchall():
        raise NothingYetError(
            Text("Nothing is built yet.", "Пока ничего не построено."),
            hint=Text("Build first with: longfunnel build", "Сначала постройте: longfunnel build"),
        )
    if rule.kind == "conversions":
        _plan_conversions(business, rule, planned)
        return planned
    back = given.connector.write_back
    if back is None or rule.fact not in back.facts:
        raise SettingsError(
            Text(
                "[[write_back]] «{name}»: {system} takes no source of a {fact}.",
                "[[write_back]] «{name}»: {system} не принимает источник ({fact}).",
            ).format(name=rule.name, system=given.connector.title, fact=rule.fact)
        )
    fields = rule.fields or dict(back.fields)
    wanted = _wanted(business, rule, fields)
    known = latest(business.warehouse, rule.to)
    unsure = {record: values for record, values in wanted.items() if not _is_settled(rule.fact, record, values, known)}
    async with api_of(given) as api:
        ids = list(unsure)
        for start in range(0, len(ids), back.at_once):
            some = ids[start : start + back.at_once]
            held = await back.current(api, rule.fact, some, list(fields.values()))
            for record in some:
                _compare(planned, record, unsure[record], held, known)
    return planned


def _compare(
    planned: Planned,
    record: str,
    values: dict[str, tuple[str, str]],
    held: Held,
    known: dict[tuple[str, str, str], Write],
) -> None:
    if record not in held:
        planned.gone += 1
        return
    fact = planned.rule.fact
    for theirs, (ours, value) in values.items():
        there = held[record].get(theirs, "")
        before = known.get((fact, record, theirs))
        change = Change(fact, record, ours, theirs, there, value)
        is_ours = before is not None and before.state in ("done", "intended", "same") and there == before.became
        if there == value:
            planned.same.append(change)
        elif not there or is_ours:
            planned.changes.append(change)
        else:
            planned.kept.append(change)


def _is_settled(
    fact: str, record: str, values: dict[str, tuple[str, str]], known: dict[tuple[str, str, str], Write]
) -> bool:
    """Whether all values were settled before, so that the system need not be asked again."""
    for theirs, (_, value) in values.items():
        before = known.get((fact, record, theirs))
        if before is None or before.became != value or before.state not in ("done", "same", "kept", "undone"):
            return False
    return True


def _wanted(business: Business, rule: WriteBack, fields: dict[str, str]) -> dict[str, dict[str, tuple[str, str]]]:
    """Record → their field → our column and its value; only what is known."""
    columns = list(fields)
    table, key = ("deals", "deal_id") if rule.fact == "deal" else ("leads", "lead_id")
    rows = business.warehouse.execute(
        f"""SELECT r.{key}, {", ".join(_COLUMNS[column] for column in columns)}
        FROM live.{table} r JOIN live.origins o ON o.origin_id = r.credited_origin_id
        WHERE r.source_system = ? AND NOT coalesce(r.is_deleted, FALSE) AND r.created_on >= ? ORDER BY r.created_at, 1""",
        [rule.to, _since(rule)],
    ).fetchall()
    wanted: dict[str, dict[str, tuple[str, str]]] = {}
    for record, *values in rows:
        told = {fields[column]: (column, str(value)) for column, value in zip(columns, values, strict=True) if value}
        if told:
            wanted[record] = told
    return wanted


def _plan_conversions(business: Business, rule: WriteBack, planned: Planned) -> None:
    back = planned.given.connector.conversions
    if back is None:
        raise SettingsError(
            Text(
                "[[write_back]] «{name}»: {system} takes no conversions.",
                "[[write_back]] «{name}»: {system} не принимает конверсии.",
            ).format(name=rule.name, system=planned.given.connector.title)
        )
    known = latest(business.warehouse, rule.to)
    settings = business.settings.business
    pipelines = list(rule.pipelines)
    rows: list[tuple[Any, ...]] = business.warehouse.execute(
        """SELECT d.source_system || '/' || d.deal_id, d.closed_at, d.amount,
            map_from_entries(list((i.kind, i.value) ORDER BY i.kind, i.value) FILTER (i.kind IS NOT NULL))
        FROM live.deals d LEFT JOIN (
            SELECT person_id, kind, min(value) AS value FROM live.identifiers WHERE kind IN (SELECT unnest($kinds::VARCHAR[])) GROUP BY ALL) i
            ON i.person_id = d.person_id AND NOT coalesce(d.is_shared, FALSE)
        WHERE d.status = 'won' AND NOT coalesce(d.is_deleted, FALSE) AND d.closed_on >= $since AND d.closed_at <= $now
          AND (len($pipelines::VARCHAR[]) = 0 OR d.pipeline IN (SELECT unnest($pipelines::VARCHAR[])))
        GROUP BY ALL ORDER BY d.closed_at, 1""",
        {"kinds": list(back.identifiers), "since": _since(rule), "now": now(), "pipelines": pipelines},
    ).fetchall()
    for deal, closed_at, amount, identifiers in rows:
        before = known.get(("deal", deal, rule.target))
        if before is not None and before.state == "done":
            continue
        if not identifiers:
            planned.without += 1
            continue
        money = f"{amount:.2f}" if amount is not None else ""
        one = Conversion(deal, closed_at.replace(tzinfo=UTC), money, settings.currency, identifiers)
        if before is not None and before.state == "intended":
            planned.unsure.setdefault(before.told, []).append(one)
        else:
            planned.conversions.append(one)


def _since(rule: WriteBack) -> date:
    return date.fromisoformat(rule.since) if rule.since else (now() - timedelta(days=_LAST_DAYS)).date()
