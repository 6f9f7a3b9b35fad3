"""Whose a thing is: every route that names one by its number, against every role, with another's thing and with one that is not there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.visitor import ACCOUNTS, PASSWORD, Browser

import longfunnel
from longfunnel.app.access.accounts import add_user
from longfunnel.app.business import now
from longfunnel.web import make_app
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business
    from longfunnel.web.page import Route

PERSONAL = {
    "/account/tokens/": lambda state: state.access_tokens.of_user,
    "/account/shares/": lambda state: lambda user_id: state.share_links.all(user_id=user_id),
    "/alerts/": lambda state: lambda user_id: state.alerts.all(user_id=user_id),
    "/subscriptions/": lambda state: lambda user_id: state.subscriptions.all(user_id=user_id),
    "/views/": lambda state: lambda user_id: state.saved_views.seen_by(user_id, "/channels"),
}
"""How what belongs to one user is listed, by the beginning of its routes."""
COMMON = {
    "/people/": "decisions and persons are the business's",
    "/jobs/": "the business's",
    "/settings/": "an owner's",
}
"""Numbers of what belongs to nobody alone; their roles are tested route by route."""
OWNERS_TOO = ("/alerts/", "/subscriptions/")
"""What an owner sees of everybody."""
NUMBERED = [route for page in pages().values() for route in page.routes if ":int}" in route.path]
MINE = [route for route in NUMBERED if route.path.startswith(tuple(PERSONAL))]
ABSENT, HUGE = 999_999, 10**30


def test_every_numbered_route_is_known_to_be_personal_or_common() -> None:
    assert [route.path for route in NUMBERED if not route.path.startswith((*PERSONAL, *COMMON))] == []
    assert all(any(route.path.startswith(start) for route in MINE) for start in PERSONAL)


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    """One with an account of each role, and another analyst to whom one thing of each kind belongs."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "longfunnel.toml").write_text(
        '[business]\nname = "Cedar"\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n'
    )
    with longfunnel.open(folder) as business:
        for role, email in ACCOUNTS.items():
            add_user(business, email=email, name=role.title(), role=role, password=PASSWORD, manager="Viktor" if role == "manager" else "")  # type: ignore[arg-type]  # fmt: skip
        state = business.state
        other = add_user(business, email="other@cedar.test", name="Other", role="analyst", password=PASSWORD)
        state.access_tokens.make(other.id, "mine", ("reports",))
        state.share_links.make(other.id, title="mine", path="/channels", question="")
        state.saved_views.save(other.id, "/channels", "mine", "", is_shared=False)
        about: dict[str, Any] = {
            "name": "mine",
            "page": "/channels",
            "query": "",
            "language": "en",
            "recipients": ("o@cedar.test",),
        }
        state.alerts.add(other.id, made_at=now(), **about, metric="leads", rule="below", threshold=Decimal(5))
        state.subscriptions.add(
            other.id, made_at=now(), **about, every="day", on_day=0, minute=540, next_at=now() + timedelta(days=9)
        )
        yield business


@pytest.fixture(scope="module")
def enter(business: Business) -> Iterator[Callable[[str], Browser]]:
    app, known = make_app(business), {}

    def browser(role: str) -> Browser:
        if role not in known:
            known[role] = Browser(app)
            known[role].sign_in(ACCOUNTS[role])
        return known[role]

    yield browser
    for one in known.values():
        one.client.close()


def things(business: Business) -> dict[str, list[Any]]:
    """Whatever belongs to the other analyst, as the state keeps it."""
    other = business.state.users.find("other@cedar.test")
    assert other is not None
    return {start: list(listed(business.state)(other.id)) for start, listed in PERSONAL.items()}


@pytest.mark.parametrize("role", ACCOUNTS)
@pytest.mark.parametrize("route", MINE, ids=[f"{route.method} {route.path}" for route in MINE])
@pytest.mark.parametrize("which", ["another's", "absent", "huge"])
def test_nobody_reaches_what_is_anothers(
    business: Business, enter: Callable[[str], Browser], route: Route, role: str, which: str
) -> None:
    start = next(start for start in PERSONAL if route.path.startswith(start))
    if which == "another's" and role == "owner" and start in OWNERS_TOO:
        pytest.skip("an owner sees everybody's")
    browser = enter(role)
    before, logged = things(business), business.state.audit.count()
    assert len(before[start]) == 1
    number = {"another's": before[start][0].id, "absent": ABSENT, "huge": HUGE}[which]
    path = route.path.replace("{number:int}", str(number))
    form = {"do": "remove", "verb": "remove", "name": "taken"}
    answer = browser.get(path) if route.method == "GET" else browser.post(path, at="/account", **form)
    assert answer.status_code in (400, 404), answer.text[:300]
    assert things(business) == before
    assert business.state.audit.count() == logged, "what was refused is no event"
