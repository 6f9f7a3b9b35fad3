"""What a page is: routes with the roles that may use them, and its place in the navigation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from longfunnel.core.registry import catalogue
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.state import Role
    from longfunnel.web.visit import Visit

Access = frozenset[str]
OWNERS: Access = frozenset({"owner"})
ANALYSTS: Access = OWNERS | {"analyst"}
READERS: Access = ANALYSTS | {"viewer"}
"""Whoever sees the whole business."""
EVERYONE: Access = READERS | {"manager"}
"""Managers too. Only for what reads the numbers through ``visit.ask``, which shows managers their own deals alone."""
PUBLIC: Access = EVERYONE | {"nobody"}
"""Before signing in."""

MAX_BODY = 1 << 20
"""Bytes of a form."""


@dataclass(frozen=True)
class Route:
    """One address of a page. ``answer`` runs in a worker thread."""

    path: str
    """As Litestar writes it: ``/people/{person_id:int}``."""
    answer: Callable[[Visit], Response[Any]]
    method: Literal["GET", "POST"] = "GET"
    access: Access = READERS
    report: str = ""
    """The report that the address's question is about, unless the address names another; empty: it asks none."""
    max_body: int = MAX_BODY
    can_share: bool = False
    """Whether a link may show it, as its maker sees it, to whoever has no account: never a page about single people."""
    is_file: bool = False
    """Whether a GET answers with a file to keep, not with a page."""

    def allows(self, role: Role | None) -> bool:
        """Whether a user of this role (None: nobody signed in) may use it."""
        return (role or "nobody") in self.access


@dataclass(frozen=True)
class Nav:
    """A page's place in the navigation."""

    icon: str
    place: int
    """The order: 10 Overview, 20 Channels, 25 Money, 30 Funnels, 40 Paths, 50 People, 60 Ledger, 70 Diagnosis, 110 Sources, 120 Settings."""

    only: Access = frozenset()
    """The roles that see it there; empty: all that may open the page."""

    title: Text = NOTHING
    """What the navigation says, where it stands for several pages; nothing: the page's own title."""

    of: str = ""
    """The page whose place in the navigation this one shares; its tabs lead here."""

    @property
    def is_below(self) -> bool:
        """Whether it stands in the lower group."""
        return self.place >= 100


@dataclass(frozen=True)
class Page:
    """One page: its title, its routes (the first is where the navigation leads), its place in the navigation."""

    title: Text
    routes: tuple[Route, ...]
    nav: Nav | None = None
    lead: Text = NOTHING
    """One sentence: what the page tells."""
    name: str = ""

    @property
    def path(self) -> str:
        """Where the navigation leads."""
        return self.routes[0].path


@cache
def pages() -> dict[str, Page]:
    """Every page by name: one per file of ``web/pages``."""
    return {name: replace(page, name=name) for name, page in catalogue("longfunnel.web.pages", "PAGE", Page).items()}
