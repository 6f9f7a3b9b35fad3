"""Goals and tracking numbers of each site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from longfunnel.app.settings_file import change_settings, new_row, row_named
from longfunnel.app.sites.numbers import number_pools
from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

ACTS = {
    "click": Text("click", "клик"),
    "submit": Text("sent", "отправка"),
    "change": Text("changed", "изменение"),
    "input": Text("typed in", "ввод"),
    "focusin": Text("entered", "вход в поле"),
}


def show(visit: Visit, *, wrong: str = "", mistake: str = "") -> Response[Any]:
    """The page."""
    return visit.show(
        "pages/settings_sites.html",
        title=visit.text(Text("Goals and numbers", "Цели и номера")),
        sections=sections(visit, "sites"),
        sites=visit.settings.site,
        acts=[(name, visit.text(text)) for name, text in ACTS.items()],
        pools=_pools(visit),
        wrong=wrong,
        mistake=mistake,
        saved=bool(visit.parameter("_saved")),
        status=400 if mistake else 200,
    )


def save_goals(visit: Visit) -> Response[Any]:
    """Write the goals of one site; a row without a name is left out."""
    site = visit.posted("site")
    goals = []
    number = 0
    while f"name{number}" in visit.form:
        goal = {name: visit.posted(f"{name}{number}") for name in ("name", "url", "selector", "on")}
        goal["on"] = goal["on"] if goal["on"] in ACTS and goal["on"] != "click" and goal["selector"] else ""
        if goal["name"]:
            goals.append(goal)
        number += 1

    def change(document: Any) -> None:
        row = row_named(document, "site", site)
        if "goals" in row:
            del row["goals"]
        if goals:
            rows = tomlkit.aot()
            for goal in goals:
                rows.append(new_row(goal))
            row["goals"] = rows

    return _saved(visit, site, change, "goals")


def save_numbers(visit: Visit) -> Response[Any]:
    """Write the tracking numbers of one site."""
    site = visit.posted("site")
    values: dict[str, Any] = {
        name: [line.strip() for line in visit.posted(name).splitlines() if line.strip()]
        for name in ("pool", "replaces")
    }
    values["selector"] = visit.posted("selector")

    def change(document: Any) -> None:
        row = row_named(document, "site", site)
        table = row.get("numbers")
        if table is None:
            if not any(values.values()):
                return
            table = row["numbers"] = tomlkit.table()
        for name, value in values.items():
            if value:
                table[name] = value
            elif name in table:
                del table[name]

    return _saved(visit, site, change, "numbers")


def _saved(visit: Visit, site: str, change: Any, what: str) -> Response[Any]:
    try:
        change_settings(visit.business, change)
    except LongfunnelError as error:
        return show(visit, wrong=site, mistake=error.to(visit.language))
    visit.audit("settings_changed", f"{what} {site}")
    return visit.redirect("/settings/sites?_saved=1")


def _pools(visit: Visit) -> dict[str, Any]:
    try:
        return {report.site: report for report in number_pools(visit.business)}
    except LongfunnelError:
        return {}
