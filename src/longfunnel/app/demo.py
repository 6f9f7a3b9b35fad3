"""Demo: the invented business, from its files to its long funnel, by the same way in as any company's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from longfunnel.app.business import OWN_FOLDER, Business
from longfunnel.core.errors import QuestionError, SettingsError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.demo import write_business
from longfunnel.demo.scale import Language, ScaleName

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.connect import ImportReport
    from longfunnel.core.progress import Progress


@dataclass(frozen=True)
class Demo:
    """The business that was made, what its import said, and the days that it covers."""

    business: Business
    imports: list[ImportReport]
    since: str
    until: str


def demo(
    folder: Path,
    *,
    scale: str = "small",
    seed: int = 7,
    language: str = "en",
    progress: Progress | None = None,
) -> Demo:
    """Write the invented business into ``folder``, import and build it.

    A folder that holds the same demo already is brought up to date. Another demo, or a business that is no demo, stays as
    it is (SettingsError).
    """
    _known(Text("There is no scale «{word}».", "Масштаба «{word}» нет."), scale, get_args(ScaleName))
    _known(Text("There is no language «{word}».", "Языка «{word}» нет."), language, get_args(Language))
    if (folder / OWN_FOLDER).exists():
        _require_same(folder / "truth.json", {"scale": scale, "seed": seed, "language": language})
    truth = write_business(
        folder,
        scale=cast("ScaleName", scale),
        seed=seed,
        language=cast("Language", language),
        progress=progress,
    )
    business = Business(folder.resolve())
    imports = business.sync(progress=progress)
    business.build(progress=progress)
    return Demo(business, imports, truth.since, truth.until)


def _known(otherwise: Text, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise QuestionError(
            otherwise.format(word=word) + did_you_mean(word, words),
            hint=Text("Take {words}.", "Возьмите {words}.").format(words=", ".join(words)),
        )


def _require_same(truth_file: Path, wanted: dict[str, object]) -> None:
    """Another demo's files over this one's databases would be two businesses in one."""
    made = json.loads(truth_file.read_text("utf-8")) if truth_file.exists() else {}
    if {name: made.get(name) for name in wanted} != wanted:
        raise SettingsError(
            Text(
                "{folder} holds another business; it stays as it is.", "В {folder} другой бизнес; он остаётся как есть."
            ).format(folder=truth_file.parent),
            hint=Text("Name another folder, or delete that one.", "Назовите другую папку или удалите эту."),
        )
