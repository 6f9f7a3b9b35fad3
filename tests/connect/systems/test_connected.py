"""The whole loop over seven systems at once: one funnel, every deal with its person and source, the sources written back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from longfunnel.app.demo_connected import ConnectedDemo, demo_connected
from longfunnel.app.write_back import Done, carry_out, plan, undo, write_automatically
from longfunnel.app.write_back import log as write_log
from longfunnel.core.settings import WriteBack

pytestmark = pytest.mark.slow
UTM = ("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedDemo]:
    with demo_connected(tmp_path_factory.mktemp("connected") / "demo") as demo:
        yield demo


def _one(made: ConnectedDemo, sql: str, *values: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = made.business.warehouse.execute(sql, list(values)).fetchall()[0]
    return row


def _rule(made: ConnectedDemo, name: str) -> WriteBack:
    return next(rule for rule in made.business.settings.write_back if rule.name == name)


def _write(made: ConnectedDemo, name: str) -> Done:
    async def both() -> Done:
        return await carry_out(made.business, await plan(made.business, _rule(made, name)), lambda *_: None)

    return asyncio.run(both())


def _portal(made: ConnectedDemo) -> Any:
    return next(system.app for system in made.systems if system.type == "bitrix24").portal


def _held(made: ConnectedDemo) -> dict[str, tuple[str, ...]]:
    return {
        row["ID"]: tuple(str(row.get(field) or "") for field in UTM) for row in _portal(made).tables["deal"].after()
    }


def test_spend_equals_the_truth_to_the_kopeck_and_the_ledger_balances(made: ConnectedDemo) -> None:
    truth = sum((spend.cost for spend in made.company.spend), Decimal(0))
    assert _one(made, "SELECT sum(cost) FROM live.spends") == (truth,)
    ledger = made.business.ask("ledger", since=made.days[0], until=made.days[1])
    amounts = [row["amount"] for row in ledger.rows if row["kind"] == "spend"]
    assert sum(amounts) == truth


def test_every_deal_has_its_person_its_path_and_its_source(made: ConnectedDemo) -> None:
    known = [deal for deal in made.company.deals if not deal.is_deleted]
    assert _one(made, "SELECT count(*) FROM live.deals WHERE NOT is_deleted") == (len(known),)
    lost = made.business.warehouse.execute(
        """SELECT source_system, deal_id, reason FROM live.deals
        WHERE NOT is_deleted AND (person_id IS NULL OR credited_origin_id IS NULL OR reason IS NOT NULL)"""
    ).fetchall()
    assert lost == []
    won = sum((deal.amount for deal in known if deal.status == "won"), Decimal(0))
    assert _one(made, "SELECT sum(revenue) FROM live.orders") == (won,)


def test_a_deal_stands_where_the_visit_that_brought_it_came_from(made: ConnectedDemo) -> None:
    found = dict(
        made.business.warehouse.execute(
            "SELECT d.source_system || '/' || d.deal_id, o.source FROM live.deals d JOIN live.origins o ON o.origin_id = d.credited_origin_id"
        ).fetchall()
    )
    alone = [
        person for person in made.company.persons if sum(visit.person is person for visit in made.company.visits) == 1
    ]
    checked = 0
    for deal in made.company.deals:
        if deal.person in alone and not deal.is_deleted and deal.cause.visit.source in ("yandex", "vk"):
            assert found[f"{deal.crm}/{deal.id}"] == deal.cause.visit.source
            checked += 1
    assert checked > 20


def test_the_source_of_every_deal_is_in_the_crm_and_a_second_run_writes_nothing(made: ConnectedDemo) -> None:
    known = made.business.warehouse.execute(
        """SELECT d.deal_id, o.source FROM live.deals d JOIN live.origins o ON o.origin_id = d.credited_origin_id
        WHERE d.source_system = 'bitrix24' AND NOT d.is_deleted AND o.source IS NOT NULL"""
    ).fetchall()
    held = _held(made)
    ours = {
        write.record_id: write.became
        for write in write_log.done(made.business.warehouse, "sources-bitrix24")
        if write.field == "UTM_SOURCE"
    }
    assert len(ours) > 20
    # a form's own mark stays where it says something else than the credited touch
    assert {deal: held[deal][0] for deal, _ in known} == {deal: ours.get(deal, held[deal][0]) for deal, _ in known}
    assert all(held[deal][0] for deal, _ in known)
    assert ours.items() <= dict(known).items()
    assert [_write(made, rule.name) for rule in made.business.settings.write_back] == [Done()] * 4


def test_what_we_wrote_is_no_news_when_it_comes_back(made: ConnectedDemo) -> None:
    before = made.business.warehouse.execute(
        "SELECT deal_key, credited_origin_id FROM live.deals ORDER BY ALL"
    ).fetchall()
    told = "SELECT count(source), count(medium), count(campaign) FROM facts.deal"
    marks = _one(made, told)
    again = made.business.sync()
    assert sum(report.added for report in again) == 0
    made.business.build()
    assert _one(made, told)[0] >= marks[0]
    after = made.business.warehouse.execute(
        "SELECT deal_key, credited_origin_id FROM live.deals ORDER BY ALL"
    ).fetchall()
    assert after == before
    assert _write(made, "sources-bitrix24") == Done()


def test_conversions_name_each_won_deal_once(made: ConnectedDemo) -> None:
    won = [deal for deal in made.company.deals if deal.status == "won" and not deal.is_deleted]
    metrika = next(system.app for system in made.systems if system.type == "yandex_metrika")
    assert metrika
    rows = made.business.warehouse.execute(
        "SELECT record_id, count(*) FROM main.writes WHERE rule = 'conversions-metrika' GROUP BY 1"
    ).fetchall()
    assert len(rows) == len(won)
    assert {many for _, many in rows} == {1}


@contextmanager
def _edited(made: ConnectedDemo, deal: str, **fields: str) -> Iterator[None]:
    """Somebody has edited a deal in the portal meanwhile."""
    row = _portal(made).tables["deal"].get(deal)
    before = dict(row)
    row.update(fields)
    try:
        yield
    finally:
        row.update(before)


def test_a_persons_edit_is_never_overwritten_nor_undone(made: ConnectedDemo) -> None:
    deal = next(write.record_id for write in write_log.done(made.business.warehouse, "sources-bitrix24"))
    with _edited(made, deal, UTM_SOURCE="по рекомендации"):
        made.business.warehouse.execute(
            "UPDATE main.writes SET became = 'other' WHERE record_id = ? AND field = 'UTM_SOURCE'", [deal]
        )
        planned = asyncio.run(plan(made.business, _rule(made, "sources-bitrix24")))
        assert [change.was for change in planned.kept if change.record_id == deal] == ["по рекомендации"]
        assert not [change for change in planned.changes if change.record_id == deal and change.field == "UTM_SOURCE"]


def test_a_kill_between_sending_and_noting_doubles_nothing(
    made: ConnectedDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(undo(made.business, _rule(made, "sources-bitrix24"), lambda *_: None))
    made.business.warehouse.execute("DELETE FROM main.writes WHERE rule = 'sources-bitrix24'")
    empty = _held(made)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(write_log, "move", dies)
        with pytest.raises(KeyboardInterrupt):
            _write(made, "sources-bitrix24")
    assert _held(made) != empty
    done = _write(made, "sources-bitrix24")
    assert not done.failed
    assert _write(made, "sources-bitrix24") == Done()


def test_undo_puts_everything_back(made: ConnectedDemo) -> None:
    _write(made, "sources-bitrix24")
    wrote = {
        (write.record_id, write.field): write.was
        for write in write_log.done(made.business.warehouse, "sources-bitrix24")
    }
    asyncio.run(undo(made.business, _rule(made, "sources-bitrix24"), lambda *_: None))
    rows = {row["ID"]: row for row in _portal(made).tables["deal"].after()}
    assert {place: str(rows[place[0]].get(place[1]) or "") for place in wrote} == wrote
    assert not write_log.done(made.business.warehouse, "sources-bitrix24")


def test_a_rule_that_is_automatic_is_carried_out_after_a_build_and_what_was_undone_stays_undone(
    made: ConnectedDemo,
) -> None:
    file = made.business.settings_file
    file.write_text(file.read_text().replace('name = "sources-', 'automatic = true\nname = "sources-'))
    asyncio.run(undo(made.business, _rule(made, "sources-amocrm"), lambda *_: None))
    assert write_automatically(made.business) == ""
    made.business.warehouse.execute("DELETE FROM main.writes WHERE rule = 'sources-amocrm'")
    assert write_automatically(made.business).startswith("sources-amocrm: ")
    assert write_automatically(made.business) == ""
