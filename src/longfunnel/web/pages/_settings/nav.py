"""The sections of the settings, as the side of every settings page lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.web.page import ANALYSTS, OWNERS

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

SECTIONS = (
    ("business", Text("Business", "Бизнес"), "/settings", ANALYSTS),
    ("counting", Text("Counting", "Правила счёта"), "/settings/counting", ANALYSTS),
    ("stages", Text("Stages", "Этапы воронки"), "/settings/stages", ANALYSTS),
    ("channels", Text("Channels", "Каналы"), "/settings/channels", ANALYSTS),
    ("matching", Text("Cost and visits", "Расходы и визиты"), "/settings/matching", ANALYSTS),
    ("sites", Text("Goals and numbers", "Цели и номера"), "/settings/sites", ANALYSTS),
    ("guards", Text("Shared identifiers", "Общие идентификаторы"), "/settings/guards", ANALYSTS),
    ("schedule", Text("Schedule", "Расписание"), "/settings/schedule", ANALYSTS),
    ("collector", Text("Data from the site", "Приём данных с сайта"), "/settings/collector", ANALYSTS),
    ("mail", Text("Mail", "Почта"), "/settings/mail", ANALYSTS),
    ("users", Text("Users", "Пользователи"), "/settings/users", OWNERS),
    ("privacy", Text("Privacy", "Персональные данные"), "/settings/privacy", OWNERS),
    ("backup", Text("Backup", "Резервные копии"), "/settings/backup", OWNERS),
)


def sections(visit: Visit, here: str) -> list[tuple[str, str, bool]]:
    """Title, address, and whether it is the present one, of those that this user may see."""
    role = visit.user.role if visit.user else ""
    return [(visit.text(title), url, name == here) for name, title, url, access in SECTIONS if role in access]
