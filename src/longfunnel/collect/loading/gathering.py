"""What the records of one load come to: events as columns, everything else row by row, and what cannot be understood."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.collect.loading.appending import COLLECTED
from longfunnel.collect.loading.events import Events, instant
from longfunnel.collect.loading.hooks import hook_rows
from longfunnel.collect.loading.staging import Rejected
from longfunnel.collect.loading.submissions import submitted_rows
from longfunnel.collect.log.segment import Position
from longfunnel.collect.wire import Hit, Hook, Lease, Submission, WireError, from_payload
from longfunnel.core.errors import words_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.collect.loading.staging import Row
    from longfunnel.collect.log.segment import Record
    from longfunnel.collect.plan import Plan
    from longfunnel.collect.wire import Entry


_REFUSED = Text("The warehouse refuses it: {why}", "Хранилище отказывает: {why}")


def understand(entry: Entry, plan: Plan, position: Position) -> tuple[str, str, list[Row], list[Rejected]]:
    """Source, id space, rows and rejected parts of one entry of the log."""
    received_at = instant(entry.at)
    match entry:
        case Hit():
            events = _events_of(entry.site, plan)
            others, rejected = events.add(entry)
            return entry.site, "", [*events.rows(), *others], rejected
        case Submission():
            rows = submitted_rows(
                entry.fact, entry.body, plan.reader(), received_at=received_at, request_key=entry.request_key
            )
            return entry.source, "", rows, []
        case Hook() if plan.is_connected(entry.source):
            return entry.source, "", [], []
        case Hook():
            source = plan.hook_named(entry.source)
            if source is None:
                said = Text(
                    "There is no [[source]] «{source}» of type webhook any more.",
                    "[[source]] «{source}» с типом webhook больше нет.",
                )
                raise WireError(said.format(source=entry.source))
            rows, rejected = hook_rows(
                source,
                entry.content_type,
                entry.body,
                plan.reader(source),
                received_at=received_at,
                position=str(position),
            )
            return source.name, source.system, rows, rejected
        case Lease():
            return entry.site, "", [], []


def _events_of(name: str, plan: Plan) -> Events:
    site = plan.site_named(name)
    return Events(country=plan.country, spam_referrers=site.spam_referrers if site else ())


class Gathered:
    """The records of one segment that are loaded together, by what becomes of them.

    ``poison`` says why the warehouse refuses the only record there is: nothing of it becomes a row.
    """

    def __init__(self, plan: Plan, segment: int, *, poison: str | None = None) -> None:
        self._plan, self._segment, self._poison = plan, segment, poison
        self.events: dict[str, Events] = {}
        """By site."""
        self.rows: dict[tuple[str, str, str, type[Entry]], list[dict[str, Any]]] = defaultdict(list)
        """By source, id space, fact and the way they came."""
        self.rejected: list[tuple[str, Rejected, str]] = []
        """Source, part, and the place in the log."""
        self.hooks: list[tuple[Any, ...]] = []
        """Rows of ``main.webhooks``."""
        self.leases: list[tuple[Any, ...]] = []
        """Rows of ``main.number_leases``."""

    def add(self, record: Record) -> None:
        """Take in one record. Whatever is wrong with it, it is not lost and the others go on."""
        try:
            entry = from_payload(record.payload)
            if isinstance(entry, Hit) and not self._poison:
                # nearly everything that comes is this: its events become columns at once
                source, system = entry.site, ""
                if source not in self.events:
                    self.events[source] = _events_of(source, self._plan)
                rows, bad = self.events[source].add(entry)
                if not rows and not bad:
                    return
            else:
                source, system, rows, bad = understand(entry, self._plan, Position(self._segment, record.offset))
        except Exception as error:  # noqa: BLE001 - one record's trouble is not the others'
            self._reject(COLLECTED, [_whole(record, words_of(error))], record)
            return
        if self._poison:
            self._reject(source, [_whole(record, _REFUSED.format(why=self._poison))], record)
            rows = []
        if isinstance(entry, Hook):
            place, body = str(Position(self._segment, record.offset)), entry.body.decode("utf-8", "replace")
            self.hooks.append((instant(entry.at), entry.source, place, entry.content_type, body))
        elif isinstance(entry, Lease):
            self.leases.append((entry.site, entry.number, entry.visitor, instant(entry.at), instant(entry.until)))
        for row in rows:
            self.rows[source, system, row.fact, type(entry)].append(row.values)
        self._reject(source, bad, record)

    def _reject(self, source: str, parts: list[Rejected], record: Record) -> None:
        self.rejected += [(source, part, str(Position(self._segment, record.offset))) for part in parts]


def _whole(record: Record, reason: Text) -> Rejected:
    raw = msgspec.json.encode({"record": record.payload.decode("utf-8", "replace")}).decode()
    return Rejected("", 0, None, None, reason, raw)
