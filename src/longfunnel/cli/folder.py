"""Commands about the folder as a whole: init, demo, doctor, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longfunnel.cli.context import Context, console, error_console
from longfunnel.cli.render import print_answer, print_imports


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
) -> None:
    """Make an invented company's exports, import them as any other, and show its long funnel."""
    from longfunnel.app.demo import demo as run

    settings: Context = context.obj
    target = settings.directory / folder
    with settings.progress() as progress:
        made = run(target, scale=scale, seed=seed, language=language, progress=progress)
    with made.business as business:
        print_imports(made.imports)
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


def doctor(context: typer.Context) -> None:
    """Check the settings, the sources and the databases, and say what to mend."""
    from longfunnel.app.doctor import doctor as run

    settings: Context = context.obj
    with settings.business() as business:
        findings = run(business)
    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "fault": "[red]✗[/]"}
    for finding in findings:
        console.print(f"{marks[finding.level]} {finding.text}", highlight=False)
        if finding.advice:
            console.print(f"    [dim]→ {finding.advice}[/]", highlight=False)
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
    context: typer.Context, file: Annotated[Path, typer.Argument(help="What `longfunnel backup` wrote.")]
) -> None:
    """Bring a backup back into an empty folder (-C)."""
    from longfunnel.app.backup import restore as run

    settings: Context = context.obj
    business = run(file, settings.directory)
    error_console.print(f"[green]✓[/] restored into {business.folder}", highlight=False)
