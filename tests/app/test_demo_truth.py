"""The invented business, read from its files, is what its maker says it is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Made

    from longfunnel.app.business import Business
    from longfunnel.demo import Truth

pytestmark = pytest.mark.slow


def rows(business: Business, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return business.warehouse.execute(sql, list(values)).fetchall()


def one(business: Business, sql: str, *values: Any) -> Any:
    return rows(business, sql, *values)[0][0]


def situation(truth: Truth, fact: str, name: str) -> dict[str, Any]:
    (found,) = [row for row in truth.ledgered if (row["fact"], row["situation"]) == (fact, name)]
    return found


def test_spend_of_every_source_to_the_kopeck(demo: Business, truth: Truth) -> None:
    got = rows(
        demo, "SELECT source_system, sum(original_cost), sum(impressions), sum(clicks) FROM live.spends GROUP BY 1"
    )
    # two rows name no currency and one campaign is in euro: the truth tells of them apart
    apart = {row["source"]: Decimal(row["amount"]) for row in truth.ledgered if row["situation"] in ("no_exchange_rate", "currency_missing") and row["fact"] == "spend"}  # fmt: skip
    assert apart
    for source, cost, impressions, clicks in got:
        said = truth.totals["spend"][source]
        beside = sum(
            Decimal(row["amount"])
            for row in truth.ledgered
            if row["fact"] == "spend" and row["source"] == source and row["currency"] != said["currency"]
        )
        assert cost == Decimal(said["cost"]) + beside, source
        assert (impressions, clicks) == (said.get("impressions"), said.get("clicks")), source
    assert {row[0] for row in got} == truth.totals["spend"].keys()


def test_requests_leads_and_their_kinds(demo: Business, truth: Truth) -> None:
    stages = {row["stage"]: row["count"] for row in demo.ask("long_funnel").rows}
    assert stages["leads"] == truth.totals["requests"]
    counted = one(demo, "SELECT count(DISTINCT person_id) FROM live.leads WHERE is_counted AND person_id IS NOT NULL")
    assert counted <= truth.totals["people_with_requests"]
    assert one(demo, "SELECT count(*) FROM facts.call") == truth.totals["calls"]["calls"]
    assert one(demo, "SELECT count(*) FROM facts.call WHERE is_answered") == truth.totals["calls"]["answered"]


@pytest.mark.parametrize("system", ["bitrix24", "amocrm"])
def test_deals_of_each_system(demo: Business, truth: Truth, system: str) -> None:
    said = truth.totals["deals"][system]
    (got,) = rows(
        demo,
        """SELECT count(*), count(*) FILTER (status = 'open'), count(*) FILTER (status = 'won'), count(*) FILTER (status = 'lost'),
            sum(amount) FILTER (status = 'won') FROM live.deals WHERE system = ?""",
        system,
    )
    assert got == (said["deals"], said["open"], said["won"], said["lost"], Decimal(said["won_amount"]))


def test_won_deals_and_what_they_cost(demo: Business, truth: Truth) -> None:
    total = demo.ask("sales_funnel", metrics=["deals", "won", "lost"]).totals
    deals = truth.totals["deals"].values()
    assert total == {name: sum(said[name] for said in deals) for name in ("deals", "won", "lost")}
    assert one(demo, "SELECT sum(cost_of_goods) FROM live.deals WHERE status = 'won'") == Decimal(
        truth.totals["won_cost_of_goods"]
    )


@pytest.mark.parametrize("source", ["payments", "corporate_payments"])
def test_payments_and_refunds(demo: Business, truth: Truth, source: str) -> None:
    said = truth.totals["payments"][source]
    (got,) = rows(
        demo,
        """SELECT count(*) FILTER (kind = 'payment'), count(*) FILTER (kind = 'refund'), sum(original_amount) FILTER (kind = 'payment'),
            -sum(original_amount) FILTER (kind = 'refund') FROM live.payments WHERE source_system = ?""",
        source,
    )
    assert got == (said["payments"], said["refunds"], Decimal(said["paid"]), Decimal(said["refunded"]))


def test_orders_are_won_deals_and_payments_of_nobody(demo: Business, truth: Truth) -> None:
    strangers = situation(truth, "payment", "payment_without_deal")
    assert one(demo, "SELECT count(*) FROM live.orders") == truth.totals["orders"] + strangers["rows"]
    assert one(demo, "SELECT count(*) FROM live.orders WHERE deal_key IS NULL") == strangers["rows"]
    unpriced = situation(truth, "payment", "currency_missing")
    paid = Decimal(truth.totals["paid_for_orders"]) + Decimal(strangers["amount"]) - Decimal(unpriced["amount"])
    refunded = Decimal(truth.totals["refunded_for_orders"])
    assert rows(demo, "SELECT sum(paid_amount), sum(refunded_amount) FROM live.orders") == [(paid, refunded)]
    assert demo.ask("channels", basis="payment").totals["revenue"] == paid - refunded


def test_a_payment_that_names_only_a_phone_finds_its_deal(demo: Business, truth: Truth) -> None:
    nameless = rows(demo, "SELECT payment_id FROM facts.payment WHERE order_id IS NULL AND deal_id IS NULL")
    assert len(nameless) > 10
    strayed = "SELECT count(*) FROM live.payments p JOIN live.orders o USING (order_key) WHERE o.deal_key IS NULL AND p.payment_id IN (SELECT unnest(?))"
    assert one(demo, strayed, [row[0] for row in nameless]) == 0


def test_each_deal_is_paid_what_its_client_paid(demo: Business, truth: Truth) -> None:
    """Deal by deal, but for the payments whose currency is missing: they have no sum in the company's currency."""
    unpriced = set(situation(truth, "payment", "currency_missing")["ids"])
    touched = {
        row[0]
        for row in rows(
            demo, "SELECT order_key FROM live.payments WHERE payment_id IN (SELECT unnest(?))", list(unpriced)
        )
    }
    got = rows(
        demo,
        """SELECT d.system, d.deal_id, coalesce(o.paid_amount, 0), coalesce(o.refunded_amount, 0), o.order_key
        FROM live.deals d JOIN live.orders o USING (order_key)""",
    )
    counted = {(system, deal): (paid, back) for system, deal, paid, back, order in got if order not in touched}
    said = {
        (row["system"], row["deal_id"]): (Decimal(row["paid_kopecks"]) / 100, Decimal(row["refunded_kopecks"]) / 100)
        for row in truth.read("deals").to_pylist()
    }
    assert len(counted) > 250
    assert counted == {key: said[key] for key in counted}


def test_nps(demo: Business, truth: Truth) -> None:
    said = truth.totals["nps"]
    score = 100 * (said["promoters"] - said["detractors"]) / said["answers"]
    assert demo.ask("sales_funnel", metrics=["nps"]).totals["nps"] == pytest.approx(score)
    assert one(demo, "SELECT count(*) FROM facts.survey_answer") == said["answers"]


def test_exactly_the_planted_rows_are_in_the_quarantine(demo: Business, truth: Truth) -> None:
    got = rows(demo, "SELECT file, row_number, source_system, column_name, value FROM main.quarantine ORDER BY ALL")
    said = sorted(
        (row["path"], row["line"], row["source"], row["their_column"], row["value"]) for row in truth.quarantine
    )
    assert got == said


def test_the_ledger_adds_up_to_what_was_imported(demo: Business, truth: Truth) -> None:
    ledger = demo.ask("ledger")
    assert not ledger.caveats
    by_kind: Counter[str] = Counter()
    for row in ledger.rows:
        assert (row["channel"] is None) != (row["reason"] is None), row
        by_kind[row["kind"]] += row["rows"]
    imported = {kind: one(demo, f"SELECT count(DISTINCT key_hash) FROM facts.{kind}") for kind in by_kind}
    assert by_kind == imported


@pytest.mark.parametrize(
    ("fact", "planted", "reason"),
    [
        ("payment", "currency_missing", "currency_missing"),
        ("spend", "no_exchange_rate", "no_exchange_rate"),
        ("spend", "currency_missing", "currency_missing"),
        ("deal", "deal_without_lead", "no_lead"),
        ("deal", "shared_identifier", "shared_identifier"),
        ("payment", "payment_without_deal", "no_lead"),
    ],
)
def test_planted_situations_stand_under_their_reason(
    demo: Business, truth: Truth, fact: str, planted: str, reason: str
) -> None:
    said = situation(truth, fact, planted)
    behind = demo.ask("ledger", options={"kind": fact, "reason": reason}).rows
    if fact == "spend":
        assert sum(row["original_amount"] for row in behind) == Decimal(said["amount"])
        return
    ids = {row[f"{fact}_id"] for row in behind if row["source_system"] == said["source"]}
    assert ids >= set(said["ids"]) if planted != "shared_identifier" else ids <= set(said["ids"]) and ids


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ("before_tracking", "before_tracking"),
        ("outside_lookback", "outside_lookback"),
        ("lead_without_source", "lead_without_source"),
    ],
)
def test_leads_without_a_channel_have_the_planted_reason(
    demo: Business, truth: Truth, planted: str, reason: str
) -> None:
    """A deal of such a lead stands in the ledger under what is true of the lead."""
    said = situation(truth, "lead", planted)
    got = rows(
        demo,
        """SELECT d.reason, count(*) FROM live.deals d JOIN live.leads l ON l.lead_key = d.lead_key
        WHERE l.source_system = ? AND l.lead_id IN (SELECT unnest(?)) GROUP BY ALL""",
        said["source"],
        said["ids"],
    )
    assert [row[0] for row in got] == [reason]


def test_late_edits_are_new_versions_and_as_of_gives_the_earlier_answer(
    demo: Business, made: Made, truth: Truth
) -> None:
    edits = truth.faults["late_edits"]["deals"]
    for edit in edits:
        sql = "SELECT amount FROM facts.deal WHERE system = 'bitrix24' AND deal_id = ? ORDER BY recorded_at"
        assert [row[0] for row in rows(demo, sql, edit["deal_id"])] == [
            Decimal(edit["amount_before"]),
            Decimal(edit["amount"]),
        ]
    ids = [edit["deal_id"] for edit in edits]
    sql = "SELECT sum(amount) FROM {}.deals WHERE system = 'bitrix24' AND deal_id IN (SELECT unnest(?))"
    now = demo.ask("sales_funnel", metrics=["won", "revenue"], basis="payment")
    then = demo.ask("sales_funnel", metrics=["won", "revenue"], basis="payment", as_of=made.between)
    assert one(demo, sql.format("live"), ids) == sum(Decimal(edit["amount"]) for edit in edits)
    earlier = one(demo, "SELECT schema_name FROM main.builds WHERE schema_name <> 'live'")
    assert one(demo, sql.format(f'"{earlier}"'), ids) == sum(Decimal(edit["amount_before"]) for edit in edits)
    assert now.totals["won"] == then.totals["won"] == truth.totals["orders"]


def test_an_import_of_the_same_rows_changed_nothing(demo: Business, truth: Truth) -> None:
    fault = truth.faults["duplicate_import"]
    got = rows(
        demo, "SELECT read, added, changed, same FROM main.imports WHERE file LIKE '%leads_june_for_director.csv'"
    )
    assert got == [(fault["rows"], 0, 0, fault["rows"])]


def test_a_phone_of_many_contacts_links_nobody(demo: Business, truth: Truth) -> None:
    fault = truth.faults["shared_phone"]
    got = rows(
        demo, "SELECT is_shared, person_id FROM live.identifiers WHERE kind = 'phone' AND value = ?", fault["phone"]
    )
    assert got == [(True, None)]


def test_identifiers_of_two_people_are_never_one_person(demo: Business, truth: Truth) -> None:
    """Over-merging is the fault that cannot be seen in a report: the truth knows each identifier's owner."""
    owner = {(row["kind"], row["value"]): row["person"] for row in truth.read("identifiers").to_pylist()}
    owners: dict[int, set[int]] = {}
    for kind, value, person in rows(
        demo, "SELECT kind, value, person_id FROM live.identifiers WHERE person_id IS NOT NULL"
    ):
        if (kind, value) in owner:
            owners.setdefault(person, set()).add(owner[kind, value])
    merged = [people for people in owners.values() if len(people) > 1]
    assert len(owners) > 1000
    assert not merged


def test_the_slow_manager_wins_least_and_keeps_deals_waiting(demo: Business, truth: Truth) -> None:
    fault = truth.faults["slow_manager"]
    answer = demo.ask(
        "sales_funnel", by=["manager"], metrics=["won", "lost", "win_rate"], filters=["pipeline is Retail"]
    )
    rates = {row["manager"]: row for row in answer.rows if row["win_rate"] is not None}
    assert min(rates, key=lambda name: rates[name]["win_rate"]) == fault["manager"]
    assert rates[fault["manager"]]["lost"] >= fault["lost"]
    where = f'manager is "{fault["manager"]}"'
    slow = demo.ask("pipeline", filters=[where, "pipeline is Retail"]).rows[0]
    usual = demo.ask("pipeline", filters=["pipeline is Retail"]).rows[0]
    assert slow["median_days"] > 8 * usual["median_days"]


def test_the_broken_form_shows_as_days_without_its_leads(demo: Business, truth: Truth) -> None:
    fault = truth.faults["broken_form"]
    first, last = date.fromisoformat(fault["days"][0]), date.fromisoformat(fault["days"][-1])
    week = timedelta(days=14)
    around = demo.ask("lead_funnel", by=["props.form"], grain="day", metrics=["leads"], since=(first - week).isoformat(), until=(last + week).isoformat())  # fmt: skip
    days = {
        row["period"] if "period" in row else row["day"]
        for row in around.rows
        if row["props.form"] == fault["form"] and row["leads"]
    }
    assert not {day for day in days if str(day) in fault["days"]}
    assert len(days) > 7


def test_a_dearer_product_wins_less(demo: Business, truth: Truth) -> None:
    fault = truth.faults["price_change"]
    on = date.fromisoformat(fault["on"])
    where = f'product is "{fault["product"]}"'

    def won_and_lost(**period: str) -> tuple[int, int]:
        totals = demo.ask("sales_funnel", metrics=["won", "lost"], filters=[where], **period).totals
        return totals["won"], totals["lost"]

    before, after = won_and_lost(until=str(on - timedelta(days=1))), won_and_lost(since=str(on))
    assert tuple(a + b for a, b in zip(before, after, strict=True)) == (
        fault["before"]["won"] + fault["after"]["won"], fault["before"]["lost"] + fault["after"]["lost"],
    )  # fmt: skip
    assert after[0] / sum(after) < 0.7 * before[0] / sum(before)


def test_marks_that_were_lost_show_as_direct_while_the_cabinet_still_charges(demo: Business, truth: Truth) -> None:
    fault = truth.faults["utm_lost"]
    period = {"since": fault["since"], "until": fault["until"]}
    answer = {
        row["source"]: row for row in demo.ask("channels", by=["source"], metrics=["clicks", "visits"], **period).rows
    }
    assert answer["vk"]["clicks"] >= fault["visits"]
    assert (answer["vk"]["visits"] or 0) < 0.1 * answer["vk"]["clicks"]
