"""What every part of the account's page begins with and comes back to: the page itself, and its user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import segno
from markupsafe import Markup

from longfunnel.app.access.accounts import check_password
from longfunnel.app.access.rights import REPORTS, SCOPES
from longfunnel.app.access.second_factor import address
from longfunnel.core.text import Text
from longfunnel.web.pages._account.browsers import browser_words
from longfunnel.web.pages.sign_in import agent_of, opened

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import User
    from longfunnel.web.visit import Visit

LASTS = (
    ("30", Text("30 days", "30 дней")),
    ("90", Text("90 days", "90 дней")),
    ("365", Text("a year", "год")),
    ("", Text("until it is revoked", "пока не отозван")),
)
"""How many days a token may hold."""


def show(visit: Visit, **values: Any) -> Response[Any]:
    """The page."""
    user, state = me(visit), visit.business.state
    shown: dict[str, Any] = {
        "mistake": "", "at": "", "said": "", "token": "", "totp": "", "codes": [], "status": 200,
        "typed": {"name": user.name, "email": user.email, "token": "", "scopes": [REPORTS], "lasts": "90"},
        "tokens": state.access_tokens.of_user(user.id),
        "scopes": [(name, visit.text(text)) for name, text in SCOPES.items()],
        "lasts": [(days, visit.text(text)) for days, text in LASTS],
        "links": state.share_links.all(user_id=user.id),
        "sessions": [(one, browser_words(one.agent, visit.language)) for one in state.sessions.all(user_id=user.id)],
        "codes_left": state.recovery_codes.left(user.id),
        "here": state.sessions.number_of(visit.session),
    }  # fmt: skip
    shown |= values
    return visit.show("pages/account.html", **shown, code=_picture(visit, str(shown["totp"])) if shown["totp"] else "")


def me(visit: Visit) -> User:
    """Who is signed in."""
    assert visit.user is not None  # noqa: S101 - the route is open to users only
    return visit.user


def confirm(visit: Visit) -> None:
    """Nothing for who typed the present password. Raises SignInError, TooManyError."""
    visit.site.door.slow_down(me(visit).email, visit.client)
    check_password(visit.business, me(visit), str(visit.form.get("present", "")))


def again(visit: Visit) -> Response[Any]:
    """To the page, in a session anew: the change ended all of them."""
    secret = visit.business.state.sessions.open(me(visit).id, address=visit.client, agent=agent_of(visit))
    return opened(visit, me(visit), secret, "/account")


def _picture(visit: Visit, secret: str) -> Markup:
    """The QR code as SVG inside the page: the secret is in no address that a log would keep."""
    said = address(secret, me(visit), visit.settings.business.name)
    picture = segno.make(said, error="m").svg_inline(scale=5, border=2, dark="#14181f", light="#ffffff")
    return Markup(picture)  # noqa: S704 - drawn by us, of our own text
