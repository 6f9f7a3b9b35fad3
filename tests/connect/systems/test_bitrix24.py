"""Bitrix24: what comes from the portal is the company's truth, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.connect.systems.bitrix24_business import COMPANY, DEALS, Desk, connected, first

from longfunnel.app.sources.sync import SyncError
from longfunnel.connect._engine import Page
from longfunnel.connect._engine.writing import Writer
from longfunnel.demo.systems.bitrix24 import Knobs, webhook
from longfunnel.demo.systems.company import Company, Request

Connect = Callable[..., Desk]
pytestmark = pytest.mark.slow


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Connects a business to a portal of its own."""
    with ExitStack() as stack:

        def make(knobs: Knobs | None = None, *, folder: str = "", **settings: Any) -> Desk:
            (tmp_path / folder).mkdir(exist_ok=True)
            return stack.enter_context(connected(tmp_path / folder, knobs, **settings))

        yield make


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def test_the_first_sync_brings_the_companys_truth_and_the_second_adds_nothing(connect: Connect) -> None:
    desk = connect()
    report = desk.sync()
    assert report.quarantined == 0
    assert desk.rows("status, count(*), sum(amount), sum(cost_of_goods)", more="GROUP BY 1 ORDER BY 1") == [
        (status, len(some), sum(deal.amount for deal in some), sum(deal.amount for deal in some) * Decimal("0.6"))
        for status in ("lost", "open", "won")
        for some in [[deal for deal in DEALS if deal.status == status]]
    ]
    columns = "deal_id, created_at, closed_at, stage, manager, product, reason_lost, lead_id, phone, email, campaign, pipeline, currency"
    assert desk.rows(columns, more="ORDER BY deal_id") == [
        (str(deal.id), _utc(deal.created_at), _utc(deal.closed_at) if deal.closed_at else None, deal.steps[-1].stage, deal.manager, deal.product,
         deal.reason_lost or None, str(deal.cause.id) if isinstance(deal.cause, Request) else None, deal.person.phone, deal.person.email,
         (deal.cause.visit.campaign or None) if isinstance(deal.cause, Request) else None, "Кухни", "RUB")
        for deal in DEALS
    ]  # fmt: skip
    stages = desk.rows("deal_id, stage, stage_number, entered_at", "stage_entry", "ORDER BY entered_at, deal_id")
    numbers = {"Новая": 1, "Замер назначен": 2, "Договор": 3, "Сделка успешна": 4, "Сделка провалена": 5}
    told = [
        (str(deal.id), step.stage, numbers[step.stage], _utc(step.at))
        for deal in COMPANY.deals_of("bitrix24")
        for step in deal.steps
    ]
    assert stages == sorted(told, key=lambda row: (row[3], row[0]))
    before = desk.everything()
    again = desk.sync()
    assert (again.added, again.changed) == (0, 0)
    assert desk.everything() == before
    assert desk.state.state == "good"


def test_leads_carry_their_status_their_people_and_their_deals(connect: Connect) -> None:
    desk = connect()
    desk.sync()
    became = {deal.cause.id for deal in COMPANY.deals if isinstance(deal.cause, Request)}
    of_others = {deal.cause.id for deal in COMPANY.deals_of("amocrm") if isinstance(deal.cause, Request)}
    requests = [request for request in COMPANY.requests if request.id not in of_others]
    told = {
        str(request.id): ("Качественный лид", True) if request.id in became else ("Некачественный лид", False) if request.id % 3 == 0 else ("В работе", None)
        for request in requests
    }  # fmt: skip
    assert {row[0]: row[1:] for row in desk.rows("lead_id, quality, is_qualified", "lead")} == told
    assert desk.rows("count(*)", "lead", "WHERE phone IS NULL OR email IS NULL OR kind <> 'crm' OR name IS NULL") == [
        (0,)
    ]
    assert {row[0] for row in desk.rows("lead_id", more="WHERE lead_id IS NOT NULL")} <= set(told)


def test_own_columns_repeat_deals_and_products(connect: Connect) -> None:
    desk = connect(**{"columns.audience": "UF_CRM_TAGS", "columns.ym_client_id": ["UF_CRM_NONE", "UF_CRM_YM_UID"]})
    desk.sync()
    tagged = {str(deal.id): "VIP, Дизайнер «А»" if deal.id % 2 else None for deal in DEALS}
    assert dict(desk.rows("deal_id, audience")) == tagged
    assert {row[0] for row in desk.rows("ym_client_id IS NOT NULL", "lead")} == {True}
    flags = {
        row["ID"]: "Y" in (row["IS_RETURN_CUSTOMER"], row["IS_REPEATED_APPROACH"])
        for row in desk.portal.tables["deal"].after()
    }
    assert dict(desk.rows("deal_id, is_repeat")) == flags
    assert any(flags.values())


def test_changes_moves_and_new_pipelines_are_new_versions(connect: Connect) -> None:
    desk = connect()
    desk.sync()
    moved, changed = first("open"), first("won")
    desk.portal.move(moved.id, "C3:WON")
    desk.portal.move(moved.id, "NEW", category="0")
    desk.portal.change("deal", changed.id, OPPORTUNITY="100.01", UTM_SOURCE="vk")
    report = desk.sync()
    assert (report.added, report.changed) == (2, 2)  # two entries into stages, two deals
    assert desk.rows("amount, source", more=f"WHERE deal_id = '{changed.id}'") == [(Decimal("100.01"), "vk")]
    assert desk.rows("status, pipeline", more=f"WHERE deal_id = '{moved.id}'") == [("open", "Общая")]
    entered = desk.rows(
        "pipeline, stage", "stage_entry", f"WHERE deal_id = '{moved.id}' ORDER BY entered_at DESC, import_id DESC"
    )
    assert {("Кухни", "Сделка успешна"), ("Общая", "Новая")} <= set(entered)


def test_a_renamed_stage_doubles_nothing(connect: Connect) -> None:
    desk = connect()
    desk.sync()
    before = len(desk.rows("1", "stage_entry"))
    desk.portal.rename("C3:NEW", "Новый лид ✨")
    desk.portal.categories[1]["name"] = "Кухни и шкафы"
    desk.portal.change("deal", DEALS[-1].id, OPPORTUNITY="5")
    desk.sync()
    assert len(desk.rows("1", "stage_entry")) == before
    assert desk.rows("DISTINCT pipeline") == [("Кухни",)]
    del desk.portal.categories[1]
    desk.portal.statuses[:] = [row for row in desk.portal.statuses if row["ENTITY_ID"] != "DEAL_STAGE_3"]
    desk.portal.change("deal", DEALS[-1].id, OPPORTUNITY="6")
    desk.sync()
    assert desk.rows("DISTINCT pipeline") == [("Кухни",)]
    assert len(desk.rows("1", "stage_entry")) == before


def test_only_the_wanted_pipelines_come_and_a_deal_that_leaves_them_counts_no_more(connect: Connect) -> None:
    desk = connect(pipelines=["3"])
    desk.sync()
    assert len(desk.rows("1")) == len(DEALS)
    gone = first("open")
    desk.portal.move(gone.id, "NEW", category="0")
    desk.sync()
    desk.sync()
    assert desk.rows("deal_id", more="WHERE is_deleted") == [(str(gone.id),)]
    assert not desk.rows("1", "stage_entry", "WHERE pipeline <> 'Кухни'")


def test_deleted_deals_are_found_hidden_ones_are_not_taken_for_deleted_and_restored_ones_come_back(
    connect: Connect,
) -> None:
    desk = connect()
    desk.sync()
    deleted, hidden, lead = DEALS[0], DEALS[1], next(iter(desk.portal.tables["lead"].after()))
    desk.portal.tables["deal"].delete(deleted.id)
    desk.portal.tables["lead"].delete(lead["ID"])
    desk.sync()
    assert desk.rows("deal_id, amount, status", more="WHERE is_deleted") == [
        (str(deleted.id), deleted.amount, deleted.status)
    ]
    assert desk.rows("lead_id, phone IS NOT NULL", "lead", "WHERE is_deleted") == [(lead["ID"], True)]
    desk.portal.hidden.add(hidden.id)
    desk.portal.tables["deal"].restore(deleted.id)
    desk.sync()
    assert desk.rows("count(*)", more="WHERE is_deleted") == [(0,)]
    assert desk.sync().changed == 0


def test_deletions_are_looked_for_once_a_day(connect: Connect) -> None:
    desk = connect(deletions_hours=24)
    desk.sync()
    desk.sync()
    desk.portal.tables["deal"].delete(DEALS[0].id)
    desk.sync()
    assert not desk.rows("1", more="WHERE is_deleted")
    place = f'{{"at": "{(datetime.now(UTC) - timedelta(hours=25)).isoformat()}"}}'
    desk.business.warehouse.execute("UPDATE main.cursors SET place = ? WHERE stream = 'deleted deals'", [place])
    desk.sync()
    assert len(desk.rows("1", more="WHERE is_deleted")) == 1


def test_webhooks_in_any_order_and_twice_tell_of_deleted_and_changed_deals_at_once(connect: Connect) -> None:
    desk = connect(deletions_hours=24)
    desk.sync()
    deleted, changed = DEALS[2], DEALS[3]
    desk.portal.tables["deal"].delete(deleted.id)
    row = desk.portal.tables["deal"].get(changed.id)
    assert row is not None
    row["OPPORTUNITY"] = "77"  # its time of change stands still: only the webhook tells
    for event, key in (
        ("ONCRMDEALDELETE", deleted.id), ("ONCRMDEALUPDATE", changed.id), ("ONCRMDEALUPDATE", deleted.id), ("ONCRMDEALADD", changed.id),
        ("ONCRMDEALDELETE", deleted.id), ("ONCRMDEALDELETE", 5), ("ONCRMINVOICEADD", 1), ("ONCRMLEADDELETE", 4),
    ):  # fmt: skip
        desk.hook(*webhook(event, key))
    desk.hook("application/json", b"{}")
    desk.sync()
    assert desk.rows("deal_id", more="WHERE is_deleted") == [(str(deleted.id),)]
    assert desk.rows("amount", more=f"WHERE deal_id = '{changed.id}'") == [(Decimal(77),)]


def test_a_contact_that_gets_another_phone_is_evidence(connect: Connect) -> None:
    desk = connect()
    desk.sync()
    contact = next(row for row in desk.portal.tables["contact"].after())
    desk.portal.change(
        "contact", contact["ID"], PHONE=[*contact["PHONE"], {"VALUE": "+7 495 765-43-21", "TYPE_ID": "PHONE"}]
    )
    desk.sync()
    found = desk.rows("value_a, kind_b", "identity_link", "WHERE value_b = '+7 495 765-43-21'")
    assert found == [(contact["ID"], "phone")]


@pytest.mark.parametrize("after", [1, 3, 6, 9])
def test_a_sync_that_is_killed_goes_on_to_the_same_rows(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr("longfunnel.connect._engine.running._RECORDS_AT_ONCE", 1)
    undisturbed = connect(folder="undisturbed")
    undisturbed.portal.multiply(2)
    undisturbed.sync()
    desk = connect(folder="killed")
    desk.portal.multiply(2)
    write, written = Writer.write, 0

    def stop(self: Writer, pages: list[Page]) -> None:
        nonlocal written
        written += 1
        if written == after:
            raise KeyboardInterrupt
        write(self, pages)

    with monkeypatch.context() as killed:
        killed.setattr(Writer, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            desk.sync()
    desk.sync()
    assert desk.everything() == undisturbed.everything()


def test_several_pages_come_in_batches(connect: Connect) -> None:
    desk = connect()
    desk.portal.multiply(9)
    desk.sync()
    assert desk.rows("count(*), sum(amount)") == [(10 * len(DEALS), 10 * sum(deal.amount for deal in DEALS))]
    assert desk.rows("count(DISTINCT phone)")[0][0] > 9 * len({deal.person.number for deal in DEALS})
    assert desk.system.gate.asked.count("crm.deal.list") == 1


def test_an_earlier_beginning_brings_what_came_before(connect: Connect) -> None:
    middle = DEALS[len(DEALS) // 2].created_at.date().isoformat()
    desk = connect(since=middle)
    desk.sync()
    first = len(desk.rows("1"))
    assert 0 < first < len(DEALS)
    desk.sync()
    assert len(desk.rows("1")) == first
    file = desk.business.settings_file
    file.write_text(file.read_text().replace(middle, "2026-01-01"))
    for _ in range(2):
        desk.sync()
        assert len(desk.rows("1")) == len(DEALS)
    assert len(desk.rows("1", "stage_entry")) == sum(len(deal.steps) for deal in COMPANY.deals_of("bitrix24"))


def test_pages_that_overlap_double_nothing(connect: Connect) -> None:
    desk = connect()
    desk.portal.multiply(3)
    desk.portal.repeats = True
    report = desk.sync()
    assert desk.rows("count(*)") == [(4 * len(DEALS),)]
    assert report.changed == 0


def test_a_field_that_holds_something_else_puts_its_deal_aside_until_it_is_mended(connect: Connect) -> None:
    desk = connect()
    row = desk.portal.tables["deal"].get(DEALS[0].id)
    assert row is not None
    row["UF_CRM_COST"] = "много|RUB"
    assert desk.sync().quarantined == 1
    assert len(desk.rows("1")) == len(DEALS) - 1
    found = desk.business.warehouse.execute("SELECT column_name, value FROM main.quarantine").fetchall()
    assert found == [("cost_of_goods", "много")]
    desk.portal.change("deal", DEALS[0].id, UF_CRM_COST="7|RUB")
    desk.sync()
    assert desk.rows("cost_of_goods", more=f"WHERE deal_id = '{DEALS[0].id}'") == [(Decimal(7),)]
    assert desk.business.warehouse.execute("SELECT count(*) FROM main.quarantine").fetchall() == [(0,)]


def test_an_empty_portal_is_good(connect: Connect) -> None:
    desk = connect(company=Company(days=0))
    assert desk.sync().read == 0
    assert desk.sync().read == 0
    assert desk.state.state == "good"


def test_short_illness_broken_answers_and_limits_are_waited_out(connect: Connect) -> None:
    desk = connect(Knobs(ill=1, broken=1, limited_commands=2, bucket=(50, 5)), patience_seconds=60)
    desk.portal.multiply(3)
    desk.sync()
    assert desk.rows("count(*)") == [(4 * len(DEALS),)]


def test_long_illness_is_told_and_what_came_before_stays(connect: Connect) -> None:
    desk = connect(patience_seconds=0.5)
    desk.sync()
    desk.system.knobs.ill = 10**6
    with pytest.raises(SyncError, match="INTERNAL_SERVER_ERROR"):
        desk.sync()
    assert desk.state.state == "temporary"
    assert len(desk.rows("1")) == len(DEALS)
