"""What the portal calls things: its pipelines, stages, statuses, sources, managers, and the values of its own fields."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ForbiddenError, RefusedError
from longfunnel.connect.bitrix24._calls import Command, call, read_all, rows_of

if TYPE_CHECKING:
    from longfunnel.connect._engine import Api, Reading, Record


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline, or one status of leads."""

    name: str
    number: int | None = None
    """Its place in the pipeline by SORT, from 1."""
    semantics: str | None = None
    """S won, F lost, P under way."""


@dataclass
class Words:
    """The portal's dictionaries as they are now, and the names under which stages were first read."""

    started_at: datetime | None = None
    """When they were read, by the portal's clock."""
    pipelines: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    statuses: dict[str, Stage] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    managers: dict[str, str] | None = None
    """None: not read yet."""
    choices: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """By kind of record, own field and value: the text of a list's item."""
    _pinned: dict[str, dict[str, str]] = field(default_factory=lambda: {"pipelines": {}, "stages": {}})

    def pin(self, names: Any) -> None:
        """Keep to the names that an earlier reading used. A stage's name is part of what an entry into it is: an entry that is read
        twice must not become two because the stage was renamed between."""
        for kind, pinned in self._pinned.items():
            earlier = names.get(kind) if isinstance(names, dict) else None
            pinned.update({**(earlier or {}), **pinned})

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """What to pin next time: the names that are used now."""
        now = {"pipelines": self.pipelines, "stages": {key: stage.name for key, stage in self.stages.items()}}
        return {kind: {**now[kind], **pinned} for kind, pinned in self._pinned.items()}

    def pipeline(self, key: object) -> str | None:
        """A pipeline's name; its number where the portal has it no more."""
        key = str(key if key not in (None, "") else 0)
        return self._pinned["pipelines"].get(key) or self.pipelines.get(key) or key

    def stage(self, key: object) -> Stage | None:
        """A stage; nothing but its id where the portal has it no more."""
        if key in (None, ""):
            return None
        known = self.stages.get(str(key), Stage(str(key)))
        return Stage(self._pinned["stages"].get(str(key)) or known.name, known.number, known.semantics)

    def manager(self, key: object) -> str | None:
        """A manager's name; the number of one whom the portal does not show."""
        return (self.managers or {}).get(str(key), str(key)) if key not in (None, "", "0", 0) else None

    def chosen(self, kind: str, row: Record) -> dict[str, str]:
        """The texts of the row's own fields that are lists."""
        found: dict[str, str] = {}
        for name, texts in self.choices.get(kind, {}).items():
            value = row.get(name)
            values = value if isinstance(value, list) else [value]
            said = [texts.get(str(one), str(one)) for one in values if one not in (None, "", False)]
            if said:
                found[name] = ", ".join(said)
        return found


async def words_of(reading: Reading) -> Words:
    """The dictionaries, read once a run."""
    words = reading.memory.get("words")
    if not isinstance(words, Words):
        words = reading.memory["words"] = await read_words(reading.api)
    words.pin((reading.cursor or {}).get("names") if isinstance(reading.cursor, dict) else None)
    return words


async def started_at(reading: Reading) -> datetime:
    """When this run began, by the portal's clock."""
    words = await words_of(reading)
    return words.started_at or reading.now - timedelta(seconds=reading.api.clock_skew)


async def read_managers(reading: Reading, words: Words) -> None:
    """Fill in the names of the portal's users, the dismissed among them."""
    if words.managers is None:
        (users,) = await read_all(reading.api, [("user.get", {"start": 0})])
        words.managers = {str(user.get("ID")): _full_name(user) for user in users}


async def read_choices(reading: Reading, words: Words, kind: str) -> None:
    """Fill in the items of the lists among the own fields of deals or leads; none where the portal does not tell them."""
    if kind not in words.choices:
        try:
            fields = await fields_of(reading.api, kind)
        except (ForbiddenError, RefusedError):
            fields = {}
        words.choices[kind] = {
            name: {str(item.get("ID")): str(item.get("VALUE")) for item in about["items"] if isinstance(item, dict)}
            for name, about in fields.items()
            if isinstance(about.get("items"), list)
        }


async def fields_of(api: Api, kind: str) -> dict[str, dict[str, Any]]:
    """The fields of deals or leads: their type, title and items, by name."""
    fields = (await call(api, f"crm.{kind}.fields"))["result"]
    return (
        {name: about for name, about in fields.items() if isinstance(about, dict)} if isinstance(fields, dict) else {}
    )


async def read_words(api: Api) -> Words:
    """The names of pipelines, stages, statuses and sources."""
    words = Words()
    answer = await call(api, "crm.category.list", {"entityTypeId": 2})
    with suppress(KeyError, TypeError, ValueError):
        at = datetime.fromisoformat(answer["time"]["date_start"])
        words.started_at = at if at.tzinfo else None
    rows = rows_of(answer["result"], "crm.category.list")
    words.pipelines = {str(row.get("id", row.get("ID"))): str(row.get("name") or row.get("NAME") or "") for row in rows}
    pipelines = list(dict.fromkeys(["0", *words.pipelines]))
    kinds = ["STATUS", "SOURCE", *("DEAL_STAGE" if key == "0" else f"DEAL_STAGE_{key}" for key in pipelines)]
    commands: list[Command] = [("crm.status.list", {"filter": {"ENTITY_ID": kind}}) for kind in kinds]
    statuses, sources, *of_pipelines = await read_all(api, commands)
    words.statuses = _stages(statuses, "0")
    words.sources = {str(row.get("STATUS_ID")): str(row.get("NAME") or "") for row in sources}
    for key, stages in zip(pipelines, of_pipelines, strict=True):
        words.stages |= _stages(stages, key)
    return words


def _stages(rows: list[Record], pipeline: str) -> dict[str, Stage]:
    """The stages of a pipeline in their order. Ids of all but the first pipeline begin with its number: ``C1:NEW``."""
    found: dict[str, Stage] = {}
    for number, row in enumerate(sorted(rows, key=_place), 1):
        key = str(row.get("STATUS_ID") or "")
        if pipeline != "0" and ":" not in key:
            key = f"C{pipeline}:{key}"
        extra = row.get("EXTRA") if isinstance(row.get("EXTRA"), dict) else {}
        semantics = str(row.get("SEMANTICS") or (extra or {}).get("SEMANTICS") or "P")
        found[key] = Stage(
            str(row.get("NAME") or key), number, {"process": "P", "success": "S"}.get(semantics, semantics[:1].upper())
        )
    return found


def _place(row: Record) -> tuple[int, int]:
    return _int(row.get("SORT")), _int(row.get("ID"))


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _full_name(user: Record) -> str:
    parts = (str(user.get(part) or "").strip() for part in ("NAME", "LAST_NAME"))
    return " ".join(part for part in parts if part) or str(user.get("EMAIL") or user.get("ID"))
