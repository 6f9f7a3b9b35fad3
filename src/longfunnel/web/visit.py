"""One request, as a page sees it: who asks, what is asked, how to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException, PermissionDeniedException

from longfunnel.app.access.rights import NotAllowedError, narrowed
from longfunnel.collect.doors.http import client_address
from longfunnel.core.shown import Shown
from longfunnel.dimensions import value_text
from longfunnel.metrics import metrics
from longfunnel.reports import with_fitting_model
from longfunnel.web.address import Address, read_address
from longfunnel.web.rendering import render
from longfunnel.web.security import csrf_token

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb
    from litestar import Request

    from longfunnel.app.business import Business
    from longfunnel.collect.visiting.traffic import Network
    from longfunnel.core.settings import Language, Settings
    from longfunnel.core.text import Text
    from longfunnel.metrics import Metric
    from longfunnel.reports import Answer, Question
    from longfunnel.state import User
    from longfunnel.web.page import Page, Route
    from longfunnel.web.site import Site
    from longfunnel.web.waiting import Pace


@dataclass
class Visit:
    """One request. Pages get it in a worker thread and return what ``show``, ``redirect`` or ``file`` make."""

    site: Site
    request: Request[Any, Any, Any]
    page: Page | None = None
    route: Route | None = None
    user: User | None = None
    """Who is signed in."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """What was posted; files are Litestar's UploadFile."""
    guest: str = ""
    """The cookie of a browser that is not signed in."""
    is_shared: bool = False
    """Whether this is made for a share link (web/shared.py), with the eyes of the link's maker: nothing leads further."""
    pace: Pace | None = None
    """How the reader waits; None: for the whole page."""

    @property
    def business(self) -> Business:
        """The business."""
        return self.site.business

    @cached_property
    def settings(self) -> Settings:
        """Its settings, as the file says now."""
        return self.site.answering.settings

    @cached_property
    def language(self) -> Language:
        """The reader's: as chosen in the account, else by a guest's browser, else the business's."""
        if self.user and self.user.language:
            return "ru" if self.user.language == "ru" else "en"
        own: Language = self.settings.business.language
        if self.user is None and not self.is_shared:
            accepted = self.request.headers.get("accept-language", "").lower()
            return "ru" if accepted.startswith("ru") else "en" if accepted.startswith("en") else own
        return own

    @cached_property
    def shown(self) -> Shown:
        """How values are written for this reader."""
        business = self.settings.business
        return Shown(self.language, business.currency, business.zone)

    @property
    def metrics(self) -> dict[str, Metric]:
        """Every metric by name, titled as this business calls it."""
        return metrics(self.settings.stage)

    def text(self, text: Text) -> str:
        """A text in the reader's language."""
        return text.to(self.language)

    def member(self, dimension: str, value: object) -> str:
        """What the reader calls a value of a dimension: a channel by its name in their language, the unknown one by its word."""
        return value_text(dimension, value).to(self.language)

    @cached_property
    def address(self) -> Address:
        """The page's path and parameters."""
        return Address.of(self.request.url.path, self.request.url.query).with_(_work=None)

    @property
    def path(self) -> dict[str, Any]:
        """The values in the path: ``visit.path["person_id"]``."""
        return dict(self.request.path_params)

    def parameter(self, name: str) -> str:
        """A parameter of the page's own: ``visit.parameter("_tab")``."""
        return self.address.get(name)

    @cached_property
    def today(self) -> date:
        """The last day that named periods end with."""
        return self.site.today()

    @cached_property
    def question(self) -> Question:
        """What the address asks. Raises QuestionError."""
        return with_fitting_model(
            read_address(self.address, self.route.report if self.route else "", self.today, self.settings.business.zone)
        )

    def ask(self, question: Question | None = None, /, **changes: Any) -> Answer:
        """The answer to the page's question (or to another one) with these fields changed, as this user may see it."""
        asked = with_fitting_model(msgspec.structs.replace(question or self.question, **changes))
        return self.site.answering.ask(self.narrowed(asked), self.language, self.pace.stop if self.pace else None)

    def narrowed(self, question: Question) -> Question:
        """The question as this user may ask it: a manager's is about their own deals. Raises PermissionDeniedException."""
        if self.user is None:
            return question
        try:
            return narrowed(self.user, question)
        except NotAllowedError as error:
            raise PermissionDeniedException from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of this request's own to the warehouse, for what no report answers. Close it. It sees everything:
        never use it on a route that managers may use."""
        return self.site.answering.cursor()

    @property
    def client(self) -> str:
        """The browser's network address."""
        return client_address(cast("Any", self.request.scope), dict(self.request.scope["headers"]), self._proxies)[0]

    @cached_property
    def _proxies(self) -> tuple[Network, ...]:
        from longfunnel.collect.plan import Plan

        return Plan(self.settings).trusted_proxies

    @cached_property
    def session(self) -> str:
        """The secret of the browser's session, or an empty string."""
        return self.request.cookies.get(self.site.cookies.session, "")

    @property
    def csrf(self) -> str:
        """The token that this browser's forms bring back."""
        return csrf_token(self.site.key, self.session if self.user else self.guest)

    def posted(self, name: str) -> str:
        """One text of the form, without outer spaces; empty when it is not there."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def audit(self, what: str, detail: str = "") -> None:
        """Write into the audit log what this user just did."""
        self.business.state.audit.add(self.user.email if self.user else "", what, detail=detail, address=self.client)

    @property
    def is_fragment(self) -> bool:
        """Whether only the page's inside is wanted: a script of our own page asks, or the frame has gone out already."""
        return self.request.headers.get("hx-request") == "true" or bool(self.pace and self.pace.settle())

    @property
    def layout(self) -> str:
        """Which frame the template is put into."""
        if self.is_shared:
            return "layouts/fragment.html"
        if self.request.headers.get("lf-panel") == "true":
            return "layouts/panel.html"
        if self.user is None:
            return "layouts/bare.html"
        return "layouts/fragment.html" if self.is_fragment else "layouts/full.html"

    def show(self, template: str, *, status: int = 200, **values: Any) -> Response[str]:
        """The template with these values, in the frame that was asked for: whole page, fragment, side panel."""
        return Response(render(self, template, values), media_type=MediaType.HTML, status_code=status)

    def redirect(self, url: str) -> Response[str]:
        """Go to another page of ours after a form."""
        parts = urlsplit(url)
        local = url if not parts.netloc and not parts.scheme and url.startswith("/") and url[1:2] not in "/\\" else "/"
        if self.is_fragment:
            return Response("", status_code=200, media_type=MediaType.HTML, headers={"hx-redirect": local})
        return Response("", status_code=303, media_type=MediaType.HTML, headers={"location": local})

    def go(self, url: str) -> Response[str]:
        """The same page at another address of ours: a script follows it and shows that address, too."""
        return Response("", status_code=303, media_type=MediaType.HTML, headers={"location": url})

    def file(self, body: bytes, name: str, media_type: str) -> Response[bytes]:
        """A file to keep."""
        safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
        return Response(body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{safe}"'})

    def missing(self) -> NotFoundException:
        """What to raise when the address names nothing that this user may see."""
        return NotFoundException()
