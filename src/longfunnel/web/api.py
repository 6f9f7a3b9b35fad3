"""The API: every report as JSON, CSV or XLSX, with a token, described by OpenAPI at /api/openapi.json."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from longfunnel import __version__
from longfunnel.app.access.rights import SCOPES, scope_of
from longfunnel.core.errors import LongfunnelError, NothingYetError, QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.reports import question_from_url, reports
from longfunnel.web import api_schema as of
from longfunnel.web.address import in_zone
from longfunnel.web.security import guarded
from longfunnel.web.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.reports import Answer
    from longfunnel.web.site import Site

logger = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _RefusedError(LongfunnelError):
    """A request that is answered with a problem of this status."""

    def __init__(self, status: int, code: str, message: Text) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def openapi() -> OpenAPIConfig:
    """The description of the API, as JSON."""
    scopes = "\n".join(f"- `{name}`: {text.en}" for name, text in SCOPES.items())
    return OpenAPIConfig(
        title="Longfunnel",
        version=__version__,
        description=f"Send a token, made under Account: `Authorization: Bearer lft_…`. A token has scopes:\n\n{scopes}\n\n"
        "It reads what its user may: a manager's token reads their own deals alone.",
        path="/api",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )


def api_routes(site: Site) -> Router:
    """The handlers of the API. Whatever goes wrong is answered as JSON."""

    @get("/reports", summary="List the reports", tags=["reports"], responses=of.REFUSALS)
    async def list_reports(request: Request[Any, Any, Any]) -> Response[list[of.ReportEntry]]:
        def answer(visit: Visit, _: tuple[str, ...]) -> Response[Any]:
            return Response(
                [
                    of.ReportEntry(
                        name,
                        visit.text(entry.title),
                        visit.text(entry.meaning),
                        {key: visit.text(text) for key, text in entry.options.items()},
                        scope_of(name),
                    )
                    for name, entry in reports().items()
                ]
            )

        return await asyncio.to_thread(_answered, site, request, answer)

    @get(
        "/reports/{name:str}",
        summary="Ask a report",
        description="Asks as the address of a page does. «behind» gives the rows behind a number and «why» a person's way through a "
        "funnel: both need the scope people, all others the scope reports.",
        tags=["reports"],
        responses=of.ANSWERS,
    )
    async def ask_report(
        request: Request[Any, Any, Any],
        name: of.Name,
        format: of.InFormat = "json",
        since: of.Since = "",  # noqa: ARG001 - from here on they are for the description
        until: of.Until = "",  # noqa: ARG001
        compare: of.CompareWith = "",  # noqa: ARG001
        by: of.By = "",  # noqa: ARG001
        grain: of.Grain = "",  # noqa: ARG001
        metrics: of.Metrics = "",  # noqa: ARG001
        filter: of.Filters = None,  # noqa: ARG001
        basis: of.InBasis = "",  # noqa: ARG001
        model: of.Model = "",  # noqa: ARG001
        window_days: of.WindowDays = "",  # noqa: ARG001
        as_of: of.AsOf = "",  # noqa: ARG001
        limit: of.Limit = "",  # noqa: ARG001
        sort: of.Sort = "",  # noqa: ARG001
        option: of.Options = None,  # noqa: ARG001
    ) -> Response[Any]:
        def answer(visit: Visit, scopes: tuple[str, ...]) -> Response[Any]:
            _allow(name, scopes)
            # an empty parameter is one that was left out
            asked = [(key, value) for key, value in visit.address.pairs if value and key not in ("format", "report")]
            question = question_from_url(urlencode([("report", name), *in_zone(asked, visit.settings.business.zone)]))
            return exported(visit, visit.ask(question), format)

        return await asyncio.to_thread(_answered, site, request, answer)

    return Router(
        "/api/v1",
        route_handlers=[list_reports, ask_report],
        exception_handlers={HTTPException: _unreadable, Exception: _broken},
    )


def exported(visit: Visit, answer: Answer, answer_format: str) -> Response[Any]:
    """An answer as a file of the format; JSON is answered in place."""
    match answer_format:
        case "csv":
            body = ("\ufeff" + answer.to_csv()).encode()
            return visit.file(body, f"{answer.report}.csv", "text/csv")
        case "xlsx":
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "answer.xlsx"
                answer.to_xlsx(file)
                return visit.file(file.read_bytes(), f"{answer.report}.xlsx", XLSX)
        case _:
            return Response(answer.to_json().encode(), media_type="application/json")


def _allow(report: str, scopes: tuple[str, ...]) -> None:
    """Nothing for a report that is there and that the scopes open. Raises the refusal."""
    if report not in reports():
        said = Text("There is no report «{name}».", "Отчёта «{name}» нет.").format(name=report)
        raise _RefusedError(404, "report", said + did_you_mean(report, reports()))
    if (needed := scope_of(report)) not in scopes:
        said = Text(
            "This token may not read «{name}»: it needs the scope «{scope}».",
            "Этому токену нельзя читать «{name}»: нужна область «{scope}».",
        )
        raise _RefusedError(403, "scope", said.format(name=report, scope=needed))


def _answered(
    site: Site, request: Request[Any, Any, Any], answer: Callable[[Visit, tuple[str, ...]], Response[Any]]
) -> Response[Any]:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    token = site.business.state.access_tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        return _problem(401, "unauthorized", "Send a token: «Authorization: Bearer lft_…». Make one under Account.")
    visit = Visit(site, request)
    visit.user = site.business.state.users.get(token.user_id)
    try:
        return answer(visit, token.scopes)
    except _RefusedError as error:
        return _problem(error.status, error.code, error.to(visit.language))
    except PermissionDeniedException:
        said = Text("The role of the token's user does not reach so far.", "Роли владельца токена это не открыто.")
        return _problem(403, "not_allowed", visit.text(said))
    except LongfunnelError as error:
        status = 400 if isinstance(error, QuestionError) else 409 if isinstance(error, NothingYetError) else 500
        return _problem(status, error.code, error.to(visit.language))


def _unreadable(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """A request that does not fit its description."""
    more = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    said = " ".join(str(more[key]) for key in ("key", "message") if key in more) or error.detail
    return guarded(_problem(error.status_code, "request", said))


def _broken(request: Request[Any, Any, Any], _: Exception) -> Response[Any]:
    logger.exception("request failed", extra={"path": request.url.path})
    return guarded(_problem(500, "server", "Something broke on our side; the server's log says what."))


def _problem(status: int, code: str, message: str) -> Response[Any]:
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response(
        of.Problem(of.Error(code, message)), status_code=status, headers=headers, media_type="application/json"
    )
