"""One run of one source: its streams in order, each page on disk before the next is asked for, stopped and resumed at any place."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from longfunnel.connect._engine.api import Api
from longfunnel.connect._engine.contract import Connector, Page, Reading, Shaping, Stream
from longfunnel.connect._engine.errors import ChangedSchemaError, ConnectError
from longfunnel.connect._engine.tokens import TokenKeeper, Vault
from longfunnel.connect._engine.writing import Writer
from longfunnel.connect._report import ImportReport
from longfunnel.core.errors import SourceError, together, words_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import duckdb

    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Business, Source

logger = logging.getLogger(__name__)

_RECORDS_AT_ONCE = 5000
_SECONDS_AT_ONCE = 5.0
_BACKFILL_DAYS = 365
_WAITS = Text("{source}: waits {seconds:.0f} s as {system} asks", "{source}: {system} просит подождать {seconds:.0f} с")


@dataclass(frozen=True)
class Given:
    """What a run is given."""

    connection: duckdb.DuckDBPyConnection
    source: Source
    connector: Connector
    business: Business
    credentials: Mapping[str, str]
    vault: Vault
    recorded_at: datetime
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    touched: Mapping[str, list[Any]] = field(default_factory=dict)
    """Stream → what webhooks told of, to be brought before the rest."""


def api_of(given: Given, *, wait: Callable[[float], None] | None = None) -> Api:
    """The way to the source's system. Open it with ``async with``."""
    source, connector = given.source, given.connector
    known = {**_options(given), **given.credentials}
    base_url = source.base_url or _filled(connector.base_url, known)
    known["base_url"] = base_url
    keeper = TokenKeeper(
        connector,
        given.credentials,
        given.vault,
        oauth_url=source.oauth_url or _filled(connector.oauth.url if connector.oauth else "", known),
    )
    return Api(
        connector,
        keeper,
        base_url=base_url,
        patience=source.patience_seconds,
        requests_per_second=source.requests_per_second,
        wait=wait,
    )


def shaping_of(given: Given) -> Shaping:
    """What ``shape`` may know of the source."""
    named = given.source.timezone or given.connector.timezone
    zone = ZoneInfo(named) if named else given.business.zone
    return Shaping(_options(given), given.source.columns, zone, given.business.currency)


def reading_of(given: Given, api: Api, shaping: Shaping, writer: Writer | None, memory: dict[str, Any]) -> Reading:
    """What a stream's ``read`` gets; without a writer as if nothing had been read before."""
    days = given.source.reread_days if given.source.reread_days >= 0 else given.connector.reread_days
    cursor = writer.cursor() if writer else None
    reading = Reading(api, shaping, cursor, _since(given), given.now, days, memory)
    return replace(reading, known=writer.known, kept=writer.kept) if writer else reading


async def run(given: Given, tell: Progress) -> ImportReport:
    """Read what is new in every stream of the source. A stream that fails does not stop the others, unless the whole system is away.

    Raises SourceError after all were tried, with the failures together; what was read before a failure stays.
    """
    source = given.source
    report = ImportReport(source.name, " ".join(given.connector.facts))
    shaping = shaping_of(given)
    streams = [stream for stream in given.connector.streams if stream.is_wanted(shaping.options)]
    failures: list[ConnectError] = []
    memory: dict[str, Any] = {}
    async with api_of(
        given,
        wait=lambda seconds: tell(
            _WAITS.format(source=source.name, seconds=seconds, system=given.connector.title), 0.0
        ),
    ) as api:
        for number, stream in enumerate(streams):
            writer = Writer(
                given.connection,
                source,
                stream,
                shaping,
                country=given.business.home_country,
                recorded_at=given.recorded_at,
            )
            report.files.append(writer.report)
            reading = reading_of(given, api, shaping, writer, memory)
            follow = _following(writer, tell, f"{source.name}: {stream.name}", number, len(streams))
            try:
                await _bring_touched(stream, given.touched.get(stream.name, []), reading, writer)
                await _bring(stream.read(reading), writer, follow)
            except ConnectError as error:
                failures.append(error)
                writer.report.said.append(words_of(error))
                if error.kind in ("expired", "limited", "temporary"):  # the next stream would meet the same
                    break
    if failures:
        raise StreamsError(failures, report)
    return report


class StreamsError(SourceError):
    """Some streams could not be read; ``report`` tells what came before. ``kind`` is the first failure's."""

    def __init__(self, failures: list[ConnectError], report: ImportReport) -> None:
        hints = dict.fromkeys(failure.advice for failure in failures if failure.advice)
        hint = Text(" ".join(hint.en for hint in hints), " ".join(hint.ru for hint in hints))
        super().__init__(together([failure.said for failure in failures], ""), hint=hint)
        self.kind, self.report = failures[0].kind, report
        self.seconds = getattr(failures[0], "seconds", None)


async def _bring_touched(stream: Stream, touched: list[Any], reading: Reading, writer: Writer) -> None:
    records = [one.record for one in touched if one.record is not None]
    if records:
        writer.write([Page(records)])
    ids = list(dict.fromkeys(one.id for one in touched if one.record is None))
    if ids and stream.fetch:
        await _bring(stream.fetch(reading, ids), writer, lambda _: None)


async def _bring(pages: AsyncIterator[Page], writer: Writer, follow: Callable[[float | None], None]) -> None:
    """Write the pages as they come, several in one transaction."""
    waiting: list[Page] = []
    since = time.monotonic()
    try:
        async for page in _understood(pages):
            waiting.append(page)
            many = sum(len(one.records) for one in waiting)
            if page.is_written_first or many >= _RECORDS_AT_ONCE or time.monotonic() - since > _SECONDS_AT_ONCE:
                writer.write(waiting)
                waiting, since = [], time.monotonic()
            follow(page.share)
    except ConnectError:
        if waiting:  # what came before the trouble stays
            writer.write(waiting)
        raise
    if waiting:
        writer.write(waiting)
    follow(1.0)


async def _understood(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """The pages. What ``read`` stumbles over is an answer of another form than the system's documentation gives."""
    try:
        async for page in pages:
            yield page
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
        logger.warning("an answer could not be read", exc_info=True)
        raise ChangedSchemaError(
            Text(
                "The system answers in another form than its documentation says ({why}).",
                "Система отвечает не так, как описано в её документации ({why}).",
            ).format(why=f"{type(error).__name__}: {str(error)[:200]}")
        ) from error


def _following(writer: Writer, tell: Progress, what: str, number: int, many: int) -> Callable[[float | None], None]:
    began = time.monotonic()

    def follow(share: float | None) -> None:
        done = min(max(share or 0.0, 0.0), 1.0)
        left = (time.monotonic() - began) * (1 - done) / done if 0 < done < 1 else None
        said = Text("{what}: {many:,} records", "{what}: записей {many:,}").format(what=what, many=writer.records)
        if left and left > 5:
            said += Text(", about {left} left", ", осталось около {left}").format(left=timedelta(seconds=round(left)))
        tell(said, (number + done) / many)

    return follow


def _since(given: Given) -> date:
    if given.source.since:
        return date.fromisoformat(given.source.since)
    return (given.now - timedelta(days=_BACKFILL_DAYS)).date()


def _options(given: Given) -> dict[str, Any]:
    defaults = {option.name: option.default for option in given.connector.options}
    return {**defaults, **given.source.options}


def _filled(template: str, known: Mapping[str, Any]) -> str:
    return (
        template.format_map(defaultdict(str, {name: str(value or "") for name, value in known.items()}))
        if "{" in template
        else template
    )
