"""Commands about what happens on the sites: tail, numbers."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text as Styled

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_rows
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from longfunnel.app.sites.numbers import PoolReport


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (tail, numbers):
        app.command(rich_help_panel="Collect")(command)


def tail(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A site, a webhook or a key; all when none is given.")] = "",
    last: Annotated[int, typer.Option(min=0, help="How many of the latest requests to show first.")] = 10,
    follow: Annotated[bool, typer.Option(help="Go on with what comes, until Ctrl-C.")] = True,
    personal: Annotated[bool, typer.Option("--personal", help="Show what names a person, too.")] = False,
    format: Annotated[Format, typer.Option(help="table (a line each) or json (a JSON object a line).")] = Format.TABLE,
) -> None:
    """Show events, leads, calls and payments as they come, also beside a running server."""
    from longfunnel.app.business import open_business
    from longfunnel.app.serving.tail import tail as run

    settings: Context = context.obj
    if format not in (Format.TABLE, Format.JSON):
        raise QuestionError(Text("tail prints table or json.", "tail печатает table или json."))
    with open_business(settings.directory) as business, suppress(KeyboardInterrupt):
        for row in run(business, source, last=last, personal=personal, is_over=lambda: not follow):
            if row is None:
                sys.stdout.flush()
            elif format is Format.JSON:
                sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            else:
                _print_row(row, business.settings.business.zone)


def _print_row(row: dict[str, Any], zone: ZoneInfo) -> None:
    at = row.pop("at")
    clock = f"{at.replace(tzinfo=UTC).astimezone(zone):%H:%M:%S}" if at else "        "
    line = Styled.assemble((clock, "dim"), "  ", (row.pop("source_system"), "cyan"), "  ", (row.pop("fact"), "green"))
    style = "red" if "problem" in row else "dim" if row.get("excluded") else ""
    for number, (name, value) in enumerate(row.items()):
        line.append("  ")
        if number and name != "page":
            line.append(f"{name}=", "dim")
        line.append(str(value), "bold" if not number and not style else style)
    console.print(line, soft_wrap=True)


def numbers(
    context: typer.Context,
    site: Annotated[str, typer.Argument(help="A site's name; all that have a pool when none is given.")] = "",
    visits_per_hour: Annotated[
        float | None, typer.Option(min=0, help="Visits in the busiest hour, instead of those observed.")
    ] = None,
    call_delay: Annotated[
        float | None, typer.Option(min=0, help="Minutes from a visit's end to its call, instead of those observed.")
    ] = None,
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Tracking numbers: how the pools fare, how often a call is matched to a wrong visit, and how large a pool should be."""
    from longfunnel.app.sites.numbers import number_pools

    settings: Context = context.obj
    with settings.business() as business:
        seconds = None if call_delay is None else call_delay * 60
        pools = number_pools(business, site, visits_per_hour=visits_per_hour, call_delay=seconds)
    if format is not Format.TABLE:
        print_rows([asdict(pool) for pool in pools], format=format)
        return
    for pool in pools:
        _print_pool(pool)


def _print_pool(pool: PoolReport) -> None:
    console.print(f"[bold]{pool.site}[/]: {pool.numbers} numbers", highlight=False)
    delay = f"{pool.call_delay_minutes:.0f} min after the visit"
    lines = [
        ("visits in the busiest hour", "unknown: no visits yet" if pool.visits_per_hour is None else f"{pool.visits_per_hour:,.0f}"),
        ("a visit keeps its number for", f"{pool.lease_minutes:.0f} min"),
        ("a call comes", delay if pool.is_delay_observed else f"{delay} (assumed: too few calls to tell)"),
        ("calls matched to a visit", f"{pool.matched_calls:,} of {pool.calls:,} in 28 days"),
    ]  # fmt: skip
    if pool.load_erlangs is not None and pool.unserved_share is not None and pool.wrong_share is not None:
        advice = (
            "no pool is enough" if pool.advised_numbers is None else f"{pool.advised_numbers} numbers"
        ) + " (at most 1 % wrong matches, 2 % visits without a number)"
        lines += [
            ("load", f"{pool.load_erlangs:.1f} erlangs"),
            ("visits that find no number free", f"{pool.unserved_share:.1%}"),
            ("calls matched to a wrong visit", f"{pool.wrong_share:.1%}"),
            ("advised", advice),
        ]
    for name, value in lines:
        console.print(f"  {name:<33}{value}", highlight=False)
