"""Sending back on the pages: set up by an owner, looked at before it goes, sent, logged, taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.web.test_connect import _connected, business, owner, portal
from tests.web.test_sources import finished
from tests.web.visitor import ACCOUNTS, PASSWORD

from longfunnel.app.access.accounts import add_user
from longfunnel.app.write_back import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

    from longfunnel.app.business import Business

__all__ = ["business", "owner", "portal"]
pytestmark = pytest.mark.slow  # each test builds a business


def test_sources_go_back_into_the_crm_and_are_taken_back(owner: Browser, business: Business, portal: str) -> None:
    assert "/connect" in owner.get("/write-back").text, "nothing to write to yet"
    _connected(owner, portal)
    finished(owner, owner.post("/connect/crm", at="/connect/crm", verb="run").headers["location"])
    made = owner.post("/write-back", kind="source", name="sources", to="crm", fact="deal", since="2020-01-01")
    assert made.headers["location"] == "/write-back/sources"
    assert business.settings.write_back[0].to == "crm"
    plain = owner.get("/write-back/sources").text
    assert "Nothing was sent yet" in plain
    planned = owner.get("/write-back/sources?_plan=1").text
    many = re.search(r"Would be sent: ([\d,]+)\s+value", planned)
    assert many, planned
    assert 'value="send"' in planned
    assert log.entries(business.warehouse) == []
    job = owner.post("/write-back/sources", verb="send").headers["location"]
    assert f"{many[1]} values" in finished(owner, job)
    sent = owner.get("/write-back/sources").text
    assert "written" in sent
    assert 'value="undo"' in sent
    assert len(log.done(business.warehouse, "sources")) == int(many[1].replace(",", ""))
    assert "Nothing to send" in owner.get("/write-back/sources?_plan=1").text
    job = owner.post("/write-back/sources", verb="undo").headers["location"]
    assert f"{many[1]} values are as they were" in finished(owner, job)
    assert log.done(business.warehouse, "sources") == []
    assert "taken back" in owner.get("/write-back/sources").text
    owner.post("/write-back/sources", verb="automatic", automatic="1")
    assert business.settings.write_back[0].automatic
    assert owner.post("/write-back/sources", verb="remove", typed="source").status_code == 400
    owner.post("/write-back/sources", verb="remove", typed="sources")
    assert business.settings.write_back == ()


def test_an_analyst_looks_and_sends_nothing(
    owner: Browser, business: Business, portal: str, browse: Callable[[Business], Browser]
) -> None:
    _connected(owner, portal)
    owner.post("/write-back", kind="source", name="sources", to="crm")
    add_user(business, email=ACCOUNTS["analyst"], name="Anna", role="analyst", password=PASSWORD)
    analyst = browse(business)
    analyst.sign_in(ACCOUNTS["analyst"])
    assert "sources" in analyst.get("/write-back").text
    page = analyst.get("/write-back/sources").text
    assert 'value="send"' not in page
    assert analyst.post("/write-back/sources", at="/account", verb="send").status_code == 403
    assert analyst.post("/write-back", at="/account", kind="source", name="more", to="crm").status_code == 403


def test_mistakes_are_said_and_what_was_typed_stays(owner: Browser, business: Business, portal: str) -> None:
    _connected(owner, portal)
    before = business.settings_file.read_text("utf-8")
    for typed, said in (
        ({"name": "a/b", "to": "crm"}, "without slashes"),
        ({"name": "mine", "to": "nobody"}, "Choose the system"),
        ({"name": "mine", "kind": "conversions", "to_ads": "crm"}, "which goal or list"),
        ({"name": "mine", "to": "crm", "since": "yesterday"}, "since"),
    ):
        refused = owner.post("/write-back", **{"kind": "source", **typed})
        assert refused.status_code == 400
        assert said in refused.text
        assert f'value="{typed["name"]}"' in refused.text
    assert business.settings_file.read_text("utf-8") == before
    early = owner.post("/write-back", kind="source", name="mine", to="crm")
    assert owner.get(f"{early.headers['location']}?_plan=1").status_code == 400, "nothing is built yet"
