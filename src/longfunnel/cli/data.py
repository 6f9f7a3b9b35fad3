"""Commands about data coming in: import, sync, build, quarantine, sql."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, Format, agreed, console, error_console
from longfunnel.cli.render import print_answer, print_imports, print_proposal, print_rows
from longfunnel.core.errors import LongfunnelError, SourceError, together, words_of
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("import", rich_help_panel="Bring data in")(import_)
    app.command(rich_help_panel="Bring data in")(sync)
    app.command(rich_help_panel="Bring data in")(build)
    app.command(rich_help_panel="Bring data in")(quarantine)
    app.command(rich_help_panel="Ask")(sql)


def import_(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(help="Exports: csv, tsv, xlsx, json, jsonl, parquet, also .gz; a pattern in quotes takes many."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Agree to what is proposed.")] = False,
    fact: Annotated[
        str, typer.Option(help="What the rows are, where the guess is wrong: spend, event, lead, deal, payment …")
    ] = "",
) -> None:
    """Look at files, propose what their columns mean, and on agreement import them and show the long funnel."""
    from longfunnel.app.sources.import_files import add_source, propose_source, source_of

    settings: Context = context.obj
    with settings.business() as business:
        added: list[str] = []
        failures: list[Text] = []
        for file in _existing(files):
            known = source_of(business, file)
            if known:
                console.print(rf"{file} is read by \[\[source]] «{known}» already.", highlight=False)
                added += [known] if known not in added else []
                continue
            try:
                proposal = propose_source(business, file, fact=fact)
            except SourceError as error:
                failures.append(words_of(error))
                continue
            print_proposal(proposal, business.settings.business.language)
            if not yes and not agreed(f"Import {file} so?", default=True):
                console.print(
                    "Left out. Where only what its rows are is wrong: --fact lead (or deal, payment, spend, event …).",
                    highlight=False,
                )
                continue
            added.append(add_source(business, proposal))
            console.print(rf"[green]✓[/] \[\[source]] «{added[-1]}» is in longfunnel.toml", highlight=False)
        if added:
            console.print()
            bring_in(settings, business, added)
            console.print()
            print_answer(business.ask("long_funnel"), business.settings)
        if failures:
            raise SourceError(together(failures, Text("Not imported:", "Не загружено:")))


def _existing(patterns: list[str]) -> list[Path]:
    files: list[Path] = []
    for pattern in patterns:
        found = sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern]  # noqa: PTH207 - patterns may be absolute
        if not found:
            raise SourceError(
                Text("No file matches {pattern}.", "По {pattern} файлов нет.").format(pattern=pattern),
                hint=Text("Check the folder and the spelling.", "Проверьте папку и написание."),
            )
        files += [Path(name) for name in found]
    return files


def sync(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Sources by name; all when none is given.")] = None,
) -> None:
    """Bring in what is new in the sources, and build. Nothing new is nothing to do."""
    settings: Context = context.obj
    with settings.business() as business:
        bring_in(settings, business, names)


def bring_in(settings: Context, business: Business, names: list[str] | None) -> None:
    """Sync and build. Where some sources fail, the others are built and shown before the error is."""
    from longfunnel.app.sources.sync import SyncError

    failure: SyncError | None = None
    with settings.progress() as progress:
        try:
            reports = business.sync(names, progress=progress)
        except SyncError as error:
            failure, reports = error, error.reports
        if reports:
            business.build(progress=progress)
    if reports:
        print_imports(reports, business.settings.business.language)
    if failure:
        raise failure


def build(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="From all facts anew, not only from what changed.")] = False,
) -> None:
    """Derive people and journeys from the facts."""
    settings: Context = context.obj
    with settings.business() as business, settings.progress() as progress:
        report = business.build(full=full, progress=progress)
    console.print(f"[green]✓[/] {report}", highlight=False)


def quarantine(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A source's name; all when none is given.")] = "",
    limit: Annotated[int, typer.Option(help="How many rows to show.")] = 50,
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Rows that could not be understood: file, row, column, value and why."""
    from longfunnel.app.sources.quarantine import quarantine as run

    settings: Context = context.obj
    with settings.business() as business:
        rows, total = run(business, source, limit=limit)
    if not rows:
        console.print("The quarantine is empty: every row was understood.", highlight=False)
        return
    print_rows(rows, format=format)
    if format is Format.TABLE:
        more = f"{total} rows in all; these are the first {len(rows)}. " if total > len(rows) else ""
        console.print(
            f"{more}Mend the file or the mapping in longfunnel.toml and run: longfunnel sync",
            highlight=False,
            style="dim",
        )


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A SELECT. Facts are in the schema facts, derived tables in live.")],
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
    limit: Annotated[int, typer.Option(help="How many rows at most.")] = 1000,
) -> None:
    """Ask the warehouse in SQL. It can only be read this way."""
    from longfunnel.app.sql import select

    settings: Context = context.obj
    if format is Format.XLSX:
        raise LongfunnelError(
            Text("sql prints table, json or csv.", "sql печатает table, json или csv."),
            hint=Text(
                "For XLSX take a report: longfunnel report channels --format xlsx",
                "Для XLSX возьмите отчёт: longfunnel report channels --format xlsx",
            ),
        )
    with settings.business() as business:
        rows, whole = select(business, query, limit=limit)
    print_rows(rows, format=format)
    if not whole:
        error_console.print(f"Only the first {limit} rows; more with --limit.", style="dim", highlight=False)
