"""How the invented VK Ads behaves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.demo.systems.company import Spend


@dataclass(frozen=True)
class Lead:
    """A lead that was left in a lead form of VK."""

    spend: Spend
    at: datetime
    """Aware."""
    name: str
    phone: str
    answer: str = "Да"


@dataclass
class Knobs:
    """How the invented VK Ads behaves; may be turned while it runs."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    client_id: str = "vk-client"
    client_secret: str = "vk-secret"  # noqa: S105 - of an invented system
    clients: tuple[str, ...] = ()
    """An agency's clients; with any, statistics need the token of one."""
    token_seconds: int = 86_400
    requests_a_second: int = 0
    """0: no limit."""
    failures: deque[str] = field(default_factory=deque)
    """What the next requests meet: 500, 503, 429, hour (the hour's limit), html, slow."""
    restated: Callable[[Spend], Spend | None] = lambda spend: spend
    """What the statistics say of a day now."""
    names: dict[int, str] = field(default_factory=dict)
    """Campaigns, groups and ads that were renamed."""
    utm: str = "utm_source=vk&utm_medium=cpc&utm_campaign={utm}&utm_content={{{{banner_id}}}}"
    """Of every group; ``{utm}`` is its campaign's."""
    deleted: set[int] = field(default_factory=set)
    """Ads that were deleted: listed only where they are asked for."""
    gone: set[int] = field(default_factory=set)
    """Ads that nobody knows any more."""
    offline: list[dict[str, Any]] = field(default_factory=list)
    """Lists of offline conversions that were uploaded, with their rows."""
    has_forms: bool = True
    leads: list[Lead] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    """Those that were given: ``access``, ``refresh``, ``until``, ``client``."""
    asked: list[str] = field(default_factory=list)
    """Paths, in order."""
