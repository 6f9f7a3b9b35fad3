"""The API: every report as JSON, CSV or XLSX, with a token, described by OpenAPI at /api/openapi.json."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import PathParameter, QueryParameter

from longfunnel import __version__
from longfunnel.core.errors import LongfunnelError, NothingYetError, QuestionError
from longfunnel.reports import question_from_url, reports
from longfunnel.web.address import in_zone
from longfunnel.web.visit import Visit

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from longfunnel.reports import Answer
    from longfunnel.web.site import Site

READ = "reports"
SCOPES = {READ: "Read every report that the user may see."}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Format = Literal["json", "csv", "xlsx"]


class Problem(msgspec.Struct):
    """What an error answers: ``{"error": {"code", "message"}}``."""

    error: dict[str, str]


class ReportEntry(msgspec.Struct):
    """One report of the catalogue."""

    name: str
    title: str
    meaning: str
    options: dict[str, str]


def openapi() -> OpenAPIConfig:
    """The description of the API, as JSON."""
    return OpenAPIConfig(
        title="Longfunnel",
        version=__version__,
        path="/api",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )


def api_routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers of the API."""

    @get("/api/v1/reports", summary="List the reports", tags=["reports"])
    async def list_reports(request: Request[Any, Any, Any]) -> Response[list[ReportEntry] | Problem]:
        def answer(visit: Visit) -> Response[Any]:
            language = visit.language
            return Response(
                [
                    ReportEntry(
                        name,
                        entry.title.to(language),
                        entry.meaning.to(language),
                        {key: text.to(language) for key, text in entry.options.items()},
                    )
                    for name, entry in reports().items()
                ]
            )

        return await asyncio.to_thread(_answered, site, request, answer)

    @get(
        "/api/v1/reports/{name:str}",
        summary="Ask a report",
        description="Any field of a question is a query parameter, as in the address of a page: since and until (YYYY-MM-DD, inclusive), by and "
        "metrics (with commas between), compare, grain, basis, model, window_days, as_of, sort, limit; several filters repeat their name.",
        tags=["reports"],
    )
    async def ask_report(
        request: Request[Any, Any, Any],
        name: Annotated[str, PathParameter()],
        format: Annotated[Format, QueryParameter()] = "json",
        # these are for the description: the question is read from the address
        since: Annotated[str | None, QueryParameter()] = None,  # noqa: ARG001
        until: Annotated[str | None, QueryParameter()] = None,  # noqa: ARG001
        by: Annotated[str | None, QueryParameter()] = None,  # noqa: ARG001
        metrics: Annotated[str | None, QueryParameter()] = None,  # noqa: ARG001
        filter: Annotated[list[str] | None, QueryParameter()] = None,  # noqa: ARG001
    ) -> Response[Any]:
        def answer(visit: Visit) -> Response[Any]:
            asked = [(key, value) for key, value in visit.address.pairs if key not in ("format", "report")]
            question = question_from_url(urlencode([("report", name), *in_zone(asked, visit.settings.business.zone)]))
            return exported(visit, visit.ask(question), format)

        return await asyncio.to_thread(_answered, site, request, answer)

    return [list_reports, ask_report]


def exported(visit: Visit, answer: Answer, answer_format: str) -> Response[Any]:
    """An answer as a file of the format; JSON is answered in place."""
    match answer_format:
        case "csv":
            body = ("\ufeff" + answer.to_csv()).encode()
            return visit.file(body, f"{answer.report}.csv", "text/csv; charset=utf-8")
        case "xlsx":
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "answer.xlsx"
                answer.to_xlsx(file)
                return visit.file(file.read_bytes(), f"{answer.report}.xlsx", XLSX)
        case _:
            return Response(answer.to_json().encode(), media_type="application/json")


def _answered(site: Site, request: Request[Any, Any, Any], answer: Any) -> Response[Any]:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    token = site.business.state.access_tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None or READ not in token.scopes:
        return _problem(401, "unauthorized", "Send a token: «Authorization: Bearer lft_…». Make one under Account.")
    visit = Visit(site, request)
    visit.user = site.business.state.users.get(token.user_id)
    try:
        found: Response[Any] = answer(visit)
    except QuestionError as error:
        return _problem(400, error.code, str(error))
    except NothingYetError as error:
        return _problem(409, error.code, str(error))
    except LongfunnelError as error:
        return _problem(500, error.code, str(error))
    return found


def _problem(status: int, code: str, message: str) -> Response[Any]:
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response({"error": {"code": code, "message": message}}, status_code=status, headers=headers)
