"""Commands about one person's data, and about how long facts are kept: export-person, erase, retention."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 - the options are made from the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, agreed, console
from longfunnel.core.errors import NothingYetError

if TYPE_CHECKING:
    from longfunnel.app.privacy.erasure import Found

Whom = Annotated[str, typer.Argument(help="A phone, an e-mail, an id (kind:value), or a person's number.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("export-person", rich_help_panel="Privacy")(export_person)
    app.command(rich_help_panel="Privacy")(erase)
    app.command(rich_help_panel="Privacy")(retention)


def export_person(
    context: typer.Context,
    person: Whom,
    output: Annotated[Path | None, typer.Option(help="A file, instead of the screen.")] = None,
) -> None:
    """Everything that is held about a person, as JSON: each row that names them, in all versions."""
    from longfunnel.app.privacy.erasure import export

    settings: Context = context.obj
    with settings.business() as business:
        held = export(business, person)
    text = json.dumps(held, ensure_ascii=False, default=str, indent=2)
    if output:
        output.write_text(text + "\n", "utf-8")
        console.print(f"[green]✓[/] {output}", highlight=False)
    else:
        sys.stdout.write(text + "\n")


def erase(
    context: typer.Context,
    person: Whom,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Take a person out of everything that is held, for good: what they did is deleted, deals and payments stay without them."""
    from longfunnel.app.privacy import erasure

    settings: Context = context.obj
    with settings.business() as business:
        try:
            found = erasure.find_held(business, person)
        except NothingYetError:
            erasure.finish_erasures(business)  # of an erasure that was killed
            raise
        _print_found(found)
        if dry_run or not (yes or agreed("Erase this person? It cannot be undone.", default=False)):
            console.print("Nothing was changed.", highlight=False)
            return
        with settings.progress() as progress:
            erased, is_whole = erasure.erase(business, found.identifiers, progress=progress)
    console.print(
        f"[green]✓[/] Erased: {erased.deleted} rows deleted, {erased.emptied} rows kept without the person, "
        f"{erased.log_records} records of the log.",
        highlight=False,
    )
    if not is_whole:
        console.print(
            "The server is running: the last bytes leave the warehouse's file when it stops.", highlight=False
        )


def _print_found(found: Found) -> None:
    console.print("[bold]Known as[/]", highlight=False)
    for one in found.identifiers:
        console.print(f"  {one}", highlight=False, markup=False)
    console.print("[bold]Rows that name them[/]", highlight=False)
    for name, count in found.rows.items():
        console.print(f"  {name}: {count}", highlight=False)
    if found.own_files:
        console.print(
            "[yellow]Your own files mention them, and are not changed. Mend them, or the next sync brings the person back:[/]",
            highlight=False,
        )
        for file in found.own_files:
            console.print(f"  {file}", highlight=False, markup=False)


def retention(context: typer.Context) -> None:
    """Delete facts older than \\[retention] in longfunnel.toml says, now. A running server does it every day."""
    from longfunnel.app.privacy.retention import retain

    settings: Context = context.obj
    with settings.business() as business:
        gone = retain(business)
    if not gone:
        console.print(r"Nothing is set: add \[retention] with event = 400 (days) to longfunnel.toml.", highlight=False)
    for name, count in gone.items():
        console.print(f"[green]✓[/] {name}: {count:,} rows deleted", highlight=False)
