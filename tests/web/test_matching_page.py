"""Cost and visits in the settings: proposals with evidence, accepting one, editing, moving and removing rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow  # each test builds a business
HERE = "/settings/matching"
TEXT = """# Ours.
[business]
currency = "RUB"
timezone = "Europe/Moscow"

[[source]]
name = "ads"
fact = "spend"
path = "spend.csv"
constants.source = "yandex"
constants.medium = "cpc"
columns.day_on = "day"
columns.campaign_id = "id"
columns.campaign = "name"
columns.cost = "cost"

[[source]]
name = "metrika"
fact = "visit"
path = "visits.csv"
columns.visit_id = "id"
columns.started_at = "at"
columns.source = "source"
columns.campaign = "campaign"
"""


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    empty.settings_file.write_text(TEXT, "utf-8")
    (empty.folder / "spend.csv").write_text(
        "day,id,name,cost\n2026-03-01,70101,Brand,100.25\n2026-03-01,70102,Sofas,50\n", "utf-8"
    )
    (empty.folder / "visits.csv").write_text(
        "id,at,source,campaign\n1,2026-03-01 10:00:00,ya,c70101\n2,2026-03-01 11:00:00,ya,c70102\n3,2026-03-01 12:00:00,ya,c70102\n",
        "utf-8",
    )
    empty.sync()
    for role in ("owner", "viewer"):
        add_user(empty, email=f"{role}@cedar.test", name=role, role=role, password=PASSWORD)  # type: ignore[arg-type]
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    return browser


def rule(number: int, **values: str) -> dict[str, str]:
    names = ("source", "campaign", "campaign_id", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
    return {f"{name}{number}": values.get(name, "") for name in names} | {f"case{number}": "1"}


def test_a_proposal_is_seen_with_its_evidence_and_accepted(empty: Business, owner: Browser) -> None:
    assert "Look for rules" in owner.get(HERE).text
    page = owner.get(f"{HERE}?_propose=1").text
    assert "c{campaign_id}" in page
    assert "2 campaigns" in page
    name = re.search(r'name="name" value="(\w+)"', page)
    assert name
    owner.post(f"{HERE}/accept", at=HERE, name=name[1])
    assert empty.settings_file.read_text("utf-8").startswith(TEXT)
    assert [(one.utm_source, one.utm_campaign) for one in empty.settings.match] == [("ya", "c{campaign_id}")]
    assert [row["level"] for row in empty.ask("matching").rows] == ["campaign"]
    after = owner.get(f"{HERE}?_propose=1").text
    assert "Nothing to propose" in after
    assert owner.post(f"{HERE}/accept", at=HERE, name=name[1]).status_code == 400
    assert any(entry.what == "settings_changed" for entry in empty.state.audit.latest(10))


def test_rules_are_written_moved_dropped_and_refused(empty: Business, owner: Browser) -> None:
    two = rule(0, utm_campaign="{campaign}") | rule(1, source="ads", utm_campaign="x_{campaign_id}") | rule(2)
    owner.post(HERE, **two, separators0="1")
    assert [(one.utm_campaign, one.normalise) for one in empty.settings.match] == [
        ("{campaign}", ("case", "separators")), ("x_{campaign_id}", ("case",))
    ]  # fmt: skip
    owner.post(HERE, **two, up="1")
    assert [one.source for one in empty.settings.match] == ["ads", ""]
    owner.post(HERE, **two, drop="0")
    assert [one.utm_campaign for one in empty.settings.match] == ["x_{campaign_id}"]
    wrong = owner.post(HERE, **rule(0, utm_campaign="{campain_id}"))
    assert wrong.status_code == 400
    assert "Did you mean «campaign_id»" in wrong.text
    assert 'value="{campain_id}"' in wrong.text
    owner.post(HERE, **rule(0))
    assert empty.settings.match == ()


def test_only_those_who_set_rules_see_them(
    empty: Business, owner: Browser, browse: Callable[[Business], Browser]
) -> None:
    viewer = browse(empty)
    viewer.sign_in("viewer@cedar.test")
    assert viewer.get(HERE).status_code == 403
    assert owner.client.post(HERE, data=rule(0, utm_campaign="{campaign}")).status_code == 403
    assert empty.settings.match == ()
