"""Commands about your own steps: funnel, why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text as Styled

from longfunnel.cli.ask import By, Formats, Output, Since, Until  # noqa: TC001 - typer reads the annotations when it runs
from longfunnel.cli.context import Context, Format, console, error_console
from longfunnel.cli.render import print_answer, print_rows
from longfunnel.cli.table import quiet_table
from longfunnel.core.errors import QuestionError
from longfunnel.core.money import UNKNOWN, show_days, show_money, show_number, show_share
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.core.settings import Settings
    from longfunnel.reports import Answer
    from longfunnel.reports import Context as Asking

Steps = Annotated[
    str, typer.Option(help='"page:/pricing*, lead, deal.won": any-of with |, optional with ?, within 2d.')
]
Window = Annotated[str, typer.Option(help="Longest time from the first step to the last: 30d, 12h.")]
Order = Annotated[str, typer.Option(help="ordered, strict or any.")]
Ties = Annotated[str, typer.Option(help="Events of one instant: either, recorded or after.")]
Count = Annotated[str, typer.Option(help="persons, sessions or attempts.")]
Exclude = Annotated[str, typer.Option(help='Events that void an attempt, with their scope: "refund@1-3".')]
Hold = Annotated[str, typer.Option(help="A property equal at every step: deal, product, props.NAME.")]
Filters = Annotated[list[str] | None, typer.Option("--filter", "--where", "-w", help="Of the event that enters.")]

_BAR = 28


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (funnel, why):
        app.command(rich_help_panel="Ask")(command)


def funnel(
    context: typer.Context,
    steps: Steps,
    window: Window = "",
    by: By = "",
    order: Order = "",
    ties: Ties = "",
    count: Count = "",
    exclude: Exclude = "",
    hold: Hold = "",
    breakdown_at: Annotated[str, typer.Option(help="Step at which --by is read: first, last or a number.")] = "",
    since: Since = "",
    until: Until = "",
    compare: Annotated[str, typer.Option(help="previous (period) or year.")] = "",
    filter: Filters = None,
    grain: Annotated[str, typer.Option(help="By day, week, month, quarter or year of entry.")] = "",
    histogram: Annotated[str, typer.Option(help="Times between two steps instead: 1-3.")] = "",
    as_of: Annotated[str, typer.Option(help="As known at this moment.")] = "",
    limit: Annotated[str, typer.Option(help="At most so many values of --by.")] = "",
    people: Annotated[int, typer.Option(help="Show who reached this step instead.", min=0)] = 0,
    lost: Annotated[int, typer.Option(help="Show who was lost before this step instead.", min=0)] = 0,
    format: Formats = Format.TABLE,
    output: Output = None,
) -> None:
    """How many reach each of your steps, how soon, and who is lost where. Steps are explained in docs/reference/steps.md."""
    settings: Context = context.obj
    asked = {
        "steps": steps, "window": window, "order": order, "ties": ties, "count": count, "exclude": exclude, "hold": hold,
        "breakdown_at": breakdown_at, "by": by, "since": since, "until": until, "compare": compare, "filters": filter or [],
        "grain": grain, "histogram": histogram, "as_of": as_of, "limit": limit,
    }  # fmt: skip
    if people and lost:
        raise QuestionError(
            Text(
                "--people and --lost exclude each other: ask twice.",
                "--people и --lost вместе не бывают: спросите дважды.",
            )
        )
    with settings.business() as business:
        with settings.progress() as progress:
            answer = business.ask(
                "funnel", progress=progress, **{name: value for name, value in asked.items() if value}
            )
        if people or lost:
            from longfunnel.app.build import schema_of
            from longfunnel.reports import Context as Asking

            asking = Asking(business.warehouse, business.settings, schema_of(answer.question.as_of))
            _print_people(asking, answer, people or lost, lost=bool(lost), format=format, output=output)
        elif format is Format.TABLE and output is None and not grain and not histogram:
            _draw(answer, business.settings)
        else:
            print_answer(answer, business.settings, format=format, output=output)


def why(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Number, phone, e-mail, or an id as lead:15.")],
    steps: Steps,
    window: Window = "",
    order: Order = "",
    ties: Ties = "",
    count: Count = "",
    exclude: Exclude = "",
    hold: Hold = "",
    since: Since = "",
    until: Until = "",
    filter: Filters = None,
    as_of: Annotated[str, typer.Option(help="As known at this moment.")] = "",
    format: Formats = Format.TABLE,
    output: Output = None,
) -> None:
    """Why one person is, or is not, in a step of the funnel: their events and the rule that decided."""
    settings: Context = context.obj
    asked = {
        "person": person, "steps": steps, "window": window, "order": order, "ties": ties, "count": count, "exclude": exclude,
        "hold": hold, "since": since, "until": until, "filters": filter or [], "as_of": as_of,
    }  # fmt: skip
    with settings.business() as business:
        with settings.progress() as progress:
            answer = business.ask("why", progress=progress, **{name: value for name, value in asked.items() if value})
        print_answer(answer, business.settings, format=format, output=output)


def _print_people(asking: Asking, answer: Answer, step: int, *, lost: bool, format: Format, output: Any) -> None:
    """Who is behind a bar or a gap."""
    from longfunnel.reports._funnel.people import people_behind  # brings a compiler with it

    limit = 100
    found, total = people_behind(asking, answer.question, step, lost=lost, limit=limit)
    rows = [asdict(one) | {"identifiers": ", ".join(one.identifiers)} for one in found]
    print_rows(rows, format=format, output=output)
    if format is Format.TABLE and total > limit:
        error_console.print(f"{total} in all; the latest {limit} are shown.", style="dim", highlight=False)


def _draw(answer: Answer, settings: Settings) -> None:
    """A bar per step, each value of the cut as a block of its own."""
    language = settings.business.language
    console.print(Styled(answer.title.to(language), style="bold"), highlight=False)
    blocks: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in answer.rows:
        blocks.setdefault(tuple(row[name] for name in answer.question.by), []).append(row)
    widest = max((row["count"] for row in answer.rows), default=0)
    has_money = any(row["revenue"] is not None for row in answer.rows)
    is_compared = bool(answer.question.compare)
    for key, rows in blocks.items():
        if key:
            console.print(
                Styled("\n" + " · ".join(UNKNOWN if value is None else str(value) for value in key), style="bold"),
                highlight=False,
            )
        titles = ["", "", "", answer.column("count").title.to(language)]
        titles += [
            answer.column(name).title.to(language)
            for name in ("conversion", "conversion_from_first", "lost", "median_days")
        ]
        titles += [answer.column("revenue").title.to(language)] if has_money else []
        titles += [answer.column("count_before").title.to(language)] if is_compared else []
        table = quiet_table()
        for place, title in enumerate(titles):
            table.add_column(
                title,
                justify="left" if place in (1, 2) else "right",
                no_wrap=place != 1,
                max_width=40 if place == 1 else None,
            )
        for row in rows:
            cells = [
                str(row["step"]),
                row["title"],
                _bar(row["count"], widest),
                show_number(row["count"], language),
                show_share(row["conversion"], language),
                show_share(row["conversion_from_first"], language),
                show_number(row["lost"], language),
                _time(row["median_days"], settings),
            ]
            cells += [show_money(row["revenue"], settings.business.currency, language)] if has_money else []
            cells += [show_number(row["count_before"], language)] if is_compared else []
            table.add_row(*(Styled(cell, style="cyan" if place == 2 else "") for place, cell in enumerate(cells)))
        console.print(table)
    for caveat in answer.caveats:
        console.print(Styled(f"• {caveat.text.to(language)}", style="yellow"), highlight=False)


def _bar(count: int, widest: int) -> str:
    """Blocks in eighths; anything above zero shows."""
    eighths = max(1, round(count / widest * _BAR * 8)) if count and widest else 0
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def _time(days: float | None, settings: Settings) -> str:
    """As elsewhere, and seconds below a minute."""
    language = settings.business.language
    if days is not None and 0 < days < 1 / 1440:
        return f"{show_number(days * 86_400, language)} {Text('s', 'с').to(language)}"
    return show_days(days, language)
