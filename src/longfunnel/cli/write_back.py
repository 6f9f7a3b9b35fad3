"""Commands of write-back: show the plan, carry it out, look at the log, take it back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, Format, agreed, console
from longfunnel.cli.render import print_rows
from longfunnel.core.errors import LongfunnelError, NothingYetError, QuestionError, did_you_mean, together
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.app.write_back import Planned
    from longfunnel.core.settings import WriteBack

_SHOWN = 20
writing = typer.Typer(
    help="Put what is known back into connected systems: each deal's source into the CRM, won deals into the ads.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(writing, name="write-back", rich_help_panel="Bring data in")


@writing.command("plan")
def plan_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A [[write_back]] by name; all when none is given.")] = "",
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Show what would be written. Nothing is changed."""
    from longfunnel.app.write_back import plan

    settings: Context = context.obj
    with settings.business() as business:
        for rule in _rules(business, name):
            planned = asyncio.run(plan(business, rule))
            _show(planned, format)


@writing.command()
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A [[write_back]] by name; all when none is given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
) -> None:
    """Write what the plan shows, after asking. What is written is in the log and can be undone."""
    from longfunnel.app.write_back import carry_out, plan

    settings: Context = context.obj
    with settings.business() as business:
        troubles: list[str] = []
        for rule in _rules(business, name):
            planned = asyncio.run(plan(business, rule))
            _show(planned, Format.TABLE)
            many = len(planned.changes) + len(planned.conversions) + sum(map(len, planned.unsure.values()))
            if not many:
                continue
            if not yes and not agreed(f"Write {many:,} values into «{rule.to}»?", default=False):
                continue
            with settings.progress() as progress:
                done = asyncio.run(carry_out(business, planned, progress or (lambda *_: None)))
            console.print(
                f"[green]✓[/] {rule.name}: {done.written:,} values and {done.conversions:,} conversions written.",
                highlight=False,
            )
            troubles += [f"{record}: {why}" for record, why in done.failed.items()]
        if troubles:
            intro = Text("{count:,} records were refused:", "Не приняты записи ({count}):").format(count=len(troubles))
            raise LongfunnelError(together(troubles[:_SHOWN], intro))


@writing.command()
def undo(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A [[write_back]] by name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Put back what stood there before, where what was written stands there still. Conversions cannot be taken back."""
    from longfunnel.app.write_back import undo as take_back
    from longfunnel.app.write_back.log import done as written

    settings: Context = context.obj
    with settings.business() as business:
        rule = _rules(business, name)[0]
        many = len(written(business.warehouse, rule.name))
        if not many:
            console.print("Nothing of it is written.", highlight=False)
            return
        if not yes and not agreed(f"Take back {many:,} values from «{rule.to}»?", default=False):
            return
        with settings.progress() as progress:
            done = asyncio.run(take_back(business, rule, progress or (lambda *_: None)))
    console.print(f"[green]✓[/] {done.written:,} values are as they were.", highlight=False)


@writing.command("log")
def log_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A [[write_back]] by name; all when none is given.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Show what was written, where, what stood there before, and what came of it."""
    from longfunnel.app.write_back.log import entries

    settings: Context = context.obj
    with settings.business() as business:
        rows = [
            {"at": write.at, "rule": write.rule, "to": write.source, "record": f"{write.fact} {write.record_id}", "field": write.field,
             "was": write.was, "became": write.became, "state": write.state, "told": write.told}
            for write in entries(business.warehouse, rule=name, limit=limit)
        ]  # fmt: skip
    if not rows and format is Format.TABLE:
        console.print("Nothing was written yet.", highlight=False)
        return
    print_rows(rows, format=format)


def _rules(business: Business, name: str) -> list[WriteBack]:
    rules = list(business.settings.write_back)
    if not rules:
        raise NothingYetError(
            Text("Nothing is to be written back.", "Обратно писать нечего."),
            hint=Text(
                'Say what in longfunnel.toml: [[write_back]] name = "sources", to = "crm".',
                'Задайте в longfunnel.toml: [[write_back]] name = "sources", to = "crm".',
            ),
        )
    known = [rule.name for rule in rules]
    if name and name not in known:
        raise QuestionError(
            Text("There is no [[write_back]] «{name}».", "[[write_back]] «{name}» нет.").format(name=name)
            + did_you_mean(name, known)
        )
    return [rule for rule in rules if not name or rule.name == name]


def _show(planned: Planned, format: Format) -> None:
    rows = [
        {
            "record": f"{change.fact} {change.record_id}",
            "field": change.field,
            "is": change.was,
            "becomes": change.becomes,
        }
        for change in planned.changes
    ]
    unsure = [one for some in planned.unsure.values() for one in some]
    rows += [
        {
            "record": f"deal {one.deal_id}",
            "field": planned.rule.target,
            "is": "",
            "becomes": f"{one.amount} {one.currency}",
        }
        for one in [*unsure, *planned.conversions]
    ]
    if format is not Format.TABLE:
        print_rows(rows, format=format)
        return
    if rows:
        print_rows(rows[:_SHOWN], format=format)
    left = [
        (len(rows) - _SHOWN, "{:,} more"),
        (len(planned.same), "{:,} values are there already"),
        (len(planned.kept), "{:,} hold something that a person wrote, and stay"),
        (planned.gone, "{:,} records are gone"),
        (planned.without, "{:,} deals have nothing that the system knows a person by"),
    ]
    told = ", ".join(text.format(many) for many, text in left if many > 0)
    console.print(f"{planned.rule.name}: {len(rows):,} to write" + (f"; {told}." if told else "."), highlight=False)
