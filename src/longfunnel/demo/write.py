"""Writing the whole folder of the invented business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.errors import SettingsError
from longfunnel.core.text import Text
from longfunnel.demo.catalogue import BUSINESS
from longfunnel.demo.export.ads import write_ads
from longfunnel.demo.export.deals import write_deals
from longfunnel.demo.export.events import write_events
from longfunnel.demo.export.leads import write_leads
from longfunnel.demo.export.money import write_money
from longfunnel.demo.export.settings import settings_text
from longfunnel.demo.scale import FIRST_DAY, LAST_DAY
from longfunnel.demo.truth import Truth
from longfunnel.demo.verdict import tell_truth
from longfunnel.demo.world import make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longfunnel.demo.scale import Language, ScaleName


def write_business(
    folder: Path,
    *,
    scale: ScaleName = "small",
    seed: int = 7,
    language: Language = "ru",
    progress: Callable[[str, float], None] | None = None,
) -> Truth:
    """Write the exports, ``longfunnel.toml`` and ``truth.json`` of the invented business into ``folder``; return
    the truth.

    The same arguments always give the same bytes. ``small`` holds about 65,000 events and 1,100 requests, ``medium`` a
    million events, ``large`` ten million. ``progress`` is told what is being written and the share done, 0 to 1. Raises
    SettingsError if the folder holds a longfunnel.toml that no demo wrote: a real business is never overwritten.
    """
    if (folder / "longfunnel.toml").exists() and not (folder / "truth.json").exists():
        raise SettingsError(
            Text(
                "{folder} holds a business that is no demo; it stays as it is.",
                "В {folder} настоящий бизнес, а не пример; он остаётся как есть.",
            ).format(folder=folder),
            hint=Text("Name an empty folder.", "Назовите пустую папку."),
        )
    tell = progress or (lambda _step, _share: None)
    period = {"since": FIRST_DAY.isoformat(), "until": LAST_DAY.isoformat()}
    name = BUSINESS.say(language)
    business = {
        "business": name,
        "currency": "RUB",
        "timezone": "Europe/Moscow",
        "seed": seed,
        "scale": scale,
        "language": language,
        **period,
    }
    truth = Truth(folder, business)
    tell("living", 0.0)
    world = make_world(scale, seed, language)
    tell("events", 0.25)
    events = folder / "data" / "site"
    for file, rows in write_events(events, world, lambda share: tell("events", 0.25 + 0.5 * share)).items():
        truth.file(events / file, "site_events", "event", rows)
    for step, share, write in (
        ("ads", 0.75, write_ads),
        ("leads", 0.8, write_leads),
        ("deals", 0.85, write_deals),
        ("money", 0.9, write_money),
    ):
        tell(step, share)
        write(folder, world, truth)
    tell("truth", 0.95)
    tell_truth(world, truth)
    truth.write()
    (folder / "longfunnel.toml").write_text(settings_text(world.scale, language), encoding="utf-8", newline="\n")
    tell("done", 1.0)
    return truth
