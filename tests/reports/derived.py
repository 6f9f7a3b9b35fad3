"""Derived tables for tests: made from the contract's own SQL, filled with given or random rows."""

from __future__ import annotations

import random
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import duckdb

from longfunnel.journeys.derive.credits import stand
from longfunnel.reports._engine.context import quoted
from longfunnel.warehouse.migrate import migrate

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TABLES = ("origins", "spends", "visits", "touches", "leads", "deals", "stage_entries", "orders", "payments", "credits")
CHANNELS = ("Paid search", "Email", "Organic search", None)
FIRST = date(2025, 1, 1)
DAYS = 430


def warehouse(tables: Tables | None = None) -> duckdb.DuckDBPyConnection:
    """A migrated warehouse in memory whose ``live`` schema holds these rows."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    migrate(connection)
    connection.execute("USE live")
    contract = files("longfunnel.journeys.derive").joinpath("tables.sql").read_text("utf-8")
    connection.execute(re.sub(r"(?<= )at TIMESTAMP", '"at" TIMESTAMP', contract))  # AT is a word of the engine's
    connection.execute("USE memory.main")
    fill(connection, tables or {})
    return connection


def fill(connection: duckdb.DuckDBPyConnection, tables: Tables, *, schema: str = "live") -> None:
    """Make these rows the only ones of their tables; a column that a row has not is unknown."""
    for name, rows in tables.items():
        table = f"{'facts' if name == 'survey_answer' else schema}.{name}"
        connection.execute(f"TRUNCATE {table}")
        if rows:
            names = list(dict.fromkeys(column for row in rows for column in row))
            one = f"({', '.join('?' * len(names))})"
            values = [row.get(column) for row in rows for column in names]
            connection.execute(
                f"INSERT INTO {table} ({', '.join(quoted(name.strip(chr(34))) for name in names)}) VALUES {', '.join([one] * len(rows))}",
                values,
            )
    if schema != "facts":
        finish(connection, schema)


def finish(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """What the builder works out from the rows: the channels' numbers, and what the default model says of each row."""
    connection.execute(
        f"""UPDATE {schema}.origins SET channel_code = c.code FROM (
            SELECT channel, row_number() OVER (ORDER BY channel) AS code FROM (SELECT DISTINCT channel FROM {schema}.origins)
        ) c WHERE c.channel = origins.channel"""
    )
    stand(connection, schema)


def instant(day: date, hour: int = 12) -> datetime:
    """An hour of a day, in a business whose zone is UTC."""
    return datetime.combine(day, time(hour))


class Business:
    """A random small business, consistent in the way the builder is: one credit per subject and model, money or nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.key = 0
        self.tables: Tables = {name: [] for name in TABLES}
        pick = self.random
        for number in range(1, 7):
            self.tables["origins"].append(
                {"origin_id": number, "channel": pick.choice(CHANNELS), "source": pick.choice(("yandex", "vk", None)),
                 "campaign": pick.choice(("a, b", 'say "x"', None)), "is_direct": False, "is_paid": True}
            )  # fmt: skip
        present = {name: pick.random() < 0.85 for name in ("spends", "visits", "leads", "deals", "orders")}
        for name, there in present.items():
            for _ in range(pick.randint(1, 14) if there else 0):
                getattr(self, f"_{name}")()

    def _next(self) -> int:
        self.key += 1
        return self.key

    def _day(self) -> date:
        return FIRST + timedelta(days=self.random.randrange(DAYS))

    def _money(self, *, unknown: float = 0.15) -> Decimal | None:
        return None if self.random.random() < unknown else Decimal(self.random.randint(0, 10_000_000)) / 10_000

    def _words(self, **columns: tuple[str | None, ...]) -> Row:
        return {name: self.random.choice(values) for name, values in columns.items()}

    def _spends(self) -> None:
        pick = self.random
        cost = self._money()
        self.tables["spends"].append(
            {"spend_key": self._next(), "source_system": "ads", "day_on": self._day(), "origin_id": pick.choice((1, 2, 3, 4, None)),
             "impressions": pick.choice((None, 0, 1000)), "clicks": pick.choice((None, 0, 7, 90)), "cost": cost, "original_cost": cost,
             "reported_visits": pick.choice((None, 5)), "reported_leads": pick.choice((None, 2)), "reported_orders": pick.choice((None, 1)),
             "reported_revenue": self._money(unknown=0.5)} | self._words(region=("Moscow", None), device=("mobile", None))
        )  # fmt: skip

    def _visits(self) -> None:
        pick = self.random
        self.tables["visits"].append(
            {"visit_key": self._next(), "source_system": "site", "day_on": self._day(), "origin_id": pick.choice((1, 2, 5, None)),
             "visits": 1, "is_bounce": pick.choice((True, False, None))} | self._words(region=("Moscow", "Kazan", None), device=("mobile", "desktop"))
        )  # fmt: skip

    def _credit(self, subject: str, key: int, on: date) -> None:
        for model in ("first", "last", "last_non_direct"):
            if self.random.random() < 0.8:
                touch_on = on - timedelta(days=self.random.randrange(60))
                self.tables["credits"].append(
                    {"subject": subject, "subject_key": key, "model": model, "share": 1.0,
                     "origin_id": self.random.choice((1, 2, 3, 6)), "touch_on": touch_on, "touch_at": instant(touch_on)}
                )  # fmt: skip
            else:
                self.tables["credits"].append(
                    {"subject": subject, "subject_key": key, "model": model, "share": 1.0, "reason": "no_lead"}
                )

    def _leads(self) -> None:
        pick, key, on = self.random, self._next(), self._day()
        self.tables["leads"].append(
            {"lead_key": key, "source_system": "crm", "created_on": on, "created_at": instant(on), "is_qualified": pick.choice((True, False, None)),
             "is_counted": pick.random() < 0.85, "is_deleted": pick.choice((False, False, False, True, None)),
             "props": pick.choice(('{"Тип": "A"}', '{"Тип": "B"}', None))}
            | self._words(manager=("Anna", "Boris", None), product=("Roof", None), region=("Moscow", None))
        )  # fmt: skip
        self._credit("lead", key, on)

    def _behind(self, on: date) -> Row:
        if self.random.random() < 0.3:
            return {}
        lead_on = on - timedelta(days=self.random.randrange(-3, 90))
        return {"lead_on": lead_on, "lead_at": instant(lead_on)}

    def _deals(self) -> None:
        pick, key, on = self.random, self._next(), self._day()
        status = pick.choice(("open", "won", "lost", "lost", None))
        closed = on + timedelta(days=pick.randrange(50)) if status in ("won", "lost") and pick.random() < 0.9 else None
        self.tables["deals"].append(
            {"deal_key": key, "source_system": "crm", "created_on": on, "created_at": instant(on), "closed_on": closed,
             "closed_at": instant(closed) if closed else None, "status": status, "is_deleted": pick.choice((False, False, False, True)),
             "is_repeat": pick.choice((True, False, None)), "amount": self._money()}
            | self._behind(on) | self._words(manager=("Anna", "Boris", None), pipeline=("B2B", "B2C"), reason_lost=("price", None))
        )  # fmt: skip
        self._credit("deal", key, on)

    def _orders(self) -> None:
        pick, key, on = self.random, self._next(), self._day()
        person = pick.choice((None, 1, 2, 3, 4))
        behind = self._behind(on)
        same = [row for row in self.tables["orders"] if person is not None and row["person_id"] == person]
        self.tables["orders"].append(
            {"order_key": key, "source_system": "shop", "person_id": person, "ordered_on": on, "ordered_at": instant(on),
             "paid_on": pick.choice((None, on + timedelta(days=2))), "revenue": self._money(), "cost_of_goods": self._money(unknown=0.5), "refunded_amount": self._money(unknown=0.7),
             "order_number": len(same) + 1, "is_repeat": pick.choice((bool(same), bool(same), True, None)),
             "days_to_order": float((on - behind["lead_on"]).days) if behind else None}
            | behind | self._words(manager=("Anna", None), product=("Roof", "Door", None), device=("mobile", None), pipeline=("B2B", None))
        )  # fmt: skip
        self._credit("order", key, on)
