"""What every way into the collector shares: who may come how often, and where what they bring is kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longfunnel.collect.doors.http import Headers, HttpError, RateLimit, Scope, client_address
from longfunnel.collect.log.log import LogUnavailableError
from longfunnel.collect.wire import to_payload

if TYPE_CHECKING:
    import asyncio

    from longfunnel.collect.doors.monitoring import Monitor
    from longfunnel.collect.log.log import Log
    from longfunnel.collect.plan import Plan
    from longfunnel.collect.wire import Entry

JSON: Headers = [(b"content-type", b"application/json")]


class Gate:
    """The plan, the log, the counts, and the rate limits of one server."""

    def __init__(self, plan: Plan, log: Log, monitor: Monitor) -> None:
        self.log, self.monitor = log, monitor
        self.follow(plan)

    def follow(self, plan: Plan) -> None:
        """From now on the settings are these."""
        self.plan = plan
        rate = plan.collector.requests_per_second
        self._by_address = RateLimit(rate, rate * 10)
        self._by_site = {
            site.name: RateLimit(site.requests_per_second, site.requests_per_second * 2, senders=1)
            for site in plan.sites
        }

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[str, bool]:
        """The sender's address and whether the page was asked for over https. Raises HttpError 429 for who comes too often."""
        address, is_secure = client_address(scope, headers, self.plan.trusted_proxies)
        self.admit_from(address)
        return address, is_secure

    def admit_from(self, address: str) -> None:
        """Count a request of the address. Raises HttpError 429 when it comes too often."""
        _pass(self._by_address.take(address), "address")

    def admit_to(self, site: str) -> None:
        """Count a request to the site. Raises HttpError 429 when it has too many."""
        _pass(self._by_site[site].take(site), "site")

    async def keep(self, entry: Entry) -> None:
        """Return when the entry is on disk. Raises HttpError 503 when it was not kept."""
        try:
            await self.kept(entry)
        except LogUnavailableError as error:
            raise as_http(error) from error

    def kept(self, entry: Entry) -> asyncio.Future[None]:
        """Done when the entry is on disk; raises, and fails with, LogUnavailableError when it was not kept."""
        return self.log.hand_over(to_payload(entry))


def as_http(error: HttpError | LogUnavailableError) -> HttpError:
    """The error as it is answered."""
    if isinstance(error, HttpError):
        return error
    return HttpError(503, error.code, str(error), retry_seconds=error.retry_seconds)


def only(method: str, *allowed: str) -> None:
    """Raise HttpError 405 for a method that is none of the ``allowed``."""
    if method not in allowed:
        raise HttpError(405, "method", f"This address takes {' or '.join(allowed)}, not {method}.")


def _pass(wait: float, whose: str) -> None:
    if wait:
        raise HttpError(429, "too_many", f"Too many requests from this {whose}.", retry_seconds=max(1, math.ceil(wait)))
