"""The first run, in three steps: the business, its first source, the funnel with what is still missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.settings_file import change_settings, set_values
from longfunnel.app.sources.uploads import ENDINGS, LARGEST
from longfunnel.core.errors import SettingsError
from longfunnel.core.settings import Business
from longfunnel.core.text import Text
from longfunnel.web.page import OWNERS
from longfunnel.web.pages._settings.forms import FORMS, defaults_of, fields_shown, place_mistakes, read_fields

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_NAMES = ("name", "currency", "timezone", "language")


def show(visit: Visit, *, mistakes: dict[str, str] | None = None, typed: dict[str, Any] | None = None) -> Response[Any]:
    """The step that is due; ``_step`` goes back to an earlier one."""
    business = visit.settings.business
    may_name = bool(visit.user and visit.user.role in OWNERS)
    step = visit.parameter("_step") or ("file" if business.name or not may_name else "business")
    if mistakes is not None:
        step = "business"
    fields = [field for field in FORMS["business"].fields if field.name in _NAMES]
    values = typed or {name: getattr(business, name) for name in _NAMES}
    return visit.show(
        "pages/start.html",
        title=visit.text(Text("Three steps to your funnel", "Три шага до вашей воронки")),
        step="business" if step == "business" and may_name else "file",
        fields=fields_shown(visit, fields, values, mistakes or {}),
        endings=ENDINGS,
        largest=LARGEST >> 30,
        mistake=(mistakes or {}).get("", ""),
        status=400 if mistakes else 200,
    )


def save(visit: Visit) -> Response[Any]:
    """The first step: what the business is called, its money and its clock."""
    if not (visit.user and visit.user.role in OWNERS):
        raise visit.missing()
    fields = [field for field in FORMS["business"].fields if field.name in _NAMES]
    values, mistakes = read_fields(visit, fields)
    if not values.get("name"):
        mistakes["name"] = visit.text(
            Text("A name is needed: reports are headed with it.", "Нужно название: оно стоит в отчётах.")
        )
    if not mistakes:
        try:
            change_settings(
                visit.business, lambda document: set_values(document, "business", values, defaults_of(Business))
            )
        except SettingsError as error:
            mistakes = place_mistakes(visit, FORMS["business"], visit.text(error.said))
    if mistakes:
        return show(visit, mistakes=mistakes, typed=values)
    visit.audit("settings_changed", "business")
    return visit.redirect("/start?_step=file")
