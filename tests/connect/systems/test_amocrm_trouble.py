"""amoCRM: tokens that end and rotate, limits, illness, an account without data, answers of another form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.connect.systems.amocrm import company, connected

from longfunnel.app.sources.sync import SyncError
from longfunnel.connect import check_source
from longfunnel.connect.amocrm._access import OAUTH, classify
from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import Source
from longfunnel.demo.systems.amocrm import Amocrm, Knobs, app

pytestmark = pytest.mark.slow

OAUTH_SETTINGS: dict[str, object] = {
    "credentials.token": None,
    "credentials.client_id": "0b1c-integration",
    "credentials.client_secret": "very-secret",
    "credentials.redirect_uri": "https://longfunnel.example/connect",
}


def _system(**knobs: object) -> Amocrm:
    return app(company(), Knobs(**{"requests_per_second": 0, **knobs}))  # type: ignore[arg-type]


def test_a_pasted_code_then_tokens_that_expire_and_rotate(tmp_path: Path) -> None:
    with connected(tmp_path, **OAUTH_SETTINGS, **{"credentials.code": "first-code"}) as desk:
        deals = desk.sync()[0]
        assert deals
        for _ in range(3):
            desk.system.expire()
            assert desk.sync() == (0, 0)
        assert sum("/oauth2/" in path for path in desk.system.asked) == 4
        desk.system.revoke()
        with pytest.raises(SyncError, match="longfunnel connect"):
            desk.sync()
        assert desk.state == "expired"


def test_a_pasted_refresh_token(tmp_path: Path) -> None:
    system = _system()
    system.allow_refresh("def50200pasted")
    with connected(tmp_path, system, **OAUTH_SETTINGS, **{"credentials.refresh_token": "def50200pasted"}) as desk:
        assert desk.sync()[0]
        system.expire()
        assert desk.sync() == (0, 0)


def test_a_token_that_dies_in_the_middle_is_renewed_there(tmp_path: Path) -> None:
    system = _system()
    told: list[str] = []

    def once(path: str) -> None:
        told.append(path)
        if len(told) == 9:
            system.expire()

    system.knobs.before = once
    with connected(tmp_path, system, **OAUTH_SETTINGS, **{"credentials.code": "first-code"}) as desk:
        assert desk.sync()[0]
        assert desk.state == "good"
        assert sum("/oauth2/" in path for path in told) == 2


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"credentials.token": "wrong"}, "expired"),
        ({"credentials.token": None}, "expired"),
        ({**OAUTH_SETTINGS, "credentials.code": "old"}, "expired"),
    ],
)
def test_access_that_does_not_work_is_a_clear_state(tmp_path: Path, settings: dict[str, object], state: str) -> None:
    with connected(tmp_path, **settings) as desk:
        with pytest.raises(SyncError):
            desk.sync()
        assert desk.state == state
        assert desk.now("deal", "1") == []


def test_an_account_that_is_not_paid_is_forbidden_until_it_is(tmp_path: Path) -> None:
    with connected(tmp_path, _system(is_unpaid=True)) as desk:
        with pytest.raises(SyncError, match="not paid"):
            desk.sync()
        assert desk.state == "forbidden"
        desk.knobs.is_unpaid = False
        desk.sync()
        assert desk.state == "good"


def test_an_address_that_is_blocked_is_left_alone(tmp_path: Path) -> None:
    with connected(tmp_path, _system(requests_per_second=0.001, block_after=0)) as desk:
        desk.system.refusals = 1
        with pytest.raises(SyncError, match="blocked"):
            desk.sync()
        assert len(desk.system.asked) == 1
        assert desk.state == "limited"
        assert desk.business.state.connections.all()["amo"].not_before is not None


def test_the_limit_is_kept_and_a_refusal_waited_out(tmp_path: Path) -> None:
    with connected(tmp_path, app(company(), Knobs()), requests_per_second=0) as desk:
        desk.sync()
        assert desk.system.refusals == 0
    (tmp_path / "hasty").mkdir()
    with connected(tmp_path / "hasty", _system(requests_per_second=6), patience_seconds=20) as desk:
        assert desk.sync()[0]
        assert desk.system.refusals


def test_illness_passes_or_leaves_what_was_read(tmp_path: Path) -> None:
    ill = [("/leads", 500), ("/contacts", 502), ("/events", 503), ("/events", 429)]
    with connected(tmp_path, _system(failures=list(ill)), patience_seconds=20) as desk:
        assert desk.sync()[0]
        whole = desk.all()
    (tmp_path / "long").mkdir()
    with connected(tmp_path / "long", _system(failures=[("/events", 500)] * 50), patience_seconds=1) as desk:
        with pytest.raises(SyncError):
            desk.sync()
        assert desk.state == "temporary"
        assert desk.all()[0] == whole[0]
        desk.knobs.failures.clear()
        desk.sync()
        assert desk.all() == whole
        assert desk.state == "good"


def test_half_an_answer_is_told_and_the_next_run_is_whole(tmp_path: Path) -> None:
    with connected(tmp_path, _system(failures=[("/leads", 0)])) as desk:
        with pytest.raises(SyncError, match="no JSON"):
            desk.sync()
        desk.sync()
        assert desk.now("deal", "count(*)") == [
            (len([1 for one in company().deals_of("amocrm") if not one.is_deleted or one.id % 2]),)
        ]


def test_pages_that_are_too_heavy_are_asked_for_in_smaller_ones(tmp_path: Path) -> None:
    with connected(tmp_path, _system(heavy_over=60)) as desk:
        desk.sync()
        assert any("limit=31" in path or "limit=62" in path for path in desk.system.asked)
        assert desk.state == "good"


def test_an_empty_account(tmp_path: Path) -> None:
    with connected(tmp_path, app(replace(company(), days=0), Knobs(requests_per_second=0))) as desk:
        assert desk.sync() == (0, 0)
        assert desk.sync() == (0, 0)
        assert desk.state == "good"


def test_a_slow_system_loses_nothing(tmp_path: Path) -> None:
    with connected(tmp_path, _system(slow_seconds=0.05)) as desk:
        assert desk.sync()[0]


def test_a_field_of_another_type_is_text_or_goes_to_the_quarantine(tmp_path: Path) -> None:
    with connected(tmp_path, **{"columns.region": "66340"}) as desk:
        first, second, third = [one for one in desk.account.leads.values() if one["custom_fields_values"]][:3]
        for lead, value in ((first, 17.5), (second, {"file_uuid": "a"}), (third, "\ud800 \x00 😀 \u202e")):
            lead["custom_fields_values"] = [
                {
                    "field_id": 66_340,
                    "field_name": "Комментарий",
                    "field_code": None,
                    "field_type": "numeric",
                    "values": [{"value": value}],
                }
            ]
        desk.sync()
        assert desk.now("deal", "region", f"deal_id = '{first['id']}'") == [("17.5",)]
        assert desk.now("deal", "region", f"deal_id = '{third['id']}'") == [("?  😀 \u202e",)]
        assert [row[0] for row in desk.quarantine] == [f"deals/{second['id']}"]
        desk.account.change(second["id"], custom_fields_values=None)
        desk.sync()
        assert desk.quarantine == []
        assert desk.now("deal", "count(*)", f"deal_id = '{second['id']}'") == [(1,)]


def test_where_the_account_is_must_be_said() -> None:
    with pytest.raises(SettingsError, match="subdomain"):
        check_source(Source(name="amo", type="amocrm"))
    check_source(Source(name="amo", type="amocrm", options={"subdomain": "shop", "domain": "kommo.com"}))
    check_source(Source(name="amo", type="amocrm", base_url="https://shop.kommo.com/api/v4"))


def test_the_page_where_a_person_allows_us_in() -> None:
    assert OAUTH.authorize
    credentials = {"client_id": "0b1c"}
    for domain in ("amocrm.ru", "kommo.com"):
        address = OAUTH.authorize(f"https://shop.{domain}", credentials, "https://ours.example/", "s1")
        assert address.startswith(f"https://www.{domain}/oauth?client_id=0b1c&state=s1")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (204, "", None),
        (200, "{}", None),
        (301, "", "refused"),
        (400, '{"title": "Bad Request", "status": 400}', "refused"),
        (401, "{}", "expired"),
        (402, "", "forbidden"),
        (403, '{"title": "Forbidden", "status": 403, "detail": "no rights"}', "forbidden"),
        (403, "<html>nginx</html>", "limited"),
        (404, "", "gone"),
        (422, '{"validation-errors": []}', "refused"),
        (429, "", "limited"),
        (500, "", "temporary"),
        (504, "", "temporary"),
    ],
)
def test_every_answer_has_its_word(status: int, body: str, kind: str | None) -> None:
    response = httpx.Response(status, text=body, request=httpx.Request("GET", "https://shop.amocrm.ru/api/v4/leads"))
    trouble = classify(response)
    assert (trouble.kind if trouble else None) == kind
