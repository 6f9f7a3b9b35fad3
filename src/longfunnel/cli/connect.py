"""Commands about connected systems: connect, connections, replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from longfunnel.cli.context import Context, Format, agreed, console
from longfunnel.cli.render import print_imports, print_rows
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.connect._engine import Connector, Record
    from longfunnel.core.settings import Source

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(rich_help_panel="Bring data in")(connect)
    app.command(rich_help_panel="Bring data in")(connections)
    app.command(rich_help_panel="Bring data in")(replay)


def connect(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="What to call the source: direct, crm … Without it the systems are listed.")
    ] = "",
    kind: Annotated[str, typer.Option("--type", help="The system: yandex_direct, bitrix24 … for a new source.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the source, as counter=123; several are allowed.")
    ] = None,
    credential: Annotated[
        list[str] | None,
        typer.Option(
            "--credential", help="A credential, as token=…; asked for when it is not given. It is kept sealed."
        ),
    ] = None,
    code: Annotated[str, typer.Option(help="The code that the browser brought, where the system gives one.")] = "",
    redirect: Annotated[
        str, typer.Option(help="The redirect address that is written in the system's settings of the app.")
    ] = "http://127.0.0.1:8700/connect/back",
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget the source and its secrets; its facts stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Bring the data in without asking.")] = False,
) -> None:
    """Connect an outside system: give its keys, see what it offers, choose, and bring the data in."""
    from longfunnel.app.sources import connecting

    settings: Context = context.obj
    with settings.business() as business:
        if not name:
            _list_offers(business)
            return
        if remove:
            from longfunnel.app.sources.changing import remove_source

            remove_source(business, name)
            console.print(f"[green]✓[/] «{name}» is no longer connected; its facts stay.", highlight=False)
            return
        given = dict(_pair(one) for one in set_ or [])
        source = next((one for one in business.settings.source if one.name == name), None)
        if source is None:
            if not kind:
                raise QuestionError(
                    Text("There is no source «{name}» yet.", "Источника «{name}» пока нет.").format(name=name),
                    hint=Text(
                        "Name its system: longfunnel connect {name} --type …",
                        "Назовите систему: longfunnel connect {name} --type …",
                    ).format(name=name),
                )
            source = connecting.add_connection(business, name, kind, _typed(kind, given))
        elif given:
            source = connecting.change_connection(business, name, _typed(source.type, given))
        _ask_credentials(business, source, dict(_pair(one) for one in credential or []))
        if code:
            connecting.take_code(business, source, code, redirect)
        elif connecting.needs_browser(business, source):
            url, _ = connecting.authorize_url(business, source, redirect)
            console.print(
                "Open this address, agree, and give the code from the address that it leads to:", highlight=False
            )
            console.print(url, highlight=False, markup=False, soft_wrap=True)
            connecting.take_code(business, source, _asked("Code: "), redirect)
        with console.status("Asking the system …"):
            choices = connecting.check_connection(business, source)
        console.print(rf"[green]✓[/] «{name}» answers.", highlight=False)
        source = _choose(business, source, choices)
        if yes or agreed("Bring the data in now?", default=True):
            from longfunnel.cli.data import bring_in

            bring_in(settings, business, [name])


def _list_offers(business: Business) -> None:
    from longfunnel.app.sources.connecting import offers

    language = business.settings.business.language
    rows = [
        {"type": offer.type, "system": offer.connector.title.to(language), "brings": ", ".join(offer.connector.facts),
         "needs": _needs(offer.connector)}
        for offer in offers()
    ]  # fmt: skip
    print_rows(rows, format=Format.TABLE)
    console.print("Connect one: longfunnel connect NAME --type TYPE", highlight=False, style="dim")


def _needs(connector: Connector) -> str:
    names = [one.name for one in connector.credentials]
    required = [one.name for one in connector.credentials if one.is_required]
    return ", ".join(required) or f"one of: {', '.join(names)}"


def _ask_credentials(business: Business, source: Source, given: dict[str, str]) -> None:
    from longfunnel.app.sources import connecting
    from longfunnel.connect import connector_named

    connector = connector_named(source.type)
    language = business.settings.business.language
    known = {one.name: one for one in connector.credentials}
    if wrong := [name for name in given if name not in known]:
        raise QuestionError(
            Text("{system} has no credential «{name}».", "У {system} нет доступа «{name}».").format(
                system=connector.title, name=wrong[0]
            ),
            hint=Text("It knows {names}.", "Есть {names}.").format(names=", ".join(known)),
        )
    if given:
        connecting.keep_credentials(business, source, given)
    asked: dict[str, str] = {}
    for name in connecting.lacking(business, source):
        one = known[name]
        if one.meaning.to(language):
            console.print(one.meaning.to(language), style="dim", highlight=False)
        asked[name] = _asked(f"{one.title.to(language)}: ", is_secret=one.is_secret)
    if asked:
        connecting.keep_credentials(business, source, asked)


def _choose(business: Business, source: Source, choices: list[Record]) -> Source:
    """Show what the system offers; ask for the options that are required and not chosen."""
    from longfunnel.app.sources.connecting import change_connection
    from longfunnel.connect import connector_named

    options = {one.name: one for one in connector_named(source.type).options}
    by_option: dict[str, list[Record]] = {}
    for choice in choices:
        by_option.setdefault(str(choice.get("option", "")), []).append(choice)
    for name, offered in by_option.items():
        console.print(f"[bold]{name}[/]", highlight=False)
        for choice in offered[:_SHOWN]:
            title = spoken(choice.get("title") or "").to(business.settings.business.language)
            console.print(f"  {choice.get('value', '')}  {title}", highlight=False, markup=False)
        if len(offered) > _SHOWN:
            console.print(f"  … and {len(offered) - _SHOWN} more", style="dim", highlight=False)
    chosen: dict[str, Any] = {}
    for name, option in options.items():
        if option.is_required and not source.options.get(name):
            offered = by_option.get(name, [])
            said = (
                str(offered[0]["value"])
                if len(offered) == 1
                else _asked(f"{option.title.to(business.settings.business.language)}: ")
            )
            chosen[name] = said
    return change_connection(business, source.name, _typed(source.type, chosen)) if chosen else source


def _typed(kind: str, given: dict[str, str]) -> dict[str, Any]:
    """The settings as their options want them: numbers, yes or no, lists parted by commas."""
    from longfunnel.connect import connector_named

    connector: Connector = connector_named(kind)
    kinds = {option.name: option.kind for option in connector.options}
    typed: dict[str, Any] = {}
    for name, text in given.items():
        match kinds.get(name):
            case "number":
                typed[name] = float(text) if "." in text else int(text) if text.lstrip("-").isdigit() else text
            case "flag":
                typed[name] = text.lower() in ("1", "yes", "true", "да")
            case "list":
                typed[name] = [part.strip() for part in text.split(",") if part.strip()]
            case _ if name in ("reread_days", "patience_seconds", "requests_per_second"):
                typed[name] = float(text) if "." in text else int(text)
            case _:
                typed[name] = text
    return typed


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise QuestionError(
            Text("«{text}» must be written name=value.", "«{text}» пишется как имя=значение.").format(text=text)
        )
    return name.strip(), value.strip()


def _asked(question: str, *, is_secret: bool = False) -> str:
    try:
        said = console.input(question, password=is_secret).strip()
    except EOFError:
        said = ""
    if not said:
        raise QuestionError(
            Text("Nothing was given.", "Ничего не введено."),
            hint=Text(
                "Give it beforehand with --credential NAME=… or --set NAME=….",
                "Задайте заранее: --credential ИМЯ=… или --set ИМЯ=….",
            ),
        )
    return said


def connections(
    context: typer.Context,
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """How each connected system fares: its state, when it was last read, and what is wrong."""
    from longfunnel.app.sources.connected import connected_sources

    settings: Context = context.obj
    with settings.business() as business:
        known = business.state.connections.all()
        rows = []
        for source in connected_sources(business):
            one = known.get(source.name)
            rows.append(
                {"source": source.name, "type": source.type, "state": one.state if one and one.state else "not yet read",
                 "looked_at": one.looked_at if one else None, "good_at": one.good_at if one else None,
                 "not_before": one.not_before if one else None, "told": one.told if one else NOTHING}
            )  # fmt: skip
    if not rows and format is Format.TABLE:
        console.print("No system is connected yet. See what can be: longfunnel connect", highlight=False)
        return
    print_rows(rows, format=format)


def replay(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source's name.")],
) -> None:
    """Read the kept records of a connected system again without asking it: after an upgrade, or a change of its mapping."""
    from longfunnel.app.sources import connected

    settings: Context = context.obj
    with settings.business() as business:
        with settings.progress() as progress:
            report = connected.replay(business, connected.source_named(business, name), progress or (lambda *_: None))
            business.build(progress=progress)
        print_imports([report], business.settings.business.language)
