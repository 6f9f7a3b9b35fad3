"""amoCRM: what comes in, what changes, what is deleted, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.connect.systems.amocrm import Desk, company, connected

from longfunnel.connect._engine.writing import Writer
from longfunnel.demo.systems.amocrm import FIRST_STAGE, PIPELINE, SERVICE, Knobs, app, waiting_causes
from longfunnel.demo.systems.company import Call, Chat, Deal, Request

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A business connected to the account."""
    with connected(tmp_path) as desk:
        yield desk


def _told() -> list[Deal]:
    """The deals that the account can still tell of: some are deleted for good."""
    return [deal for deal in company().deals_of("amocrm") if not deal.is_deleted or deal.id % 2]


def _naive(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC).replace(tzinfo=None) if at else None


def test_deals_are_the_companys_to_the_kopeck(desk: Desk) -> None:
    desk.sync()
    truth = sorted(
        (
            str(deal.id), deal.status, deal.steps[-1].stage, Decimal(deal.amount), "RUB", deal.manager, deal.product, deal.reason_lost or None,
            _naive(deal.created_at), _naive(deal.closed_at), deal.person.phone, deal.person.email, deal.is_deleted, "Шкафы",
        )
        for deal in _told()
    )  # fmt: skip
    columns = "deal_id, status, stage, amount, currency, manager, product, reason_lost, created_at, closed_at, phone, email, is_deleted, pipeline"
    assert desk.now("deal", columns) == truth
    assert desk.quarantine == []
    assert desk.state == "good"


def test_marks_of_the_site_come_with_the_deals(desk: Desk) -> None:
    desk.sync()
    truth = []
    for deal in _told():
        visit, is_chat = deal.cause.visit, isinstance(deal.cause, Chat)
        told = () if is_chat else (visit.source, visit.medium, visit.campaign, visit.term, visit.person.ym_client_id)
        click = visit.click_id if visit.source == "yandex" and not is_chat else ""
        truth.append((str(deal.id), *(one or None for one in (*(told or ("",) * 5), click))))
    assert desk.now("deal", "deal_id, source, medium, campaign, term, ym_client_id, yclid") == sorted(truth)
    props = desk.now("deal", "DISTINCT props->>'$.\"Комментарий «замерщика» 📐\"'", "source IS NOT NULL")
    assert props == [("не звонить до 12:00\nключ у консьержа 🗝",)]


def test_stage_entries_begin_with_the_first_stage(desk: Desk) -> None:
    desk.sync()
    # the events tell of moves: a deal that never moved has none, and one whose deal is gone for good no first stage
    moved = [deal for deal in company().deals_of("amocrm") if len(deal.steps) > 1]
    known = {deal.id for deal in moved if not deal.is_deleted}
    truth = sorted(
        (str(deal.id), step.stage, _naive(step.at), place)
        for deal in moved
        for step, place in zip(
            deal.steps, (2, *(_number(deal, number) for number in range(1, len(deal.steps)))), strict=True
        )
        if deal.id in known or step is not deal.steps[0]
    )
    assert desk.now("stage_entry", "deal_id, stage, entered_at, stage_number") == truth


def _number(deal: Deal, place: int) -> int:
    stages = (
        "Неразобранное",
        "Первичный контакт",
        "Переговоры",
        "Счёт выставлен",
        "Успешно реализовано",
        "Закрыто и не реализовано",
    )
    return stages.index(deal.steps[place].stage) + 1


def test_waiting_requests_are_leads_and_become_deals_linked_to_them(desk: Desk) -> None:
    desk.sync()
    kinds = {Request: "form", Call: "call", Chat: "chat"}
    truth = sorted((kinds[type(one)], _naive(one.at), one.visit.person.phone) for one in waiting_causes(company()))
    assert desk.now("lead", "kind, created_at, phone") == truth
    forms = [one for one in waiting_causes(company()) if isinstance(one, Request)]
    assert desk.now("lead", "count(*)", "landing_page IS NOT NULL AND kind = 'form'") == [(len(forms),)]
    uid = next(uid for uid, one in desk.account.unsorted.items() if one["category"] == "forms")
    deal = desk.account.accept(uid, manager=2_079_676)
    desk.sync()
    lead = desk.now("deal", "lead_id, stage, phone", f"deal_id = '{deal}'")
    assert lead[0][1] == "Первичный контакт"
    assert desk.now("lead", "kind, phone", f"lead_id = '{lead[0][0]}'") == [("form", lead[0][2])]
    assert desk.now("stage_entry", "stage", f"deal_id = '{deal}'") == [("Неразобранное",), ("Первичный контакт",)]
    assert len(desk.now("lead", "1")) == len(truth)
    desk.business.build()
    assert desk.business.warehouse.execute(
        "SELECT count(*) FROM live.deals WHERE deal_id = ? AND lead_key IS NOT NULL", [str(deal)]
    ).fetchall() == [(1,)]


def test_a_second_sync_adds_nothing_and_a_third_what_is_new(desk: Desk) -> None:
    desk.sync()
    before = desk.all()
    assert desk.sync() == (0, 0)
    assert desk.all() == before
    deal = next(one for one in desk.account.leads.values() if one["status_id"] == FIRST_STAGE)["id"]
    desk.account.move(deal, FIRST_STAGE + 1, by=2_079_677)
    desk.account.change(deal, price=777_000)
    assert desk.sync() == (2, 1)  # the first stage and the second; the deal
    assert desk.now("deal", "amount, stage", f"deal_id = '{deal}'") == [(Decimal(777_000), "Переговоры")]
    assert desk.now("stage_entry", "stage, manager", f"deal_id = '{deal}'") == [
        ("Первичный контакт", None),
        ("Переговоры", "Борис О'Нил"),
    ]


def test_a_deal_that_is_reopened_is_open(desk: Desk) -> None:
    desk.sync()
    deal = next(one for one in desk.account.leads.values() if one["status_id"] == 143)["id"]
    desk.account.move(deal, FIRST_STAGE)
    desk.sync()
    assert desk.now("deal", "status, closed_at, reason_lost", f"deal_id = '{deal}'") == [("open", None, None)]


def test_deleted_deals_are_marked_and_restored_ones_come_back(desk: Desk) -> None:
    desk.sync()
    first, second, third = list(desk.account.leads)[:3]
    desk.account.delete(first)
    desk.account.delete(second, is_purged=True)
    desk.account.delete(third)
    desk.account.restore(third)
    desk.sync()
    gone = f"deal_id IN ('{first}', '{second}', '{third}')"
    assert desk.now("deal", "deal_id, is_deleted, phone IS NOT NULL", gone) == sorted(
        [(str(first), True, True), (str(second), True, True), (str(third), False, True)]
    )
    assert desk.sync() == (0, 0)
    desk.account.restore(first)
    desk.sync()
    assert desk.now("deal", "is_deleted", f"deal_id = '{first}'") == [(False,)]


def test_a_phone_that_is_filled_in_later_reaches_the_deal(desk: Desk) -> None:
    desk.sync()
    deal, contact = next((one["id"], one["_embedded"]["contacts"][0]["id"]) for one in desk.account.leads.values())
    desk.account.tell_phone(contact, "8 (916) 555-44-33")
    desk.sync()
    assert desk.now("deal", "phone", f"deal_id = '{deal}'") == [("+79165554433",)]


def test_a_renamed_stage_is_entered_only_once(desk: Desk) -> None:
    desk.sync()
    entries = desk.now("stage_entry", "deal_id, entered_at, stage")
    for status in desk.account.pipelines[0]["_embedded"]["statuses"]:
        status["name"] = f"{status['name']} (new)"
    desk.account.pipelines.pop()
    deal = next(one["id"] for one in desk.account.leads.values() if one["status_id"] == FIRST_STAGE + 1)
    desk.account.move(deal, FIRST_STAGE + 2)
    assert desk.sync()[0] == 1
    known = desk.now("stage_entry", "deal_id, entered_at, stage")
    assert len(known) == len(entries) + 1
    assert set(entries) < set(known)
    assert desk.now("deal", "stage", f"deal_id = '{deal}'") == [("Счёт выставлен (new)",)]


def test_chosen_pipelines_and_a_deal_that_leaves_them(tmp_path: Path) -> None:
    with connected(tmp_path, pipelines=["Шкафы"]) as desk:
        desk.sync()
        assert len(desk.now("deal", "1")) == len(_told())
        deal = next(iter(desk.account.leads))
        desk.account.move(deal, 63_384_221, pipeline=SERVICE)
        desk.sync()
        assert desk.now("deal", "is_deleted, pipeline", f"deal_id = '{deal}'") == [(True, "Шкафы")]
        desk.account.move(deal, FIRST_STAGE, pipeline=PIPELINE)
        desk.sync()
        assert desk.now("deal", "is_deleted, stage", f"deal_id = '{deal}'") == [(False, "Первичный контакт")]


def test_own_fields_fill_columns_and_deals_may_be_leads(tmp_path: Path) -> None:
    own = {"columns.region": "ROISTAT", "columns.props.montage": ["none such", "66341"], "deals_are_leads": True}
    with connected(tmp_path, **own) as desk:
        desk.sync()
        assert desk.now("deal", "count(region)")[0][0] == desk.now("deal", "count(source)")[0][0] + len(
            [1 for (one,) in desk.now("deal", "region", "source IS NULL") if one]
        )
        assert desk.now("deal", "count(props->>'montage') > 0") == [(True,)]
        assert len(desk.now("lead", "1")) == len(_told()) + len(waiting_causes(company()))
        desk.business.build()
        linked = desk.business.warehouse.execute(
            "SELECT count(*) FROM live.deals WHERE lead_key IS NULL AND NOT is_deleted"
        ).fetchall()
        assert linked == [(0,)]


def test_a_kill_anywhere_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "whole").mkdir()
    with connected(tmp_path / "whole") as desk:
        desk.sync()
        whole = desk.all()
    (tmp_path / "killed").mkdir()
    with connected(tmp_path / "killed", app(company(), Knobs(requests_per_second=0, page_limit=7))) as desk:
        for after in range(1, 6):
            write, left = Writer.write, [after]

            def stop(self: Writer, pages: object, write: object = write, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                write(self, pages)  # type: ignore[operator]

            with monkeypatch.context() as killed:
                killed.setattr(Writer, "write", stop)
                killed.setattr("longfunnel.connect._engine.running._SECONDS_AT_ONCE", 0.0)
                with pytest.raises(KeyboardInterrupt):
                    desk.sync()
        desk.sync()
        assert desk.all() == whole


def test_deals_that_change_while_they_are_paged_are_all_there(tmp_path: Path) -> None:
    system = app(company(), Knobs(requests_per_second=0, page_limit=5))
    changed: list[int] = []

    def meanwhile(path: str) -> None:
        if path.endswith("/leads") and len(changed) < 12:
            oldest = min(system.account.leads.values(), key=lambda one: (one["updated_at"], one["id"]))
            system.account.change(oldest["id"], price=1_000_000 + len(changed))
            changed.append(oldest["id"])

    system.knobs.before = meanwhile
    with connected(tmp_path, system) as desk:
        desk.sync()
        assert len(desk.now("deal", "1")) == len(_told())
        truth = {str(one["id"]): one["price"] for one in system.account.leads.values()}
        assert {deal: int(amount) for deal, amount in desk.now("deal", "deal_id, amount", "NOT is_deleted")} == truth


def test_more_deals_in_one_second_than_a_page_holds(tmp_path: Path) -> None:
    system = app(company(), Knobs(requests_per_second=0, page_limit=5))
    for lead in system.account.leads.values():
        lead["updated_at"] = system.account.clock
    with connected(tmp_path, system) as desk:
        desk.sync()
        assert len(desk.now("deal", "1")) == len(_told())
        assert desk.sync() == (0, 0)
