"""What an invented Direct understands, and how it refuses."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from longfunnel.demo.systems._direct_reports import MEASURES, SEGMENTS, Layout

_REQUIRED = ("SelectionCriteria", "FieldNames", "ReportName", "ReportType", "DateRangeType", "Format", "IncludeVAT")
_PARAMS = (*_REQUIRED, "Page", "OrderBy", "Goals", "AttributionModels", "IncludeDiscount")
_FLAGS = ("returnmoneyinmicros", "skipreportheader", "skipcolumnheader", "skipreportsummary")
_OPERATORS = (
    "EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "STARTS_WITH_IGNORE_CASE", "STARTS_WITH_ANY_IGNORE_CASE", "DOES_NOT_START_WITH_IGNORE_CASE",
    "DOES_NOT_START_WITH_ALL_IGNORE_CASE",
)  # fmt: skip


class DirectError(Exception):
    """A refusal in Direct's words."""

    def __init__(self, code: int, words: str, detail: str = "", status: int = 400) -> None:
        super().__init__(words)
        self.code, self.words, self.detail, self.status = code, words, detail, status


def understood(
    params: Any, headers: dict[str, str], today: date
) -> tuple[Layout, list[dict[str, Any]], list[dict[str, str]], tuple[int, int]]:
    """A report's request: its layout, filters, order, and page (rows, first row). Raises DirectError that names every mistake."""
    if not isinstance(params, dict):
        raise DirectError(8000, "Invalid request", "params is missing")
    wrong = [f"{name} is missing" for name in _REQUIRED if name not in params]
    wrong += [f"unknown parameter {name}" for name in params if name not in _PARAMS]
    wrong += [f"unknown field {name}" for name in params.get("FieldNames", ()) if name not in (*SEGMENTS, *MEASURES)]
    wrong += [
        f"header {name} must be true or false" for name in _FLAGS if headers.get(name, "true") not in ("true", "false")
    ]
    if headers.get("processingmode", "auto").lower() not in ("auto", "online", "offline"):
        wrong.append("processingMode must be auto, online or offline")
    if params.get("ReportType") != "CUSTOM_REPORT":
        wrong.append("this Direct makes CUSTOM_REPORT only")
    if params.get("Format") != "TSV" or params.get("IncludeVAT") not in ("YES", "NO"):
        wrong.append("Format must be TSV, IncludeVAT YES or NO")
    criteria = params.get("SelectionCriteria") or {}
    filters = criteria.get("Filter", [])
    named = [one.get("Field") for one in filters]
    if len(named) != len(set(named)) or any(one.get("Operator") not in _OPERATORS for one in filters):
        wrong.append("one filter a field, with a known operator")
    if params.get("DateRangeType") != "CUSTOM_DATE" or not {"DateFrom", "DateTo"} <= criteria.keys():
        wrong.append("DateFrom and DateTo go with CUSTOM_DATE")
    if wrong:
        raise DirectError(8000, "Invalid request", "; ".join(wrong))
    try:
        since, until = date.fromisoformat(criteria["DateFrom"]), date.fromisoformat(criteria["DateTo"])
    except ValueError as error:
        raise DirectError(8000, "Invalid request", str(error)) from error
    if since > until or until > today or since < (today - timedelta(days=3 * 366)).replace(day=1):
        raise DirectError(4001, "Invalid dates", f"{since} … {until}")
    layout = Layout(
        params["ReportName"], list(params["FieldNames"]), since, until, headers.get("skipreportheader") != "true",
        headers.get("skipcolumnheader") != "true", headers.get("skipreportsummary") != "true", headers.get("returnmoneyinmicros") != "false",
    )  # fmt: skip
    page = params.get("Page", {})
    return (
        layout,
        filters,
        params.get("OrderBy", []),
        (int(page.get("Limit", 1_000_000)), int(page.get("Offset", 0))),
    )


def read_object(body: bytes) -> dict[str, Any]:
    """A body of JSON. Raises DirectError for another one."""
    try:
        said = json.loads(body)
    except ValueError as error:
        raise DirectError(8000, "Invalid request", "The body is no JSON") from error
    if not isinstance(said, dict):
        raise DirectError(8000, "Invalid request", "The body is no object")
    return said
