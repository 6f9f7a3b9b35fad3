"""Commands that answer: report, ledger, reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longfunnel.cli.context import Context, Format, console, error_console
from longfunnel.cli.render import print_answer
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text

Since = Annotated[str, typer.Option(help="First day, YYYY-MM-DD. Without it: from the first day there is.")]
Until = Annotated[str, typer.Option(help="Last day, inclusive. Without it: to the last day there is.")]
By = Annotated[
    str, typer.Option("--by", help="Dimensions, separated by commas: channel, campaign, manager, props.NAME …")
]
Formats = Annotated[Format, typer.Option("--format", "-f", help="table, json, csv, or xlsx (needs --output).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of the screen.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (report, ledger, reports):
        app.command(rich_help_panel="Ask")(command)


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="long_funnel, channels, pipeline … `longfunnel reports` lists them.")],
    by: By = "",
    since: Since = "",
    until: Until = "",
    compare: Annotated[str, typer.Option(help="previous (period) or year (the same days a year ago).")] = "",
    filter: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", "--where", "-w", help='"channel is Paid Search", "region != Moscow". Can be repeated.'
        ),
    ] = None,
    metrics: Annotated[str, typer.Option(help="Other columns than the report's own, separated by commas.")] = "",
    grain: Annotated[str, typer.Option(help="A row for each day, week, month, quarter or year.")] = "",
    basis: Annotated[str, typer.Option(help="Which date a number belongs to: touch, lead or payment.")] = "",
    model: Annotated[
        str, typer.Option(help="Who gets the credit: first, last, last_non_direct, linear, position, markov …")
    ] = "",
    window_days: Annotated[str, typer.Option(help="How many days before the lead a touch may lie.")] = "",
    as_of: Annotated[str, typer.Option(help="As known at this moment (YYYY-MM-DD, or with time, UTC).")] = "",
    sort: Annotated[str, typer.Option(help="Column to sort by; --sort=-cost for the largest first.")] = "",
    limit: Annotated[str, typer.Option(help="At most this many rows; the total stays whole.")] = "",
    option: Annotated[
        list[str] | None, typer.Option(help="What only this report knows: --option pipeline=B2B.")
    ] = None,
    format: Formats = Format.TABLE,
    output: Output = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print the SQL that makes the answer.")] = False,
) -> None:
    """Ask a report. Builds first when facts are newer than the last build."""
    settings: Context = context.obj
    asked = {
        "by": by, "since": since, "until": until, "compare": compare, "filters": filter or [], "metrics": metrics, "grain": grain,
        "basis": basis, "model": model, "window_days": window_days, "as_of": as_of, "sort": sort, "limit": limit, "options": option or [],
    }  # fmt: skip
    with settings.business() as business:
        with settings.progress() as progress:
            answer = business.ask(name, progress=progress, **{field: value for field, value in asked.items() if value})
        if explain:
            console.print(answer.sql, highlight=False, markup=False, soft_wrap=True)
            return
        print_answer(answer, business.settings, format=format, output=output)
        if output:
            error_console.print(f"[green]✓[/] {output}", highlight=False)


def ledger(
    context: typer.Context,
    reason: Annotated[str, typer.Argument(help="A reason's code: the rows behind it. Without it: the balance.")] = "",
    kind: Annotated[str, typer.Option(help="spend, deal or payment: rows of this kind only.")] = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(help="How many rows behind a reason to show.", min=1)] = 50,
    format: Formats = Format.TABLE,
    output: Output = None,
) -> None:
    """Where every unit of money stands: under a channel or under a named reason, with what to do about it."""
    settings: Context = context.obj
    with settings.business() as business:
        period = {"since": since, "until": until}
        with settings.progress() as progress:
            balance = business.ask("ledger", progress=progress, **period)
        if not reason:
            print_answer(balance, business.settings, format=format, output=output)
            return
        kinds = [kind] if kind else list(dict.fromkeys(row["kind"] for row in balance.rows if row["reason"] == reason))
        if len(kinds) > 1 and (output or format is not Format.TABLE):
            raise QuestionError(
                Text(
                    "Rows of several kinds stand behind {reason}: {kinds}.",
                    "За {reason} стоят строки разных разделов: {kinds}.",
                ).format(reason=reason, kinds=", ".join(kinds)),
                hint=Text("Name one: --kind {kind}", "Назовите один: --kind {kind}").format(kind=kinds[0]),
            )
        for one in kinds or ["spend"]:
            behind = business.ask("ledger", options={"kind": one, "reason": reason}, limit=limit, **period)
            if format is Format.TABLE:
                advice = next((row["advice"] for row in balance.rows if row["reason"] == reason), "")
                console.print()
                console.print(f"[bold]{one}[/] {advice}", highlight=False)
            print_answer(behind, business.settings, format=format, output=output)


def reports(context: typer.Context) -> None:
    """List the reports, dimensions and metrics."""
    from longfunnel.cli.catalogue import print_catalogue

    settings: Context = context.obj
    print_catalogue(settings)
