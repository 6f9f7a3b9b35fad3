"""Settings: longfunnel.toml as forms. What is changed is written back with the file's comments and order kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.settings_file import change_settings, set_values
from longfunnel.core.errors import LongfunnelError, SettingsError
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import facts
from longfunnel.web.page import ANALYSTS, OWNERS, Nav, Page, Route
from longfunnel.web.pages._settings import backup, channels, mail, matching, sites, stages
from longfunnel.web.pages._settings.forms import FORMS, defaults_of, fields_shown, place_mistakes, read_fields
from longfunnel.web.pages._settings.nav import sections
from longfunnel.web.pages._sources.words import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Response

    from longfunnel.web.visit import Visit

_PLAIN = ("business", "counting", "guards", "schedule", "collector", "mail")


def shows(section: str) -> Callable[[Visit], Response[Any]]:
    """The handler that shows a plain section."""

    def show(visit: Visit) -> Response[Any]:
        return _section(visit, section)

    return show


def saves(section: str) -> Callable[[Visit], Response[Any]]:
    """The handler that writes a plain section."""

    def save(visit: Visit) -> Response[Any]:
        form = FORMS[section]
        values, mistakes = read_fields(visit, form.fields)
        if not mistakes:
            try:
                change_settings(
                    visit.business, lambda document: set_values(document, section, values, defaults_of(form.model))
                )
            except SettingsError as error:
                mistakes = place_mistakes(visit, form, visit.text(error.said))
        if mistakes:
            return _page(visit, section, values, mistakes)
        visit.audit("settings_changed", section)
        visit.site.answering.refresh()
        return visit.redirect(f"/settings{'' if section == 'business' else f'/{section}'}?_saved=1")

    return save


def show_privacy(visit: Visit, *, mistakes: dict[str, str] | None = None) -> Response[Any]:
    """How long each fact is kept, and what is never kept at all."""
    kept = visit.settings.retention
    typed = (
        {name: visit.posted(name) for name in facts()}
        if mistakes
        else {name: str(kept.get(name, "")) for name in facts()}
    )
    return visit.show(
        "pages/settings_privacy.html",
        title=visit.text(Text("Privacy", "Персональные данные")),
        sections=sections(visit, "privacy"),
        facts=[
            (name, visit.text(FACTS[name]), typed[name], (mistakes or {}).get(name, ""))
            for name in facts()
            if name != "fx_rate"
        ],
        saved=bool(visit.parameter("_saved")),
        mistake=(mistakes or {}).get("", ""),
        status=400 if mistakes else 200,
    )


def save_privacy(visit: Visit) -> Response[Any]:
    """Write the days; the running server deletes what is older once a day."""
    days: dict[str, int] = {}
    mistakes: dict[str, str] = {}
    rule = visit.text(
        Text(
            "A whole number of days, at least 1; empty keeps it for ever.",
            "Целое число дней от 1; пусто — хранить всегда.",
        )
    )
    for name in facts():
        typed = visit.posted(name)
        if not typed:
            continue
        if typed.isdecimal() and 1 <= int(typed) < 100_000:
            days[name] = int(typed)
        else:
            mistakes[name] = rule
    if mistakes:
        return show_privacy(visit, mistakes=mistakes)

    def change(document: Any) -> None:
        table = document.get("retention", {})
        for name in [one for one in table if one not in days]:
            del table[name]
        set_values(document, "retention", days, {})

    try:
        change_settings(visit.business, change)
    except LongfunnelError as error:
        return show_privacy(visit, mistakes={"": error.to(visit.language)})
    visit.audit("settings_changed", "retention")
    return visit.redirect("/settings/privacy?_saved=1")


def try_mail(visit: Visit) -> Response[Any]:
    """Send a test letter; the section again, with what the mail server answered."""
    outcome = mail.tried(visit)
    return _section(visit, "mail", status=400 if outcome["mail"]["mistake"] else 200, **outcome)


def _section(visit: Visit, section: str, **more: Any) -> Response[Any]:
    saved = getattr(visit.settings, section)
    return _page(
        visit, section, {field.name: getattr(saved, field.name) for field in FORMS[section].fields}, {}, **more
    )


def _page(
    visit: Visit, section: str, values: dict[str, Any], mistakes: dict[str, str], *, status: int = 200, **more: Any
) -> Response[Any]:
    form = FORMS[section]
    more = more or (mail.shown(visit) if section == "mail" else {})
    return visit.show(
        "pages/settings.html",
        title=visit.text(form.title),
        lead=visit.text(form.lead),
        sections=sections(visit, section),
        section=section,
        fields=fields_shown(visit, form.fields, values, mistakes),
        mistake=mistakes.get("", ""),
        saved=bool(visit.parameter("_saved")) and not mistakes,
        status=400 if mistakes else status,
        **more,
    )


PAGE = Page(
    title=Text("Settings", "Настройки"),
    nav=Nav("settings", 120),
    routes=(
        Route("/settings", shows("business"), access=ANALYSTS),
        Route("/settings", saves("business"), method="POST", access=OWNERS),
        *(Route(f"/settings/{name}", shows(name), access=ANALYSTS) for name in _PLAIN if name != "business"),
        *(
            Route(f"/settings/{name}", saves(name), method="POST", access=OWNERS)
            for name in _PLAIN
            if name != "business"
        ),
        Route("/settings/mail/password", mail.keep, method="POST", access=OWNERS),
        Route("/settings/mail/test", try_mail, method="POST", access=OWNERS),
        Route("/settings/stages", stages.show, access=ANALYSTS),
        Route("/settings/stages", stages.save, method="POST", access=ANALYSTS),
        Route("/settings/stages/names", stages.save_names, method="POST", access=OWNERS),
        Route("/settings/channels", channels.show, access=ANALYSTS),
        Route("/settings/channels", channels.save, method="POST", access=ANALYSTS),
        Route("/settings/matching", matching.show, access=ANALYSTS),
        Route("/settings/matching", matching.save, method="POST", access=ANALYSTS),
        Route("/settings/matching/accept", matching.take, method="POST", access=ANALYSTS),
        Route("/settings/sites", sites.show, access=ANALYSTS),
        Route("/settings/sites/goals", sites.save_goals, method="POST", access=ANALYSTS),
        Route("/settings/sites/numbers", sites.save_numbers, method="POST", access=ANALYSTS),
        Route("/settings/privacy", show_privacy, access=OWNERS),
        Route("/settings/privacy", save_privacy, method="POST", access=OWNERS),
        Route("/settings/backup", backup.show, access=OWNERS),
        Route("/settings/backup", backup.make, method="POST", access=OWNERS),
        Route("/settings/backup/{name:str}", backup.download, access=OWNERS, is_file=True),
    ),
)
