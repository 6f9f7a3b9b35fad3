"""Connecting a system: a source for it in longfunnel.toml, its credentials kept sealed, its access proven, its choices made."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.app.business import now
from longfunnel.app.settings_file import change_settings, new_row, row_named, rows_of, write_settings
from longfunnel.app.sources.connected import Secrets, given_so_far, needing
from longfunnel.connect import check_source, connector_named, connector_names, missing_credentials, variable
from longfunnel.connect._engine.errors import ConnectError
from longfunnel.connect._engine.running import api_of, reading_of, shaping_of
from longfunnel.core.errors import SettingsError, words_of
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tomlkit import TOMLDocument

    from longfunnel.app.business import Business
    from longfunnel.connect._engine import Api, Connector, Record, Stream
    from longfunnel.connect._engine.running import Given
    from longfunnel.core.settings import Source


@dataclass(frozen=True)
class Offer:
    """A system that can be connected."""

    type: str
    connector: Connector


def offers() -> list[Offer]:
    """Every system that can be connected, by its type."""
    return [Offer(name, connector_named(name)) for name in connector_names()]


def add_connection(business: Business, name: str, kind: str, settings: Mapping[str, Any]) -> Source:
    """Put a ``[[source]]`` for the system of type ``kind`` into longfunnel.toml. Raises SettingsError, with the file as it was, for
    a name that is taken, an unknown type, and settings that the connector does not know. What is required may follow later."""
    connector_named(kind)
    if any(source.name == name for source in business.settings.source):
        raise SettingsError(
            Text("There is a [[source]] «{name}» already.", "[[source]] «{name}» уже есть.").format(name=name),
            hint=Text("Choose another name.", "Выберите другое имя."),
        )
    row = new_row({"name": name, "type": kind, **settings})
    return _change(business, name, lambda document: rows_of(document, "source").append(row))


def change_connection(business: Business, name: str, settings: Mapping[str, Any]) -> Source:
    """Set settings of the source; an empty value takes one away. Raises SettingsError, with the file as it was."""

    def change(document: TOMLDocument) -> None:
        row = row_named(document, "source", name)
        for key, value in settings.items():
            if value in ("", None, []):
                row.pop(key, None)
            else:
                row[key] = value

    return _change(business, name, change)


def keep_credentials(
    business: Business, source: Source, given: Mapping[str, str], *, forget: Collection[str] = ()
) -> None:
    """Keep credentials sealed; ones that are not given stay as they were, but those to ``forget``, and tokens made of the old
    ones are dropped."""
    kept = Secrets(business, source.name)
    before = {name: value for name, value in kept.credentials().items() if name not in forget}
    kept.keep({**before, **{name: value.strip() for name, value in given.items() if value.strip()}})


def lacking(business: Business, source: Source) -> list[str]:
    """The names of the required credentials that are nowhere given."""
    given = given_so_far(business, source, now())
    return missing_credentials(given.connector, given.credentials)


def kept_credentials(business: Business, source: Source) -> dict[str, str]:
    """Where each credential that is known comes from, in a word; never what it is."""
    given = given_so_far(business, source, now())
    sealed = Secrets(business, source.name).credentials()
    return {
        name: "••••••"
        if name in sealed
        else f"longfunnel.toml: credentials.{name}"
        if name in source.credentials
        else variable(source.name, name)
        for name in given.credentials
    }


def needs_browser(business: Business, source: Source) -> bool:
    """Whether a person has to agree in a browser before the source can be read."""
    given = given_so_far(business, source, now())
    oauth = given.connector.oauth
    if oauth is None or oauth.authorize is None or not oauth.is_used(given.credentials):
        return False
    if given.credentials.get("token") or given.vault.tokens():
        return False
    return oauth.first(given.credentials) is None


def authorize_url(business: Business, source: Source, redirect: str) -> tuple[str, str]:
    """The address to open in a browser, and the state that must come back with the code. Raises SettingsError where the system has none."""
    given = _complete(business, source)
    oauth = given.connector.oauth
    if oauth is None or oauth.authorize is None:
        said = Text("{system} is not connected through a browser.", "{system} подключают не через браузер.")
        raise SettingsError(said.format(system=given.connector.title))
    state = secrets.token_urlsafe(24)
    return oauth.authorize(api_of(given).keeper.url, given.credentials, redirect, state), state


def take_code(business: Business, source: Source, code: str, redirect: str) -> None:
    """Exchange the code that a browser brought back for tokens, and keep them. Raises ExpiredError where it is refused."""
    given = _complete(business, source)

    async def exchange() -> None:
        async with api_of(given) as api:
            await api.keeper.grant(
                api.http, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
            )

    asyncio.run(exchange())


def check_connection(business: Business, source: Source) -> list[Record]:
    """Prove that the access works; what there is to choose from: ``option``, ``value``, ``title`` and whatever the system tells.

    Raises a ConnectError that says what is wrong, and notes it.
    """
    given = _complete(business, source)

    async def check() -> list[Record]:
        async with api_of(given) as api:
            return await given.connector.check(api, shaping_of(given).options) if given.connector.check else []

    try:
        choices = asyncio.run(check())
    except ConnectError as error:
        business.state.connections.note(source.name, error.kind, words_of(error), now())
        raise
    business.state.connections.note(source.name, "good", NOTHING, now())
    return choices


_TAKES_LONGER = Text(
    "This takes longer: it comes with the first run.", "На это нужно больше времени: придёт с первой загрузкой."
)


@dataclass(frozen=True)
class Sample:
    """The first rows of one stream, as they would be written."""

    stream: str
    title: Text
    rows: list[tuple[str, dict[str, Any]]]
    """Fact and values."""
    trouble: Text = NOTHING


def preview(business: Business, source: Source, *, rows: int = 5, seconds: float = 20) -> list[Sample]:
    """The first rows of each stream, read and not written. A stream that takes longer than ``seconds`` says so."""
    given = given_so_far(business, source, now())
    shaping = shaping_of(given)

    async def first(api: Api, stream: Stream, memory: dict[str, Any]) -> Sample:
        reading = reading_of(given, api, shaping, None, memory)
        found: list[tuple[str, dict[str, Any]]] = []
        try:
            async with asyncio.timeout(seconds):
                async for page in stream.read(reading):
                    for record in page.records:
                        found += [(row.fact, row.values) for row in stream.shape(record, shaping)]
                    if (
                        len(found) >= rows or page.is_written_first
                    ):  # to go on would make the system forget what nobody kept
                        break
        except TimeoutError:
            return Sample(stream.name, stream.title, found[:rows], _TAKES_LONGER)
        except (ConnectError, ValueError, KeyError, TypeError) as error:
            return Sample(stream.name, stream.title, found[:rows], words_of(error))
        return Sample(stream.name, stream.title, found[:rows])

    async def every() -> list[Sample]:
        memory: dict[str, Any] = {}
        async with api_of(given) as api:
            return [
                await first(api, stream, memory)
                for stream in given.connector.streams
                if stream.is_wanted(shaping.options)
            ]

    return asyncio.run(every())


def register_webhooks(business: Business, source: Source, address: str) -> bool:
    """Ask the system to send its webhooks to ``address``; whether it can be asked."""
    given = _complete(business, source)
    hook = given.connector.hook
    if hook is None or hook.register is None:
        return False
    register = hook.register

    async def ask() -> None:
        async with api_of(given) as api:
            await register(api, address, shaping_of(given).options)

    asyncio.run(ask())
    return True


def _complete(business: Business, source: Source) -> Given:
    given = given_so_far(business, source, now())
    if missing := missing_credentials(given.connector, given.credentials):
        raise needing(given.connector, missing)
    return given


def _change(business: Business, name: str, change: Callable[[TOMLDocument], None]) -> Source:
    before = business.settings_file.read_text("utf-8")
    changed = change_settings(business, change)
    source = next(source for source in changed.source if source.name == name)
    try:
        check_source(source, is_whole=False)
    except SettingsError:
        write_settings(business, before)
        raise
    return source
