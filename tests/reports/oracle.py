"""The definition of the numbers: every metric counted row by row in plain Python, slowly and obviously."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from longfunnel.core.calendar import Period, earlier, floor

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from tests.reports.derived import Row, Tables

    from longfunnel.reports import Question

SUBJECT_OF_CREDIT = {"leads": ("lead", "lead_key"), "deals": ("deal", "deal_key"), "orders": ("order", "order_key")}
ORIGIN = ("channel", "source", "campaign")
KNOWN = {
    "spends": {"region", "device", "source_system"},
    "visits": {"region", "device", "source_system"},
    "leads": {"region", "device", "manager", "product", "source_system", "props.Тип"},
    "deals": {"region", "manager", "pipeline", "reason_lost", "source_system", "first_or_repeat", "product"},
    "orders": {"region", "manager", "product", "device", "pipeline", "source_system", "first_or_repeat"},
}
KNOWN["deals"].add("props.Тип")
KNOWN["orders"].add("props.Тип")
KNOWN["spends"].add("props.Тип")
Group = tuple[Any, ...]


class Oracle:
    """The answer to one question about these rows."""

    def __init__(self, tables: Tables, question: Question) -> None:
        self.tables, self.question = tables, question
        self.origins = {row["origin_id"]: row for row in tables["origins"]}
        self.credits = {
            (row["subject"], row["subject_key"]): row for row in tables["credits"] if row["model"] == question.model
        }
        self.spans: list[tuple[date | None, date | None, Any]] = [(question.since, question.until, None)]
        if question.compare and question.since and question.until:
            before, shift = earlier(Period(question.since, question.until), question.compare)
            self.spans.append((before.since, before.until, shift))

    def groups(self, span: int, metrics: list[str]) -> tuple[dict[Group, dict[str, Any]], dict[str, Any]]:
        """Metric values by group, and for the whole."""
        rows: dict[Group, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        whole: dict[str, list[Row]] = defaultdict(list)
        for table in KNOWN:
            for row in self.tables[table]:
                for subject, on in self._subjects(table, row):
                    place = self._group(table, row, on, span)
                    if place is not None:
                        rows[place][subject].append(row)
                        whole[subject].append(row)
        found = {place: {m: self._metric(m, of, total=False) for m in metrics} for place, of in rows.items()}
        return found, {m: self._metric(m, whole, total=True) for m in metrics}

    def nothing(self, metric: str) -> Any:
        """The metric of a group that has no rows at all in a span."""
        return self._metric(metric, defaultdict(list), total=False)

    def _subjects(self, table: str, row: Row) -> list[tuple[str, date | None]]:
        credit = self._credit(table, row)
        touch_on = credit.get("touch_on")
        basis = self.question.basis
        if table in ("spends", "visits"):
            return [(table, row["day_on"])]
        if table == "leads":
            if not row["is_counted"] or row["is_deleted"]:
                return []
            return [("leads", (touch_on or row["created_on"]) if basis == "touch" else row["created_on"])]
        if table == "deals":
            if row["is_deleted"]:
                return []
            early = row.get("lead_on") or row["created_on"]
            days = {"touch": touch_on or early, "lead": early, "payment": row["created_on"]}
            found = [("deals", days[basis])]
            if row["status"] in ("won", "lost"):
                found.append(("closed", (row["closed_on"] or row["created_on"]) if basis == "payment" else days[basis]))
            return found
        early = row.get("lead_on") or row["ordered_on"]
        on = {"touch": touch_on or early, "lead": early, "payment": row["paid_on"] or row["ordered_on"]}[basis]
        return [("orders", on), *([("buyers", on)] if row["order_number"] == 1 else [])]

    def _credit(self, table: str, row: Row) -> Row:
        if table not in SUBJECT_OF_CREDIT:
            return row
        subject, key = SUBJECT_OF_CREDIT[table]
        return self.credits.get((subject, row[key]), {})

    def value(self, table: str, row: Row, name: str) -> str | None:
        """The dimension of a row."""
        if name in ORIGIN:
            return self.origins.get(self._credit(table, row).get("origin_id"), {}).get(name)
        if name not in KNOWN[table]:
            return None
        if name == "first_or_repeat":
            return {True: "repeat", False: "first", None: None}[row["is_repeat"]]
        if name == "props.Тип":
            return json.loads(row.get("props") or "{}").get("Тип")
        return row.get(name)

    def _group(self, table: str, row: Row, on: date | None, span: int) -> Group | None:
        since, until, shift = self.spans[span]
        if (since and (on is None or on < since)) or (until and (on is None or on > until)):
            return None
        if not all(
            self._passes(self.value(table, row, item.dimension), item.op, item.values) for item in self.question.filters
        ):
            return None
        place = [self.value(table, row, name) for name in self.question.by]
        if self.question.grain:
            counterpart = shift.forward(on) if shift else on
            place.append(floor(counterpart, self.question.grain) if counterpart else None)
        return tuple(place)

    @staticmethod
    def _passes(value: str | None, op: str, values: tuple[str, ...]) -> bool:
        if op in ("known", "unknown"):
            return (value is not None) == (op == "known")
        if value is None:
            return op in ("is_not", "not_contains")
        low = value.lower()
        hits = {
            "is": value in values,
            "is_not": value not in values,
            "contains": any(word.lower() in low for word in values),
            "not_contains": not any(word.lower() in low for word in values),
            "starts_with": any(low.startswith(word.lower()) for word in values),
        }
        return hits[op]

    def _none(self, table: str, *, total: bool) -> int | None:
        """What no rows mean: 0 where they would have been seen."""
        known = KNOWN[table] | set(ORIGIN)
        seen = all(item.dimension in known for item in self.question.filters) and (
            total or set(self.question.by) <= known
        )
        return 0 if seen else None

    def _sum(self, rows: list[Row], column: str) -> Any:
        values = [row[column] for row in rows if row.get(column) is not None]
        return sum(values) if values else None

    def _count(self, of: dict[str, list[Row]], subject: str, table: str, reported: str, *, total: bool) -> Any:
        if not self.tables[table]:
            return self._sum(of["spends"], reported) if reported else None
        return len(of[subject]) or self._none(table, total=total)

    def _metric(self, name: str, of: dict[str, list[Row]], *, total: bool) -> Any:  # one line a metric
        def get(other: str) -> Any:
            return self._metric(other, of, total=total)

        def ratio(top: Any, bottom: Any) -> Any:
            return None if top is None or not bottom else top / bottom

        orders = of["orders"]
        match name:
            case "impressions" | "clicks" | "cost":
                return self._sum(of["spends"], name)
            case "visits":
                return self._count(of, "visits", "visits", "reported_visits", total=total)
            case "leads":
                return self._count(of, "leads", "leads", "reported_leads", total=total)
            case "qualified_leads":
                if not of["leads"]:
                    return self._count(of, "leads", "leads", "", total=total)
                known = [row["is_qualified"] for row in of["leads"] if row["is_qualified"] is not None]
                return sum(known) if known else None
            case "deals":
                return self._count(of, "deals", "deals", "", total=total)
            case "won" | "lost":
                if not of["closed"]:
                    return self._count(of, "closed", "deals", "", total=total)
                return sum(row["status"] == name for row in of["closed"])
            case "orders":
                return self._count(of, "orders", "orders", "reported_orders", total=total)
            case "repeat_orders" | "new_buyers":
                if not orders:
                    return self._count(of, "orders", "orders", "", total=total)
                if name == "repeat_orders":
                    return sum(bool(row["is_repeat"]) for row in orders)
                return sum(row["order_number"] == 1 and not row["is_repeat"] for row in orders)
            case "revenue":
                if not orders or not self.tables["orders"]:
                    return self._count(of, "orders", "orders", "reported_revenue", total=total)
                return self._sum(orders, "revenue")
            case "cost_of_goods":
                return self._sum(orders, "cost_of_goods")
            case "profit":
                revenue = get("revenue")
                return None if revenue is None else revenue - (get("cost_of_goods") or 0) - (get("cost") or 0)
            case "margin":
                revenue = get("revenue")
                return None if revenue is None else revenue - (get("cost_of_goods") or 0)
            case "refunds":
                return self._sum(orders, "refunded_amount")
            case "refund_share":
                known = [
                    row["revenue"] + (row.get("refunded_amount") or 0) for row in orders if row["revenue"] is not None
                ]
                return ratio(get("refunds"), sum(known) if known else (0 if not orders else None))
            case "bounce_share":
                known = [row["is_bounce"] for row in of["visits"] if row["is_bounce"] is not None]
                return sum(known) / len(known) if known else None
            case "aov":
                if not self.tables["orders"]:
                    return ratio(get("revenue"), get("orders"))
                return ratio(get("revenue"), sum(row["revenue"] is not None for row in orders))
            case "ltv":
                people = [self._lifetime(row) for row in of["buyers"]]
                known = [value for value in people if value is not None]
                return ratio(sum(known) if known else None, len(people))
            case "days_to_order":
                known = [row["days_to_order"] for row in orders if row["days_to_order"] is not None]
                return statistics.median(known) if known else None
            case "win_rate":
                return ratio(get("won"), len(of["closed"]))
            case "repeat_share":
                return ratio(get("repeat_orders"), len(orders))
        top, bottom = {
            "ctr": ("clicks", "impressions"), "cpc": ("cost", "clicks"), "cr": ("leads", "visits"), "cpl": ("cost", "leads"),
            "cr1": ("orders", "leads"), "cpo": ("cost", "orders"), "romi": ("profit", "cost"), "roas": ("revenue", "cost"),
            "drr": ("cost", "revenue"), "cac": ("cost", "new_buyers"), "rpl": ("revenue", "leads"), "ltv_to_cac": ("ltv", "cac"), "margin_share": ("margin", "revenue"),
        }[name]  # fmt: skip
        return ratio(get(top), get(bottom))

    def _lifetime(self, first: Row) -> Decimal | None:
        if first["person_id"] is None:
            return first["revenue"]
        found: Decimal | None = self._sum(
            [row for row in self.tables["orders"] if row["person_id"] == first["person_id"]], "revenue"
        )
        return found
