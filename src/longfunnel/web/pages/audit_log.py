"""The audit log: who did what, when, from where; for owners."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from longfunnel.core.text import Text
from longfunnel.web.page import OWNERS, Page, Route
from longfunnel.web.pages._people.person import pages_of
from longfunnel.web.pages._settings.nav import sections
from longfunnel.web.pages._users.events import COMMAND_LINE, detail_words, event_words, who_words

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.state import AuditEntry
    from longfunnel.web.visit import Visit

_A_PAGE = 100
_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


def show(visit: Visit) -> Response[Any]:
    """One page of the log: of everybody, or of one account."""
    log, who = visit.business.state.audit, _who(visit)
    total = log.count(who=who)
    page = min(max(0, _number(visit.parameter("_page")) - 1), max(0, total - 1) // _A_PAGE)
    whos = [user.email for user in visit.business.state.users.all()]
    return visit.show(
        "pages/audit_log.html",
        entries=[_said(visit, entry) for entry in log.latest(_A_PAGE, skip=_A_PAGE * page, who=who)],
        total=total,
        pages=pages_of(visit, page, total, _A_PAGE),
        whos=[(one, who_words(one, visit.language)) for one in (*whos, COMMAND_LINE)],
        who=who or "",
        export_url=str(visit.address.to("/settings/log/export").with_(_page=None)),
        sections=sections(visit, "users"),
    )


def export(visit: Visit) -> Response[Any]:
    """The log as CSV: all of it, or all of one account."""
    who = _who(visit)
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(("at_utc", "who", "event", "event_words", "detail", "address"))
    for entry in visit.business.state.audit.latest(None, who=who):
        at = entry.happened_at.isoformat(sep=" ", timespec="seconds")
        words = event_words(entry, visit.language)
        writer.writerow([_disarmed(cell) for cell in (at, entry.who, entry.what, words, entry.detail, entry.address)])
    visit.audit("audit_exported", who or "")
    return visit.file(("\ufeff" + made.getvalue()).encode(), "audit-log.csv", "text/csv")


def _who(visit: Visit) -> str | None:
    return visit.parameter("_who") or None


def _said(visit: Visit, entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.happened_at, "who": who_words(entry.who, visit.language), "what": event_words(entry, visit.language),
        "code": entry.what, "detail": detail_words(entry, visit.language), "address": entry.address,
    }  # fmt: skip


def _disarmed(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RUNS) else cell


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


PAGE = Page(
    title=Text("Who did what", "Кто что делал"),
    lead=Text(
        "Sign-ins, exports, changes of settings and users.", "Входы, выгрузки, изменения настроек и пользователей."
    ),
    routes=(
        Route("/settings/log", show, access=OWNERS),
        Route("/settings/log/export", export, access=OWNERS, is_file=True),
    ),
)
