"""What all requests of one running server share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from longfunnel.app.accounts import Door
from longfunnel.app.answering import Answering
from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import LongfunnelError
from longfunnel.reports import Question
from longfunnel.web.security import Cookies

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.app.business import Business

_STALE_DAYS = 7


@dataclass
class Site:
    """One business, served. ``public_url`` is how browsers reach it."""

    business: Business
    public_url: str

    def __post_init__(self) -> None:
        self.answering = Answering(self.business)
        self.door = Door(self.business)
        self.cookies = Cookies(is_secure=urlsplit(self.public_url).scheme == "https")

    @cached_property
    def key(self) -> bytes:
        """The server's secret for the tokens of forms."""
        return bytes.fromhex(self.business.state.api_keys.token("forms"))

    def today(self) -> date:
        """The last day that named periods end with: today, or the newest day of the data when that lies a week or more back."""
        today = day_in_zone(datetime.now(UTC).replace(tzinfo=None), self.answering.settings.business.zone)
        try:
            fresh = self.answering.ask(Question("summary", metrics=("leads",))).freshness
        except LongfunnelError:
            return today
        newest = max((item.latest_on for item in fresh if item.latest_on and item.latest_on <= today), default=today)
        return newest if (today - newest).days >= _STALE_DAYS else today
