"""The commands, put together; errors become plain sentences and exit codes here and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from longfunnel import __version__
from longfunnel.cli import (
    alerts,
    ask,
    collect,
    connect,
    data,
    folder,
    funnel,
    match,
    people,
    privacy,
    sites,
    subscriptions,
    users,
    write_back,
)
from longfunnel.cli.context import STOPPED, Context, ElsewhereError, console, error_console, speaks
from longfunnel.core.errors import LongfunnelError

app = typer.Typer(
    help="One long funnel from the first impression to the repeat purchase, person by person, from your own files.",
    epilog="Start here: longfunnel init, longfunnel import FILE, longfunnel report long_funnel. Or look first: longfunnel demo.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (
    folder,
    data,
    connect,
    write_back,
    ask,
    match,
    funnel,
    people,
    collect,
    sites,
    privacy,
    users,
    subscriptions,
    alerts,
):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"longfunnel {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    directory: Annotated[Path, typer.Option("-C", metavar="DIR", help="The business's folder.")] = Path(),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only answers and errors.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    context.obj = Context(directory, quiet=quiet)


def run(words: list[str] | None = None) -> None:
    """Run one command: ``words``, or what the shell gave. Exit codes: 0 done, 1 a mistake that the message explains, 2 wrong usage, 130 stopped by Ctrl-C."""
    speaks.set("en")
    try:
        try:
            app(words, prog_name="longfunnel")
        except ElsewhereError as elsewhere:
            from longfunnel.cli.remote import forward  # only beside a server

            sys.exit(forward(elsewhere.server, sys.argv[1:] if words is None else words))
    except LongfunnelError as error:
        language = speaks.get()
        error_console.print(f"[bold red]✗[/] {_escape(error.said.to(language))}", highlight=False)
        if error.advice:
            error_console.print(f"  [dim]→[/] {_escape(error.advice.to(language))}", highlight=False)
        sys.exit(1)
    except SystemExit as end:
        if end.code == STOPPED:
            error_console.print("Stopped. Nothing half-done was kept; run the same command to go on.", highlight=False)
        raise


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
