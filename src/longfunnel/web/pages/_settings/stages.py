"""What the stages of the long funnel are counted from, and which stage of the CRM feeds which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.settings_file import change_settings, set_values
from longfunnel.core.errors import LongfunnelError, SettingsError
from longfunnel.core.text import Text
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_STAGE_SETTINGS = ("qualified_stages", "won_stages", "lost_stages")


def show(visit: Visit, *, mistake: str = "") -> Response[Any]:
    """The stages of the long funnel, what feeds each, and the CRM stages that make a lead a qualified one."""
    return visit.show(
        "pages/settings_stages.html",
        title=visit.text(Text("Stages", "Этапы воронки")),
        sections=sections(visit, "stages"),
        pipelines=_with_chosen(visit, _pipelines(visit)),
        chosen=chosen_stages(visit),
        saved=bool(visit.parameter("_saved")),
        mistake=mistake,
        status=400 if mistake else 200,
    )


def chosen_stages(visit: Visit) -> dict[str, tuple[str, ...]]:
    """What each CRM stage feeds: setting → stages."""
    return {name: getattr(visit.settings.counting, name) for name in _STAGE_SETTINGS}


def save(visit: Visit) -> Response[Any]:
    """Write which CRM stages make a lead a qualified one, a deal an order, a deal a lost one; stages that the form does not show
    stay as they were."""

    def sent(name: str) -> list[str]:
        every = getattr(visit.form, "getall", None)
        return [str(one) for one in every(name, [])] if every else []

    shown = set(sent("shown"))
    values = {
        name: sorted({*sent(name), *(stage for stage in stages if stage not in shown)})
        for name, stages in chosen_stages(visit).items()
    }
    try:
        change_settings(
            visit.business, lambda document: set_values(document, "counting", values, {name: [] for name in values})
        )
    except SettingsError as error:
        return show(visit, mistake=error.to(visit.language))
    visit.audit("settings_changed", "stages")
    visit.site.answering.refresh()
    back = visit.posted("next")
    return visit.redirect(back if back.startswith("/connect/") else "/settings/stages?_saved=1")


def _with_chosen(
    visit: Visit, pipelines: list[tuple[str, list[tuple[str, int]]]]
) -> list[tuple[str, list[tuple[str, int]]]]:
    """The pipelines, and after them the stages that the settings name and no deal has entered yet."""
    known = {stage for _, stages in pipelines for stage, _ in stages}
    named = sorted({stage for stages in chosen_stages(visit).values() for stage in stages} - known)
    unseen = visit.text(Text("Named in the settings", "Названы в настройках"))
    return [*pipelines, (unseen, [(stage, 0) for stage in named])] if named else pipelines


def _pipelines(visit: Visit) -> list[tuple[str, list[tuple[str, int]]]]:
    """The CRM's pipelines with their stages in order, each with how many deals entered it."""
    try:
        connection = visit.cursor()
    except LongfunnelError:
        return []
    try:
        rows = connection.execute(
            """SELECT coalesce(pipeline, ''), stage, count(DISTINCT deal_key) FROM live.stage_entries WHERE stage IS NOT NULL
            GROUP BY 1, 2 ORDER BY 1, min(stage_number), 2"""
        ).fetchall()
    finally:
        connection.close()
    found: dict[str, list[tuple[str, int]]] = {}
    for pipeline, stage, deals in rows:
        found.setdefault(pipeline, []).append((stage, deals))
    return list(found.items())
