"""Stopping: whoever gets a letter can leave its list by the link in it, without an account."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longfunnel.app.business import now

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.state import Alert, Subscription


def stop_url(business: Business, about: str, recipient: str, public_url: str) -> str:
    """The link of one recipient; ``about`` is «subscription 3» or «alert 3»."""
    query = urlencode({"about": about, "to": recipient, "token": _token(business, about, recipient)})
    return f"{public_url}/letters/stop?{query}"


def is_stop(business: Business, about: str, recipient: str, token: str) -> bool:
    """Whether the link is one of ours."""
    return hmac.compare_digest(_token(business, about, recipient).encode(), token.encode())


def stopped(business: Business, about: str) -> Subscription | Alert | None:
    """What a link is about; None when it is gone."""
    kind, _, number = about.partition(" ")
    found = business.state.subscriptions.get if kind == "subscription" else business.state.alerts.get
    return found(int(number)) if number.isdecimal() else None


def stop(business: Business, about: str, recipient: str) -> None:
    """Send nothing of it to this recipient any more; one that nobody else gets is paused."""
    kept = business.state.subscriptions if about.startswith("subscription ") else business.state.alerts
    found = stopped(business, about)
    if found is None or recipient not in found.recipients:
        return
    others = tuple(one for one in found.recipients if one != recipient)
    if others:
        kept.change(found.id, recipients=others)
    else:
        kept.change(found.id, paused_at=now())
    business.state.letters.give_up(about, recipient)
    business.state.audit.add(recipient, "letter_stopped", detail=f"{about}: {found.name}")


def _token(business: Business, about: str, recipient: str) -> str:
    return business.state.api_keys.token(f"stop {about} {recipient}")
