"""Commands about the folder as a whole: init, demo, doctor, backup, restore."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, already_running, console, error_console, speaks
from longfunnel.cli.render import print_answer, print_imports
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.app.serving.up import Addresses


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(rich_help_panel="Start")(init)
    app.command(rich_help_panel="Start")(demo)
    app.command(rich_help_panel="Look after it")(doctor)
    app.command(rich_help_panel="Look after it")(backup)
    app.command(rich_help_panel="Look after it")(restore)


def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Name of the business.", prompt="Name of the business")],
    currency: Annotated[
        str, typer.Option(help="ISO code: amounts are shown in it.", prompt="Currency (RUB, USD, EUR …)")
    ],
    timezone: Annotated[
        str, typer.Option(help="IANA zone: days are cut in it.", prompt="Time zone (Europe/Moscow, America/New_York …)")
    ],
    language: Annotated[
        str, typer.Option(help="Language of reports: en or ru.", prompt="Language of reports (en, ru)")
    ] = "en",
) -> None:
    """Make longfunnel.toml in the folder. Asks what is not given; never overwrites."""
    from longfunnel.app.init import init as run

    settings: Context = context.obj
    business = run(settings.directory, name=name, currency=currency, timezone=timezone, language=language)
    console.print(f"[green]✓[/] {business.settings_file}", highlight=False)
    console.print("Next: put your exports into the folder and run [bold]longfunnel import FILE …[/]", highlight=False)


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to make the invented business.")] = Path("demo-business"),
    scale: Annotated[
        str, typer.Option(help="small (50 thousand events), medium (1 million) or large (10 million).")
    ] = "small",
    seed: Annotated[int, typer.Option(help="The same seed makes the same business, byte by byte.")] = 7,
    language: Annotated[str, typer.Option(help="Language of reports: en or ru.")] = "en",
    serve: Annotated[
        bool | None,
        typer.Option(help="Then show its pages on this machine until Ctrl-C. Left out: on a terminal, not in CI."),
    ] = None,
    port: Annotated[int, typer.Option(help="The port of the pages.")] = 8700,
    connected: Annotated[
        bool,
        typer.Option(
            "--connected", help="Connect to seven invented systems over HTTP instead of reading files, and write back."
        ),
    ] = False,
) -> None:
    """Make an invented company's exports, import them as any other, show its long funnel, and open its pages."""
    from longfunnel.app.demo import demo as run
    from longfunnel.app.serving.running import find

    settings: Context = context.obj
    if connected and folder == Path("demo-business"):
        folder = Path("demo-connected")
    target = settings.directory / folder
    if server := find(target.resolve()):
        raise already_running(target, server)
    if serve is None:
        serve = sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")
    if connected:
        _demo_connected(settings, target, seed=seed, language=language, port=port if serve else 0)
        return
    with settings.progress() as progress:
        made = run(target, scale=scale, seed=seed, language=language, progress=progress)
    with made.business as business:
        print_imports(made.imports, business.settings.business.language)
        for report in ("long_funnel", "channels", "ledger"):
            console.print()
            print_answer(business.ask(report, since=made.since, until=made.until), business.settings)
        console.print()
        console.print(
            f"All of it is in [bold]{target}[/]: the exports in data/, the settings in longfunnel.toml. Try:",
            highlight=False,
        )
        for line in (f"longfunnel -C {target} report channels --by channel,campaign", f"longfunnel -C {target} doctor"):
            console.print(f"  {line}", highlight=False)
        if serve:
            _serve(business, port)


def _demo_connected(settings: Context, target: Path, *, seed: int, language: str, port: int) -> None:
    """Read seven systems, show the funnel, say what was written back; with a port, open the pages while the systems answer."""
    from longfunnel.app.demo_connected import demo_connected

    if language not in ("en", "ru"):
        raise QuestionError(
            Text("There is no language «{language}».", "Языка «{language}» нет.").format(language=language),
            hint=Text("Take en or ru.", "Возьмите en или ru."),
        )
    with ExitStack() as opened:
        with settings.progress() as progress:
            made = opened.enter_context(demo_connected(target, seed=seed, language=language, progress=progress))
        business, (since, until) = made.business, made.days
        print_imports(made.imports, business.settings.business.language)
        for report in ("long_funnel", "channels", "ledger"):
            console.print()
            print_answer(business.ask(report, since=since, until=until), business.settings)
        console.print()
        for rule, many in made.written.items():
            console.print(f"[green]✓[/] {rule}: {many:,} written back", highlight=False)
        console.print("\nTry:", highlight=False)
        for line in ("connections", "write-back log", "match"):
            console.print(f"  longfunnel -C {target} {line}", highlight=False)
        if port:
            _serve(business, port)


def _serve(business: Business, port: int) -> None:
    """The pages on loopback, with a link straight into a ready account on the last line."""
    from longfunnel.app.access.accounts import ready_link
    from longfunnel.cli.collect import serve_all

    def tell(_: Addresses) -> None:
        console.print(
            "\nIts pages are open on this machine until Ctrl-C. Sign in with this link, once:", highlight=False
        )
        console.print(ready_link(business, f"http://127.0.0.1:{port}"), highlight=False, markup=False, soft_wrap=True)
        console.file.flush()

    serve_all(business, tell, host="127.0.0.1", port=port)


def doctor(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(help="«site» to check the tracker on a page; nothing for the business itself.")
    ] = "",
    url: Annotated[str, typer.Argument(help="The address of the page.")] = "",
) -> None:
    """Check the settings, the sources and the databases, or the tracker on a page, and say what to mend."""
    from longfunnel.app.business import open_business
    from longfunnel.app.doctor import doctor as run

    settings: Context = context.obj
    if what and (what != "site" or not url):
        raise QuestionError(
            Text("«doctor {what}» cannot be done.", "Команды «doctor {what}» нет.").format(what=what),
            hint=Text(
                "longfunnel doctor, or: longfunnel doctor site https://shop.example/",
                "longfunnel doctor, или: longfunnel doctor site https://shop.example/",
            ),
        )
    if what:
        from longfunnel.app.sites.doctor import doctor_site

        with open_business(settings.directory) as business:
            findings, language = doctor_site(business, url), business.settings.business.language
    else:
        with settings.business() as business:
            findings, language = run(business), speaks.get()
    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "fault": "[red]✗[/]"}
    for finding in findings:
        console.print(f"{marks[finding.level]} {finding.text.to(language)}", highlight=False)
        if finding.advice:
            console.print(f"    [dim]→ {finding.advice.to(language)}[/]", highlight=False)
    if any(finding.level == "fault" for finding in findings):
        raise typer.Exit(1)


def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help="The .zip to write.")]) -> None:
    """Write the settings and both databases into one file."""
    from longfunnel.app.backup import backup as run

    settings: Context = context.obj
    with settings.business() as business, settings.progress() as progress:
        run(business, file, progress=progress)
    console.print(f"[green]✓[/] {file} ({file.stat().st_size / 1e6:.1f} MB)", highlight=False)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `longfunnel backup` wrote.")],
    erasures: Annotated[
        Path | None,
        typer.Option(help="The business's .longfunnel/erased.jsonl: whoever was erased since the backup stays erased."),
    ] = None,
) -> None:
    """Bring a backup back into an empty folder (-C)."""
    from longfunnel.app.backup import restore as run

    settings: Context = context.obj
    business = run(file, settings.directory, erasures=erasures)
    error_console.print(f"[green]✓[/] restored into {business.folder}", highlight=False)
