"""The counters that a token may see, their zones and goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from longfunnel.connect._engine import ForbiddenError, GoneError, Record, RefusedError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api
    from longfunnel.connect.yandex_metrika._visit import Zone

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter."""

    id: str
    zone: Zone


async def counters_of(api: Api, options: Mapping[str, Any]) -> list[Counter]:
    """The counters of the settings, all that the token may see where they name none.

    Raises RefusedError where there are none.
    """
    told = {str(one.get("id")): one for one in await _listed(api)}
    wanted = [str(counter).strip() for counter in options.get("counters") or () if str(counter).strip()]
    if not (wanted or told):
        raise RefusedError(
            Text(
                "Yandex Metrika shows this token no counter.",
                "Яндекс Метрика не показывает этому токену ни одного счётчика.",
            ),
            hint=Text(
                "Give its owner access to the counter: Settings → Access.",
                "Дайте владельцу токена доступ к счётчику: «Настройка» → «Доступ».",
            ),
        )
    zones = {str(counter): str(zone) for counter, zone in dict(options.get("zones") or {}).items()}
    if strange := [zone for zone in zones.values() if zone not in available_timezones()]:
        said = Text(
            "zones: «{zone}» is not an IANA zone such as Europe/Moscow.",
            "zones: «{zone}» — не часовой пояс IANA, как Europe/Moscow.",
        )
        raise RefusedError(said.format(zone=strange[0]))
    return [
        Counter(counter, zones.get(counter) or _zone(told.get(counter, {})))
        for counter in dict.fromkeys(wanted or told)
    ]


async def goals_of(api: Api, counter: str) -> dict[str, str]:
    """The counter's goals: id → name. None where the token may not see them."""
    try:
        said = await api.get(f"management/v1/counter/{counter}/goals")
    except (ForbiddenError, GoneError):
        return {}
    goals = said.get("goals") if isinstance(said, dict) else None
    return {
        str(goal["id"]): str(goal.get("name") or goal["id"])
        for goal in goals or ()
        if isinstance(goal, dict) and goal.get("id") is not None
    }


async def check(api: Api, options: Mapping[str, Any]) -> list[Record]:
    """The counters to choose from."""
    del options
    return [
        {
            "option": "counters",
            "value": str(one.get("id")),
            "title": " · ".join(str(one[name]) for name in ("name", "site", "id") if one.get(name)),
        }
        for one in await _listed(api)
    ]


async def _listed(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        offset = {"offset": len(found) + 1} if found else {}
        said = await api.get("management/v1/counters", {"per_page": _AT_ONCE, **offset})
        listed = said.get("counters") if isinstance(said, dict) else None
        some = [one for one in listed or () if isinstance(one, dict)]
        found += some
        if len(some) < _AT_ONCE:
            return found


def _zone(counter: Mapping[str, Any]) -> Zone:
    """The counter's zone, by its name, else by its minutes ahead of UTC."""
    name, offset = counter.get("time_zone_name"), counter.get("time_zone_offset")
    try:
        return str(ZoneInfo(name)) if isinstance(name, str) and name else _minutes(offset)
    except (KeyError, ValueError, OSError):
        return _minutes(offset)


def _minutes(offset: Any) -> int | None:
    return offset if isinstance(offset, int) and abs(offset) < 24 * 60 else None
