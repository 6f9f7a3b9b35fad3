"""Persons as pages show them: the list, one person's head, and the timeline of what they did.

A manager's name narrows all of it to the people of that manager's deals, and to those deals and their money.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.journeys.derive.stage import BUCKETS
from longfunnel.people import find
from longfunnel.reports import DEFAULT_MODEL
from longfunnel.warehouse.identifiers import KINDS, normalise

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    import duckdb

_DIGITS = 5
"""So many digits of a phone are enough to look for it."""
SORTS = {"last": "last_at", "first": "first_at", "revenue": "revenue", "orders": "orders"}
"""What the list can be ordered by, the greatest first."""


@dataclass(frozen=True)
class PersonRow:
    """One line of the list."""

    person_id: int
    name: str
    contacts: list[tuple[str, str]]
    """Kind and value: up to two, those that a person would be called by first."""
    channel: str
    """Of the first touch; empty where it is unknown."""
    first_at: datetime | None
    last_at: datetime | None
    last_kind: str
    last_name: str
    last_detail: str
    orders: int
    revenue: Decimal | None


@dataclass(frozen=True)
class Act:
    """One thing that happened, as the timeline shows it."""

    at: datetime
    kind: str
    name: str
    detail: str
    amount: Decimal | None
    channel: str
    campaign: str
    source: str
    more: dict[str, Any] = field(default_factory=dict)
    """What is known besides: pages and seconds of a visit, the deal's number and manager, the call's length."""


@dataclass(frozen=True)
class Head:
    """What stands above one person's timeline."""

    name: str
    company: str
    channel: str
    campaign: str
    first_at: datetime | None
    last_at: datetime | None
    visits: int
    leads: int
    deals: int
    orders: int
    revenue: Decimal | None
    """All that the person has brought so far."""
    acts: int


_OWN_PEOPLE = "SELECT person_id FROM live.deals WHERE manager = $manager AND NOT is_deleted AND person_id IS NOT NULL"


def list_persons(
    connection: duckdb.DuckDBPyConnection,
    *,
    text: str = "",
    sort: str = "last",
    manager: str | None = None,
    country: str = "",
    exactly: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[PersonRow], int]:
    """Persons with a lead, a deal or an order; or, with ``text``, whoever it means: a name, phone, e-mail or id.

    The rows asked for and how many there are in all. ``exactly`` finds no part of an identifier: for whoever sees them masked.
    """
    values: dict[str, Any] = {}
    where = "TRUE"
    if manager is not None:
        where, values["manager"] = f"person_id IN ({_OWN_PEOPLE})", manager
    if text.strip():
        where += " AND person_id IN (SELECT unnest($found::UBIGINT[]))"
        values["found"] = _meant(connection, text.strip(), country, exactly)
        base = "SELECT unnest($found::UBIGINT[]) AS person_id, NULL::TIMESTAMP AS happened_at"
    else:
        base = """SELECT person_id, created_at FROM live.leads WHERE is_counted AND NOT coalesce(is_deleted, FALSE)
            UNION ALL SELECT person_id, created_at FROM live.deals WHERE NOT is_deleted
            UNION ALL SELECT person_id, ordered_at FROM live.orders"""
    own_orders = "WHERE manager = $manager" if manager is not None else ""
    rows = connection.execute(
        f"""WITH acted(person_id, happened_at) AS ({base}),
        listed AS (SELECT DISTINCT person_id FROM acted WHERE person_id IS NOT NULL AND {where}),
        lived AS (SELECT t.person_id, min(t."at") AS first_at, max(t."at") AS last_at FROM live.timeline t JOIN live.acts a USING (act_id)
            WHERE t.person_id IN (SELECT person_id FROM listed) {_seen_by(manager)} GROUP BY 1),
        bought AS (SELECT person_id, count(*) AS orders, sum(revenue) AS revenue FROM live.orders {own_orders} GROUP BY 1)
        SELECT person_id, count(*) OVER () AS total, coalesce(orders, 0) AS orders, revenue
        FROM listed LEFT JOIN lived USING (person_id) LEFT JOIN bought USING (person_id)
        ORDER BY {SORTS.get(sort, "last_at")} DESC NULLS LAST, person_id LIMIT {int(limit)} OFFSET {int(offset)}""",
        values,
    ).fetchall()
    ids = [row[0] for row in rows]
    total = rows[0][1] if rows else 0
    about = _about(connection, ids, manager)
    return [PersonRow(*(row[0], *about[row[0]], row[2], row[3])) for row in rows], total


def is_own(connection: duckdb.DuckDBPyConnection, person_id: int, manager: str) -> bool:
    """Whether the person has a deal of that manager."""
    values = {"manager": manager, "person": person_id}
    return bool(connection.execute(f"SELECT 1 WHERE $person IN ({_OWN_PEOPLE})", values).fetchall())


def head(connection: duckdb.DuckDBPyConnection, person_id: int, *, manager: str | None = None) -> Head | None:
    """The person's head; None for somebody whom nothing is known of."""
    values: dict[str, Any] = {"person": person_id}
    own = ""
    if manager is not None:
        own, values["manager"] = "AND manager = $manager", manager
    row = connection.execute(
        f"""SELECT
            (SELECT arg_max(f.name, f.recorded_at) FROM live.leads l JOIN facts.lead f ON f.key_hash = l.lead_key WHERE l.person_id = $person AND f.name <> ''),
            (SELECT arg_max(f.company, f.recorded_at) FROM live.leads l JOIN facts.lead f ON f.key_hash = l.lead_key
                WHERE l.person_id = $person AND f.company <> ''),
            (SELECT {{'channel': o.channel, 'campaign': o.campaign}} FROM live.touches t JOIN live.origins o USING (origin_id)
                WHERE t.person_id = $person AND o.channel IS NOT NULL ORDER BY t."at", t.touch_id LIMIT 1),
            t.first_at, t.last_at, t.acts,
            (SELECT coalesce(sum(visits), 0) FROM live.visits WHERE person_id = $person),
            (SELECT count(*) FROM live.leads WHERE person_id = $person AND is_counted),
            (SELECT count(*) FROM live.deals WHERE person_id = $person AND NOT is_deleted {own}),
            (SELECT count(*) FROM live.orders WHERE person_id = $person {own}),
            (SELECT sum(revenue) FROM live.orders WHERE person_id = $person {own})
        FROM (SELECT min("at") AS first_at, max("at") AS last_at, count(*) AS acts FROM live.timeline
            WHERE bucket = $person % {BUCKETS} AND person_id = $person) t""",
        values,
    ).fetchall()[0]
    known = connection.execute("SELECT 1 FROM live.identifiers WHERE person_id = ? LIMIT 1", [person_id]).fetchall()
    if not row[5] and not known:
        return None
    touch = row[2] or {"channel": "", "campaign": ""}
    return Head(
        row[0] or "", row[1] or "", touch["channel"] or "", touch["campaign"] or "", row[3], row[4],
        visits=int(row[6]), leads=row[7], deals=row[8], orders=row[9], revenue=row[10], acts=row[5],
    )  # fmt: skip


def timeline(
    connection: duckdb.DuckDBPyConnection,
    person_id: int,
    *,
    newest_first: bool = True,
    kinds: tuple[str, ...] = (),
    manager: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[Act], int]:
    """What the person did, of these kinds (none: all), and how much there is in all. A manager sees no others' deals."""
    way = "DESC" if newest_first else "ASC"
    where, values = f"t.bucket = $person % {BUCKETS} AND t.person_id = $person", {"person": person_id}
    if kinds:
        where += " AND a.kind IN (SELECT unnest($kinds))"
        values["kinds"] = list(kinds)  # type: ignore[assignment]
    if manager is not None:
        values["manager"] = manager  # type: ignore[assignment]
        where += """ AND (a.kind NOT IN ('deal', 'stage', 'order', 'payment', 'refund') OR coalesce(d.manager, od.manager) = $manager
            OR p.order_key IN (SELECT order_key FROM live.orders WHERE manager = $manager))"""
    rows = connection.execute(
        f"""SELECT t."at", a.kind, a.name, a.detail, t.amount, o.channel, o.campaign, o.source, count(*) OVER () AS total,
            v.pages, v.duration_seconds, v.device, v.region, coalesce(d.deal_id, sd.deal_id) AS deal_id, coalesce(d.manager, od.manager, sd.manager) AS manager,
            coalesce(d.product, od.product) AS product, d.reason_lost, c.duration_seconds AS call_seconds, c.is_outgoing, od.order_id
        FROM live.timeline t JOIN live.acts a USING (act_id)
        LEFT JOIN live.visits v ON a.kind = 'visit' AND v.person_id = $person AND v.visit_key = t.fact_key
        LEFT JOIN live.stage_entries s ON a.kind = 'stage' AND s.person_id = $person AND s.fact_key = t.fact_key AND s.stage = a.name AND s.entered_at = t."at"
        LEFT JOIN live.deals sd ON sd.deal_key = s.deal_key
        LEFT JOIN live.deals d ON d.deal_key = CASE a.kind WHEN 'deal' THEN t.fact_key WHEN 'stage' THEN s.deal_key END
        LEFT JOIN live.orders od ON a.kind = 'order' AND od.person_id = $person AND od.order_key = t.fact_key
        LEFT JOIN live.payments p ON a.kind IN ('payment', 'refund') AND p.person_id = $person AND p.payment_key = t.fact_key
        LEFT JOIN (SELECT subject_key, any_value(origin_id) AS origin_id FROM live.credits
            WHERE subject = 'lead' AND model = '{DEFAULT_MODEL}' AND person_id = $person GROUP BY 1) l ON a.kind = 'lead' AND l.subject_key = t.fact_key
        LEFT JOIN (SELECT key_hash, max(duration_seconds) AS duration_seconds, bool_or(is_outgoing) AS is_outgoing FROM facts.call
            WHERE key_hash IN (SELECT fact_key FROM live.timeline WHERE bucket = $person % {BUCKETS} AND person_id = $person) GROUP BY 1) c
            ON a.kind = 'call' AND c.key_hash = t.fact_key
        LEFT JOIN live.origins o ON o.origin_id = coalesce(t.origin_id, l.origin_id)
        WHERE {where} ORDER BY t."at" {way}, t.seq {way}, t.fact_key {way} LIMIT {int(limit)} OFFSET {int(offset)}""",
        values,
    ).fetchall()
    names = (
        "pages",
        "seconds",
        "device",
        "region",
        "deal_id",
        "manager",
        "product",
        "reason_lost",
        "call_seconds",
        "is_outgoing",
        "order_id",
    )
    acts = [
        Act(
            row[0], row[1], row[2] or "", row[3] or "", row[4], row[5] or "", row[6] or "", row[7] or "",
            {name: value for name, value in zip(names, row[9:], strict=True) if value not in (None, "")},
        )
        for row in rows
    ]  # fmt: skip
    return acts, rows[0][8] if rows else 0


def _meant(connection: duckdb.DuckDBPyConnection, text: str, country: str, exactly: bool) -> list[int]:
    known = find(connection, text, country=country)
    if exactly:
        _, colon, value = text.partition(":")
        wanted = {text.lower(), value.lower() if colon else text.lower()}
        known = [
            one
            for one in known
            if one.identifier.value.lower() in wanted
            or normalise(one.identifier.kind, value if colon else text, country) == one.identifier.value
            or str(one.person_id) == text
        ]
    ids = {one.person_id for one in known if one.person_id is not None}
    digits = "".join(filter(str.isdigit, text))
    if not exactly and len(digits) >= _DIGITS and not any(map(str.isalpha, text)):
        rows = connection.execute(
            "SELECT DISTINCT person_id FROM live.identifiers WHERE kind = 'phone' AND contains(value, ?) LIMIT 500",
            [digits],
        ).fetchall()
        ids |= {row[0] for row in rows}
    rows = connection.execute(
        """SELECT DISTINCT l.person_id FROM facts.lead f JOIN live.leads l ON l.lead_key = f.key_hash
        WHERE l.person_id IS NOT NULL AND contains(lower(f.name), ?) LIMIT 500""",
        [text.lower()],
    ).fetchall()
    return sorted(ids | {row[0] for row in rows})


def _seen_by(manager: str | None) -> str:
    return "AND a.kind NOT IN ('deal', 'stage', 'order', 'payment', 'refund')" if manager is not None else ""


def _about(connection: duckdb.DuckDBPyConnection, ids: list[int], manager: str | None) -> dict[int, tuple[Any, ...]]:
    """Name, contacts, first channel, first and last act of each."""
    if not ids:
        return {}
    values = {"ids": ids}
    some = "person_id IN (SELECT unnest($ids::UBIGINT[]))"
    names = dict(
        connection.execute(
            f"""SELECT l.person_id, arg_max(f.name, f.recorded_at) FROM live.leads l JOIN facts.lead f ON f.key_hash = l.lead_key
            WHERE l.{some} AND f.name <> '' GROUP BY 1""",
            values,
        ).fetchall()
    )
    order = list(KINDS)
    contacts: dict[int, list[tuple[str, str]]] = {}
    for person_id, kind, value in connection.execute(
        f"SELECT person_id, kind, value FROM live.identifiers WHERE {some}", values
    ).fetchall():
        contacts.setdefault(person_id, []).append((kind, value))
    preferred = ["phone", "email", "telegram", *order]
    for found in contacts.values():
        found.sort(key=lambda pair: (preferred.index(pair[0]), pair[1]))
    channels = dict(
        connection.execute(
            f"""SELECT t.person_id, arg_min(o.channel, t."at") FROM live.touches t JOIN live.origins o USING (origin_id)
            WHERE t.{some} AND o.channel IS NOT NULL GROUP BY 1""",
            values,
        ).fetchall()
    )
    buckets = ", ".join(str(number) for number in sorted({one % BUCKETS for one in ids}))
    acts = {
        row[0]: row[1:]
        for row in connection.execute(
            f"""SELECT t.person_id, min(t."at"), max(t."at"), arg_max({{'kind': a.kind, 'name': a.name, 'detail': a.detail}}, (t."at", t.seq))
            FROM live.timeline t JOIN live.acts a USING (act_id) WHERE t.bucket IN ({buckets}) AND t.{some} {_seen_by(manager)} GROUP BY 1""",
            values,
        ).fetchall()
    }
    nothing = (None, None, {"kind": "", "name": "", "detail": ""})
    about = {}
    for one in ids:
        first, last, act = acts.get(one, nothing)
        about[one] = (
            names.get(one, ""), contacts.get(one, [])[:2], channels.get(one, ""), first, last,
            act["kind"], act["name"] or "", act["detail"] or "",
        )  # fmt: skip
    return about
