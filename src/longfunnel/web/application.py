"""The ASGI application of the pages and the API, put together from the catalogue of pages."""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from litestar import HttpMethod, Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler

from longfunnel.core.errors import LongfunnelError
from longfunnel.web.api import api_routes, openapi
from longfunnel.web.assets import assets
from longfunnel.web.errors import show_error
from longfunnel.web.page import MAX_BODY, Page, Route, pages
from longfunnel.web.security import guarded, is_csrf_token
from longfunnel.web.site import Site
from longfunnel.web.visit import Visit
from longfunnel.web.waiting import Pace, Works

if TYPE_CHECKING:
    from longfunnel.app.business import Business

logger = logging.getLogger(__name__)
_FOR_EVER = "public, max-age=31536000, immutable"
_LARGEST = 2**63 - 1
"""The largest number that anything here is known by."""


def make_app(business: Business, public_url: str = "http://127.0.0.1:8700") -> Litestar:
    """The application of one business, reached by browsers at ``public_url``. It answers what the collector does not."""
    site = Site(business, public_url)
    works = Works(site, partial(_serve, site), partial(visit_of, site))
    handlers = [_handler(site, works, page, route) for page in pages().values() for route in page.routes]
    return Litestar(
        [*handlers, api_routes(site), _static, _robots, _favicon],
        openapi_config=openapi(),
        after_request=partial(guarded, is_https=urlsplit(public_url).scheme == "https"),
        exception_handlers={HTTPException: _refused(site), LongfunnelError: _refused(site), Exception: _refused(site)},
        logging_config=None,
        signature_namespace={"Request": Request, "Response": Response},
        state=State({"site": site}),
    )


def _handler(site: Site, works: Works, page: Page, route: Route) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        if route.method == "GET":
            return await works.answer(request, page, route)
        if route.max_body > MAX_BODY and (
            refused := await asyncio.to_thread(_refused_early, site, request, page, route)
        ):
            return refused
        form = await request.form()
        return await asyncio.to_thread(_serve, site, request, page, route, None, form)

    handle.__name__ = f"{page.routes[0].path}:{route.method}:{route.path}"
    return HTTPRouteHandler(
        route.path,
        http_method=HttpMethod(route.method),
        include_in_schema=False,
        request_max_body_size=route.max_body,
        status_code=200,
    )(handle)


def _refused_early(site: Site, request: Request[Any, Any, Any], page: Page, route: Route) -> Response[Any] | None:
    """The refusal of whoever may not use the route, before a large body is read; None for the others."""
    user = visit_of(site, request, page, route).user
    return None if route.allows(user.role if user else None) else _serve(site, request, page, route)


def _serve(
    site: Site, request: Request[Any, Any, Any], page: Page, route: Route, pace: Pace | None = None, form: Any = None
) -> Response[Any]:
    visit = visit_of(site, request, page, route, form, pace)
    try:
        answer = _answer(visit, route)
    except (HTTPException, LongfunnelError) as error:
        answer = show_error(visit, error)
    return with_guest(visit, answer)


def _answer(visit: Visit, route: Route) -> Response[Any]:
    if not route.allows(visit.user.role if visit.user else None):
        if visit.user is None:
            return _to_sign_in(visit)
        raise PermissionDeniedException
    if any(isinstance(value, int) and value > _LARGEST for value in visit.path.values()):
        raise visit.missing()
    if route.method == "POST":
        cookie = visit.session if visit.user else visit.guest
        token = visit.posted("csrf") or visit.request.headers.get("x-csrf-token", "")
        if not is_csrf_token(visit.site.key, cookie, token):
            raise PermissionDeniedException("csrf")
    return route.answer(visit)


def visit_of(
    site: Site,
    request: Request[Any, Any, Any],
    page: Page | None = None,
    route: Route | None = None,
    form: Any = None,
    pace: Pace | None = None,
) -> Visit:
    """The request with whoever sent it: the user of its session cookie, or a guest."""
    visit = Visit(site, request, page, route, form=form or {}, pace=pace)
    number = site.business.state.sessions.user_of(visit.session) if visit.session else None
    visit.user = site.business.state.users.get(number) if number else None
    visit.guest = request.cookies.get(site.cookies.guest) or secrets.token_urlsafe(24)
    return visit


def with_guest(visit: Visit, answer: Response[Any]) -> Response[Any]:
    """The answer with a cookie for a browser that has none: its forms' token is made of it."""
    if visit.user is None and not visit.request.cookies.get(visit.site.cookies.guest):
        answer.cookies.append(visit.site.cookies.make(visit.site.cookies.guest, visit.guest))
    return answer


def _to_sign_in(visit: Visit) -> Response[Any]:
    first = not visit.business.state.users.count()
    wanted = str(visit.address) if visit.request.method == "GET" and not visit.is_fragment else "/"
    return visit.redirect(
        "/welcome" if first else f"/sign-in?{urlencode({'_next': wanted})}" if wanted != "/" else "/sign-in"
    )


def _refused(site: Site) -> Any:
    """Turns what went wrong outside of a page into a page in plain words."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        if not isinstance(error, (HTTPException, LongfunnelError)):
            logger.exception("request failed", extra={"path": request.url.path})
        return guarded(show_error(visit_of(site, request), error))

    return handle


@get("/static/{version:str}/{path:path}", include_in_schema=False, sync_to_thread=False)
def _static(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A static file, for ever where the address has its present version."""
    version, path = request.path_params["version"], str(request.path_params["path"])
    asset = assets().by_path.get(path.lstrip("/"))
    if asset is None:
        raise NotFoundException
    headers = {"cache-control": _FOR_EVER if version == assets().version else "no-cache", "vary": "accept-encoding"}
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@get("/robots.txt", include_in_schema=False, sync_to_thread=False)
def _robots() -> Response[str]:
    """Nothing here is for search engines."""
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def _favicon() -> Response[bytes]:
    """For whoever asks without having read a page."""
    return Response(
        b"", status_code=301, headers={"location": assets().url("img/mark.svg"), "cache-control": "no-cache"}
    )
