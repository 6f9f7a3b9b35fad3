"""Templates: one environment, and what every template may use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from longfunnel.core.text import NOTHING, Text
from longfunnel.web.assets import assets
from longfunnel.web.caveat_links import act_on
from longfunnel.web.page import pages

if TYPE_CHECKING:
    from longfunnel.web.page import Page
    from longfunnel.web.visit import Visit


def render(visit: Visit, template: str, values: dict[str, Any]) -> str:
    """The template as text. Besides ``values`` it has:

    ``visit``; ``show``, the ways to write values; ``t("English", "Русский")``, a text in the reader's language (or one Text);
    ``icon("name")``; ``act_on(visit, caveat)``, where one can be acted on;
    ``asset("css/app.css")``; ``data(value)``, JSON for a script element; ``nav``, the pages to go to.
    """

    def t(english: str | Text, russian: str = "") -> str:
        text = english if isinstance(english, Text) else Text(english, russian)
        return text.to(visit.language)

    shared: dict[str, Any] = {"visit": visit, "show": visit.shown, "t": t, "nav": _nav(visit), "layout": visit.layout}
    shared["title"] = visit.page.title.to(visit.language) if visit.page else ""
    return _environment().get_template(template).render({**shared, **values})


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("longfunnel.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    environment.globals |= {"asset": assets().url, "icon": _icon, "data": _data, "act_on": act_on}
    return environment


def _icon(name: str, label: str = "") -> Markup:
    """A picture by its name in ``static/vendor/icons.json``; without a label it is mere decoration."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    url = assets().url("vendor/dist/icons.svg")
    return Markup('<svg class="icon" width="20" height="20" {}><use href="{}#{}"></use></svg>').format(said, url, name)


_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def _data(value: Any) -> Markup:
    """A value as JSON that can stand inside a script element of type application/json."""
    return Markup(msgspec.json.encode(value, enc_hook=str).decode().translate(_UNSAFE))  # noqa: S704 - what could end the element is escaped


def _nav(visit: Visit) -> list[dict[str, Any]]:
    """The pages that this user may go to, in order, each with the period and filters of the present one."""
    role = visit.user.role if visit.user else None
    shown = [
        page
        for page in pages().values()
        if page.nav and page.routes[0].allows(role) and (not page.nav.only or role in page.nav.only)
    ]
    heads = sorted(
        (page for page in shown if page.nav and not page.nav.of), key=lambda page: page.nav.place if page.nav else 0
    )
    return [
        _nav_item(visit, page, [page, *(one for one in shown if one.nav and one.nav.of == page.name)]) for page in heads
    ]


def _nav_item(visit: Visit, page: Page, group: list[Page]) -> dict[str, Any]:
    """One place in the navigation: where it leads, and the pages that it stands for."""
    nav = page.nav
    assert nav is not None  # noqa: S101 - pages without one are not shown
    here = visit.address.path
    return {
        "title": (nav.title if nav.title != NOTHING else page.title).to(visit.language),
        "url": str(visit.address.of_question().to(page.path)) if page.routes[0].report else page.path,
        "paths": " ".join(one.path for one in group),
        "icon": nav.icon,
        "is_below": nav.is_below,
        "is_here": any(
            one is visit.page or (here.startswith(f"{one.path.rstrip('/')}/") and one.path != "/") for one in group
        ),
    }
