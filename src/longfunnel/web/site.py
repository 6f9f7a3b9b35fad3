"""What all requests of one running server share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from longfunnel.app.access.accounts import Door
from longfunnel.app.answering import Answering
from longfunnel.web.security import Cookies

if TYPE_CHECKING:
    from datetime import date

    from longfunnel.app.business import Business


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
        return self.answering.last_day()
