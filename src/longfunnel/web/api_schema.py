"""What the API answers and takes, as its OpenAPI description says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIType
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from longfunnel.core.calendar import GRAINS, Compare
from longfunnel.metrics import BASES
from longfunnel.reports import MODELS

Format = Literal["json", "csv", "xlsx"]


class Error(msgspec.Struct):
    """What went wrong."""

    code: Annotated[str, Meta(description="Stable, for programs.")]
    message: Annotated[str, Meta(description="For people: what, why, and what to do.")]


class Problem(msgspec.Struct):
    """What an error answers."""

    error: Error


class ReportEntry(msgspec.Struct):
    """One report of the catalogue."""

    name: str
    title: str
    meaning: str
    options: Annotated[dict[str, str], Meta(description="What only this report understands, by name.")]
    scope: Annotated[str, Meta(description="The scope that a token needs to ask it.")]


class AnswerColumn(msgspec.Struct):
    """One column of an answer."""

    name: str
    title: str
    unit: Annotated[str, Meta(description="A currency's code, count, share (0..1), days …; empty for words.")]
    kind: str
    meaning: str
    direction: Annotated[str, Meta(description="Whether up is good, down is, or neither.")]
    adds_up: Annotated[bool, Meta(description="Whether the rows add up to the total.")]


class AnswerCaveat(msgspec.Struct):
    """Something that a reader of the numbers should know."""

    code: str
    text: str
    count: int | None


class FewCases(msgspec.Struct):
    """A number that rests on too few cases."""

    row: Annotated[int | None, Meta(description="From 0; null for the total.")]
    column: str
    cases: int


class FreshSource(msgspec.Struct):
    """How fresh one source is."""

    source_system: str
    recorded_at: Annotated[str | None, Meta(description="When its last import was recorded, UTC.")]
    latest_on: Annotated[str | None, Meta(description="The last day that its rows speak of.")]


class AnswerBody(msgspec.Struct):
    """An answer: unknown values are null, money is a number with all its digits."""

    report: str
    question: Annotated[dict[str, Any], Meta(description="What was asked, defaults left out.")]
    columns: list[AnswerColumn]
    rows: Annotated[list[dict[str, Any]], Meta(description="By column name.")]
    totals: Annotated[dict[str, Any], Meta(description="Of all rows, by column name.")]
    caveats: list[AnswerCaveat]
    sql: Annotated[str, Meta(description="The SQL that made it.")]
    few: list[FewCases]
    freshness: list[FreshSource]


def _problem(said: str) -> ResponseSpec:
    return ResponseSpec(Problem, description=said, generate_examples=False)


REFUSALS = {
    401: _problem("No token, or one that holds no longer."),
    403: _problem("The token's scopes, or the role of its user, do not reach so far."),
}
ANSWERS = {
    200: ResponseSpec(
        AnswerBody,
        description="The answer; with format=csv (text/csv) or format=xlsx its rows as a file.",
        generate_examples=False,
    ),
    400: _problem("The question cannot be understood, or does not fit the report; the message says what to change."),
    **REFUSALS,
    404: _problem("There is no report of this name; the message names the nearest."),
    409: _problem("There is no data to answer from yet."),
}


def _day(said: str) -> QueryParameter:
    return QueryParameter(description=said, schema_extra={"examples": ["2026-01-31"]})


def _number(said: str) -> QueryParameter:
    return QueryParameter(description=said, schema_extra={"type": OpenAPIType.INTEGER, "minimum": 0})


def _one_of(said: str, values: tuple[str, ...]) -> QueryParameter:
    return QueryParameter(description=said, schema_extra={"enum": ["", *(value for value in values if value)]})


# the question itself is read from the address: these say what may stand there
Name = Annotated[str, PathParameter(description="A report's name, of /api/v1/reports.")]
InFormat = Annotated[Format, QueryParameter(description="How to answer.")]
Since = Annotated[str, _day("The first day, YYYY-MM-DD, in the business's zone; empty: from the beginning.")]
Until = Annotated[str, _day("The last day, inclusive; empty: to the end.")]
CompareWith = Annotated[str, _one_of("Compare with the period before, or a year ago.", get_args(Compare))]
By = Annotated[
    str, QueryParameter(description="Dimensions to cut by, with commas between, in the order of the columns.")
]
Grain = Annotated[str, _one_of("Cut by time.", GRAINS)]
Metrics = Annotated[str, QueryParameter(description="Metrics, with commas between, in the stead of the report's own.")]
Filters = Annotated[
    list[str] | None,
    QueryParameter(description="«channel is Paid Search», «region is_not Moscow, Kazan»; several repeat the name, all of them hold."),
]  # fmt: skip
InBasis = Annotated[str, _one_of("Which date a number belongs to; empty: the report's own.", BASES)]
Model = Annotated[str, _one_of("Which touch earns the credit.", MODELS)]
WindowDays = Annotated[
    str, _number("A touch so many days before the lead earns nothing any more; empty: the business's setting.")
]
AsOf = Annotated[str, _day("As known at the end of this day, or at this UTC instant; empty: now.")]
Limit = Annotated[str, _number("At most so many rows; 0: all. The total is of all rows in any case.")]
Sort = Annotated[str, QueryParameter(description="A column; «-column» for the largest first.")]
Options = Annotated[
    list[str] | None,
    QueryParameter(description="«name=value» of what only this report understands; several repeat the name."),
]
