"""The engine: pages on disk before cursors, tokens that rotate, limits and illness, restated days, a kill in the middle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.connect.systems import ledger_system
from tests.connect.systems.ledger_system import System

import longfunnel
from longfunnel.app.business import Business
from longfunnel.app.privacy.erasure import erase, find_held
from longfunnel.app.serving.jobs import StoppedError
from longfunnel.app.sources.connected import Secrets, replay, source_named
from longfunnel.app.sources.sync import SyncError
from longfunnel.connect import _connectors
from longfunnel.connect._engine import Page
from longfunnel.connect._engine.writing import Writer
from longfunnel.core.errors import SettingsError
from longfunnel.core.text import Text, read_stored
from longfunnel.demo.systems.serving import serving

TODAY = datetime.now(UTC).date()


def _day(back: int) -> str:
    return (TODAY - timedelta(days=back)).isoformat()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's connector is among the connectors."""
    monkeypatch.setattr(_connectors, "connector_named", lambda _: ledger_system.CONNECTOR)


@pytest.fixture
def make(tmp_path: Path, known: None) -> Iterator[Callable[..., tuple[Business, System]]]:
    """A business connected to a system that is served."""
    opened: list[Any] = []

    def make(system: System, **settings: object) -> tuple[Business, System]:
        server = serving(system)
        url = server.__enter__()
        lines = {
            "base_url": url,
            "oauth_url": url,
            "since": _day(5),
            "patience_seconds": 3,
            "credentials.refresh_token": "r0",
            **settings,
        }
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items())
        (tmp_path / "longfunnel.toml").write_text(f'[[source]]\nname = "crm"\ntype = "ledger"\n{text}\n')
        business = longfunnel.open(tmp_path)
        opened.extend((business, server))
        return business, system

    yield make
    for business, server in zip(opened[::2], opened[1::2], strict=True):
        business.close()
        server.__exit__(None, None, None)


def _deals(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": 9_007_199_254_740_993 + n,
            "version": n + 1,
            "at": f"2026-01-0{n % 9 + 1}T10:00:00+03:00",
            "amount": f"{n}.50",
            "email": f"a{n}@x.ru",
        }
        for n in range(count)
    ]


def _rows(business: Business, what: str = "count(*), sum(amount)", fact: str = "deal") -> Any:
    return business.warehouse.execute(f"SELECT {what} FROM facts.{fact}").fetchall()


def test_everything_comes_once_and_a_second_sync_adds_nothing(make: Callable[..., tuple[Business, System]]) -> None:
    business, _ = make(System(deals=_deals(35)))
    first = business.sync()
    assert _rows(business) == [(35, Decimal(sum(range(35))) + Decimal("17.5"))]
    assert first[0].added == 35
    second = business.sync()
    assert (second[0].added, second[0].changed) == (0, 0)
    assert _rows(business)[0][0] == 35
    assert business.state.connections.all()["crm"].state == "good"


def test_ids_beyond_the_width_of_a_float_and_times_with_an_offset_are_kept_exactly(
    make: Callable[..., tuple[Business, System]],
) -> None:
    business, _ = make(System(deals=_deals(1)))
    business.sync()
    assert _rows(business, "deal_id, created_at") == [("9007199254740993", datetime(2026, 1, 1, 7))]


def test_a_changed_deal_is_a_new_version_and_a_deleted_one_keeps_its_values(
    make: Callable[..., tuple[Business, System]],
) -> None:
    business, system = make(System(deals=_deals(3)))
    business.sync()
    system.deals.append({**system.deals[0], "version": 4, "amount": "99"})
    system.deals.append({"id": system.deals[1]["id"], "version": 5, "gone": True})
    report = business.sync()[0]
    assert (report.added, report.changed) == (0, 2)
    assert _rows(business, "amount, is_deleted, email")[-1:] == [(Decimal("1.5"), True, "a1@x.ru")]


def test_a_day_that_the_vendor_takes_back_becomes_zeros(make: Callable[..., tuple[Business, System]]) -> None:
    spend = {_day(1): [{"campaign": "x", "clicks": 3, "cost": "10.01"}, {"campaign": "y", "clicks": 1, "cost": "5"}]}
    business, system = make(System(spend=spend))
    business.sync()
    system.spend[_day(1)] = [{"campaign": "x", "clicks": 2, "cost": "9.99"}]
    business.sync()
    newest = "SELECT campaign, clicks, cost FROM facts.spend QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY import_id DESC) = 1 ORDER BY 1"
    assert business.warehouse.execute(newest).fetchall() == [("x", 2, Decimal("9.99")), ("y", 0, Decimal(0))]
    assert business.sync()[0].changed == 0


def test_a_token_that_expires_is_renewed_and_the_rotated_one_is_kept(
    make: Callable[..., tuple[Business, System]],
) -> None:
    business, system = make(System(deals=_deals(3)))
    business.sync()
    assert Secrets(business, "crm").tokens()["refresh_token"] == system.refresh == "r1"  # noqa: S105 - invented
    system.token = "elsewhere"  # noqa: S105 - invented
    system.deals += [{**_deals(4)[3]}]
    assert business.sync()[0].added == 1
    assert Secrets(business, "crm").tokens()["refresh_token"] == system.refresh == "r2"  # noqa: S105 - invented
    sealed = business.state.connections.sealed("crm")
    assert "refresh_token" not in sealed


def test_a_refused_token_says_so_and_the_next_credentials_begin_anew(
    make: Callable[..., tuple[Business, System]],
) -> None:
    business, system = make(System(deals=_deals(3)), **{"credentials.refresh_token": "wrong"})
    with pytest.raises(SyncError, match="refused"):
        business.sync()
    assert business.state.connections.all()["crm"].state == "expired"
    file = business.settings_file
    file.write_text(file.read_text().replace("wrong", "r0"))
    business.sync()
    assert _rows(business)[0][0] == 3
    assert system.asked


def test_short_illness_limits_and_broken_answers_are_waited_out(make: Callable[..., tuple[Business, System]]) -> None:
    business, _ = make(System(deals=_deals(25), ill=1, busy=2, broken=1), patience_seconds=20)
    business.sync()
    assert _rows(business)[0][0] == 25


def test_long_illness_is_told_and_what_came_before_stays(make: Callable[..., tuple[Business, System]]) -> None:
    business, system = make(System(deals=_deals(25), ill=10_000), patience_seconds=0.5)
    with pytest.raises(SyncError, match="500"):
        business.sync()
    assert business.state.connections.all()["crm"].state == "temporary"
    system.ill = 0
    business.sync()
    assert _rows(business)[0][0] == 25


def test_records_that_mean_nothing_go_to_the_quarantine_and_come_back_mended(
    make: Callable[..., tuple[Business, System]],
) -> None:
    odd = [
        {**_deals(1)[0], "amount": "a lot"},
        {**_deals(2)[1], "at": None, "email": 5},
        {**_deals(3)[2], "amount": {"value": 1}},
    ]
    business, system = make(System(deals=odd))
    report = business.sync()[0]
    assert report.quarantined == 2  # an absent time is unknown, a number for an address names nobody
    bad = business.warehouse.execute("SELECT column_name, value, reason FROM main.quarantine ORDER BY file").fetchall()
    assert bad[0][:2] == ("amount", "a lot")
    assert read_stored(bad[0][2]) == Text("this is no money", "это не сумма")
    system.deals += [{**_deals(1)[0], "version": 4}]
    business.sync()
    assert business.warehouse.execute("SELECT count(*) FROM main.quarantine").fetchall() == [(1,)]


def test_a_sync_that_is_stopped_in_the_middle_goes_on_where_it_was(
    make: Callable[..., tuple[Business, System]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("longfunnel.connect._engine.running._RECORDS_AT_ONCE", 1)
    business, _ = make(System(deals=_deals(60)))
    write, written = Writer.write, 0

    def stop(self: Writer, pages: list[Page]) -> None:
        nonlocal written
        written += 1
        if written == 3:
            raise KeyboardInterrupt
        write(self, pages)

    with monkeypatch.context() as killed:
        killed.setattr(Writer, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            business.sync()
    half = _rows(business)[0][0]
    assert 0 < half < 60
    business.sync()
    assert _rows(business) == [(60, Decimal(sum(range(60))) + 30)]


def test_a_job_that_is_stopped_ends_while_its_source_waits(make: Callable[..., tuple[Business, System]]) -> None:
    business, _ = make(System(deals=_deals(3), ill=10_000), patience_seconds=60)

    def stop(what: str, share: float) -> None:
        raise StoppedError(what)

    with pytest.raises(StoppedError):
        business.sync(progress=stop)


def test_a_webhook_fetches_its_record_and_strange_ones_are_left(make: Callable[..., tuple[Business, System]]) -> None:
    business, system = make(System(deals=_deals(2)))
    business.sync()
    system.deals[0]["amount"] = "77"  # its version stands still: only the webhook tells
    hooks = [
        ("application/json", f'{{"id": {system.deals[0]["id"]}}}'),
        ("text/plain", "hello"),
        ("application/json", "{"),
    ]
    for number, (kind, body) in enumerate(hooks):
        business.warehouse.execute(
            "INSERT INTO main.webhooks VALUES (?, 'crm', ?, ?, ?)", [datetime(2026, 1, 1), f"1:{number}", kind, body]
        )
    assert business.sync()[0].changed == 1
    assert business.sync()[0].changed == 0


def test_kept_records_are_shaped_again_without_the_system(make: Callable[..., tuple[Business, System]]) -> None:
    business, system = make(System(deals=_deals(12)))
    business.sync()
    file = business.settings_file
    file.write_text(file.read_text() + 'constants.pipeline = "B2B"\n')
    asked = len(system.asked)
    report = replay(business, source_named(business, "crm"), lambda *_: None)
    assert report.changed == 12
    assert len(system.asked) == asked
    assert _rows(business, "count(*) FILTER (pipeline = 'B2B')") == [(12,)]


def test_settings_that_the_connector_does_not_know_are_told_together(
    make: Callable[..., tuple[Business, System]],
) -> None:
    business, _ = make(System(), acount="x", wanted="yes", **{"credentials.tokn": "x"})
    with pytest.raises(SyncError) as caught:
        business.sync()
    assert all(word in str(caught.value) for word in ("acount", "«account»", "wanted", "tokn"))
    assert isinstance(caught.value, Exception)
    assert not isinstance(caught.value, SettingsError)


def test_one_source_that_fails_does_not_stop_the_others(make: Callable[..., tuple[Business, System]]) -> None:
    business, _ = make(System(deals=_deals(5)))
    file = business.settings_file
    file.write_text(file.read_text() + file.read_text().replace('"crm"', '"other"').replace('"r0"', '"wrong"'))
    with pytest.raises(SyncError, match="other"):
        business.sync()
    assert _rows(business)[0][0] == 5


def test_a_credential_of_the_environment_goes_before_the_settings(
    make: Callable[..., tuple[Business, System]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGFUNNEL_CRM_REFRESH_TOKEN", "r0")
    business, _ = make(System(deals=_deals(1)), **{"credentials.refresh_token": "wrong"})
    business.sync()
    assert _rows(business)[0][0] == 1


@pytest.mark.slow
def test_an_erased_person_is_gone_from_the_kept_records_too(make: Callable[..., tuple[Business, System]]) -> None:
    business, _ = make(System(deals=_deals(3)))
    business.sync()
    business.build()
    assert find_held(business, "a1@x.ru").rows["raw_records"] == 1
    erase(business, find_held(business, "a1@x.ru").identifiers)
    kept = business.warehouse.execute("SELECT body FROM main.raw_records").fetchall()
    assert len(kept) == 2
    assert not any("a1@x.ru" in body for (body,) in kept)
