"""Sources that reach an outside system: their secrets, their runs, how they fare, what their webhooks tell."""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.fernet import InvalidToken

from longfunnel.app.access.sealing import box
from longfunnel.app.business import now
from longfunnel.connect import ImportReport, check_source, credentials_of, missing_credentials, variable
from longfunnel.connect._engine.errors import ConnectError, ExpiredError
from longfunnel.connect._engine.running import Given, StreamsError, run, shaping_of
from longfunnel.connect._engine.writing import Writer
from longfunnel.core.errors import LongfunnelError, SourceError, did_you_mean, words_of
from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.app.business import Business
    from longfunnel.connect._engine import Connector, Tokens, Touched
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Source

_LOOK_SECONDS = 0.3


class Secrets:
    """What is kept sealed for one source: credentials that a person gave, tokens that the system gave."""

    def __init__(self, business: Business, source: str) -> None:
        self._business, self._source = business, source

    def credentials(self) -> dict[str, str]:
        """What ``longfunnel connect`` or the web has kept."""
        return dict(self._open().get("credentials", {}))

    def tokens(self) -> Tokens:
        """What the system gave last."""
        return dict(self._open().get("tokens", {}))

    def save(self, tokens: Tokens) -> None:
        """Keep the tokens; on disk when it returns."""
        self._seal({**self._open(), "tokens": tokens})

    def keep(self, credentials: Mapping[str, str]) -> None:
        """Keep credentials in place of those before, and drop the tokens that were made of them."""
        self._seal({"credentials": dict(credentials)})

    def _open(self) -> dict[str, Any]:
        sealed = self._business.state.connections.sealed(self._source)
        if not sealed:
            return {}
        try:
            opened: dict[str, Any] = json.loads(box(self._business).decrypt(sealed.encode()))
        except InvalidToken:
            raise ExpiredError(
                Text(
                    "The secrets of «{source}» cannot be read: their key file is not the one that sealed them.",
                    "Секреты «{source}» не читаются: файл ключа не тот, которым они запечатаны.",
                ).format(source=self._source),
                hint=Text(
                    "Connect the source again: longfunnel connect {source}",
                    "Подключите источник заново: longfunnel connect {source}",
                ).format(source=self._source),
            ) from None
        return opened

    def _seal(self, secrets: dict[str, Any]) -> None:
        sealed = box(self._business).encrypt(json.dumps(secrets).encode()).decode()
        self._business.state.connections.seal(self._source, sealed)


@dataclass
class Outcome:
    """What came of the connected sources."""

    reports: list[ImportReport] = field(default_factory=list)
    failures: list[Text] = field(default_factory=list)


def given_of(business: Business, source: Source, *, recorded_at: datetime | None = None) -> Given:
    """What a run of the source is given. Raises SettingsError for settings that its connector does not understand, and
    ExpiredError where a credential is missing."""
    given = given_so_far(business, source, recorded_at or now())
    check_source(source)
    if missing := missing_credentials(given.connector, given.credentials):
        variables = [variable(source.name, name) for name in missing]
        raise needing(
            given.connector,
            missing,
            hint=Text(
                "Connect it with: longfunnel connect {source}, or set {where}.",
                "Подключите его: longfunnel connect {source} — или задайте {where}.",
            ).format(source=source.name, where=Text(" or ".join(variables), " или ".join(variables))),
        )
    return given


def needing(connector: Connector, missing: list[str], *, hint: str | Text = "") -> ExpiredError:
    """The error for credentials that are missing."""
    said = Text("{system} needs {missing}.", "Чтобы подключить {system}, нужно указать {missing}.")
    return ExpiredError(said.format(system=connector.title, missing=", ".join(missing)), hint=hint)


def given_so_far(business: Business, source: Source, recorded_at: datetime) -> Given:
    """What a run of the source would be given, though choices and credentials may still lack."""
    connector = check_source(source, is_whole=False)
    secrets = Secrets(business, source.name)
    credentials = credentials_of(source, connector, os.environ, secrets.credentials())
    space = source.system or (source.type if connector.has_global_ids else source.name)
    spaced = msgspec.structs.replace(source, system=space)
    about = business.settings.business
    return Given(business.warehouse, spaced, connector, about, credentials, secrets, recorded_at)


def sync_connected(
    business: Business, sources: list[Source], recorded_at: datetime, tell: Progress, *, is_asked: bool
) -> Outcome:
    """Read what is new in the sources, all together: one that waits does not hold up the others.

    A source that asked us to come back later is left alone till then, unless ``is_asked`` says that a person wants it now.
    """
    outcome = Outcome()
    known = business.state.connections.all()
    due = [
        source for source in sources
        if is_asked or not (source.name in known and (known[source.name].not_before or recorded_at) > recorded_at)
    ]  # fmt: skip
    if due:
        asyncio.run(_together(business, due, recorded_at, tell, outcome))
    return outcome


async def _together(
    business: Business, sources: list[Source], recorded_at: datetime, tell: Progress, outcome: Outcome
) -> None:
    shares = dict.fromkeys((source.name for source in sources), 0.0)
    last: str | Text = ""

    def part(name: str) -> Progress:
        def told(what: str | Text, share: float) -> None:
            nonlocal last
            shares[name], last = share, what

        return told

    async def watch() -> None:
        while True:  # a job that is stopped hears of it here, also while its sources wait
            await asyncio.sleep(_LOOK_SECONDS)
            tell(last, sum(shares.values()) / len(shares))

    work = asyncio.gather(*(_one(business, source, recorded_at, part(source.name), outcome) for source in sources))
    work.add_done_callback(lambda done: done.cancelled() or done.exception())  # an interrupt leaves nobody to ask it
    watching = asyncio.create_task(watch())
    both: tuple[asyncio.Future[Any], ...] = (work, watching)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    for told in await asyncio.gather(*both, return_exceptions=True):
        if isinstance(told, BaseException) and not isinstance(told, asyncio.CancelledError):
            raise told
    tell(last, 1.0)


async def _one(business: Business, source: Source, recorded_at: datetime, tell: Progress, outcome: Outcome) -> None:
    connections = business.state.connections
    try:
        given = given_of(business, source, recorded_at=recorded_at)
        touched, end = _told_by_webhooks(business, source, given.connector)
        report = await run(replace(given, touched=touched), tell)
        if end:
            _followed(business, source, end)
    except StreamsError as error:
        until = now() + timedelta(seconds=error.seconds) if error.kind == "limited" and error.seconds else None
        connections.note(source.name, error.kind, words_of(error), now(), not_before=until)
        outcome.failures.append(_of(source, error))
        outcome.reports.append(error.report)
    except LongfunnelError as error:
        state = error.kind if isinstance(error, ConnectError) else error.code
        connections.note(source.name, state, words_of(error), now())
        outcome.failures.append(_of(source, error))
    else:
        connections.note(source.name, "good", NOTHING, now())
        outcome.reports.append(report)


def _of(source: Source, error: LongfunnelError) -> Text:
    return spoken(f"{source.name}: ") + words_of(error)


def _told_by_webhooks(
    business: Business, source: Source, connector: Connector
) -> tuple[dict[str, list[Touched]], tuple[datetime, str] | None]:
    """What the webhooks that came since the last run tell, by stream; and up to which one."""
    told: dict[str, list[Touched]] = defaultdict(list)
    if connector.hook is None:
        return told, None
    rows = business.warehouse.execute(
        """SELECT w.received_at, w.position, w.content_type, w.raw FROM main.webhooks w
        WHERE w.source_system = $source AND (w.received_at, w.position) > coalesce(
            (SELECT (f.received_at, f.position) FROM main.webhooks_followed f WHERE f.source_system = $source), (TIMESTAMP '1970-01-01', ''))
        ORDER BY w.received_at, w.position""",
        {"source": source.name},
    ).fetchall()
    for _, _, content_type, raw in rows:
        try:
            for touched in connector.hook.read(content_type, raw.encode()):
                told[touched.stream].append(touched)
        except (ValueError, KeyError, TypeError):
            continue  # none of the vendor's; it stays among the webhooks
    return told, (rows[-1][0], rows[-1][1]) if rows else None


def _followed(business: Business, source: Source, end: tuple[datetime, str]) -> None:
    business.warehouse.execute("DELETE FROM main.webhooks_followed WHERE source_system = ?", [source.name])
    business.warehouse.execute("INSERT INTO main.webhooks_followed VALUES (?, ?, ?)", [source.name, *end])


def sources_told_of(business: Business) -> list[str]:
    """The connected sources of which webhooks came that nobody has followed yet."""
    connected = [source.name for source in connected_sources(business)]
    if not connected:
        return []
    rows = business.warehouse.execute(
        """SELECT w.source_system FROM main.webhooks w LEFT JOIN main.webhooks_followed f USING (source_system)
        WHERE w.source_system IN (SELECT unnest(?::VARCHAR[])) AND (f.received_at IS NULL OR (w.received_at, w.position) > (f.received_at, f.position))
        GROUP BY 1 ORDER BY 1""",
        [connected],
    ).fetchall()
    return [name for (name,) in rows]


def is_genuine(business: Business, source: str, headers: Mapping[str, str], content_type: str, body: bytes) -> bool:
    """Whether a webhook to the source comes from the system that it is connected to. One that has no webhooks gets none."""
    try:
        given = given_so_far(business, source_named(business, source), now())
    except LongfunnelError:
        return False
    hook = given.connector.hook
    return hook is not None and hook.is_genuine(headers, content_type, body, given.credentials)


def replay(business: Business, source: Source, tell: Progress) -> ImportReport:
    """Shape the records that are kept of the source once more, without asking its system: after an upgrade, or when its mapping changed."""
    given = given_so_far(business, source, now())
    connector = given.connector
    shaping = shaping_of(given)
    report = ImportReport(source.name, " ".join(connector.facts))
    for stream in connector.streams:
        writer = Writer(
            given.connection,
            given.source,
            stream,
            shaping,
            country=business.settings.business.home_country,
            recorded_at=given.recorded_at,
        )
        report.files.append(writer.report)
        writer.shape_again(lambda share, stream=stream: tell(f"{source.name}: {stream.name}", share))  # type: ignore[misc]
    return report


def connected_sources(business: Business) -> list[Source]:
    """The sources that reach an outside system."""
    return [source for source in business.settings.source if source.is_connected]


def source_named(business: Business, name: str) -> Source:
    """The connected source of that name. Raises SourceError for one that is not there."""
    known = {source.name: source for source in connected_sources(business)}
    if name not in known:
        said = Text("There is no connected source «{name}».", "Нет подключённого источника «{name}».").format(name=name)
        raise SourceError(said + did_you_mean(name, known))
    return known[name]
