"""Commands about who is who: person, cut, join, block, undo, decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, Format, agreed, console
from longfunnel.cli.render import print_rows

if TYPE_CHECKING:
    from longfunnel.people import Preview
    from longfunnel.state import Verb

First = Annotated[str, typer.Argument(help="kind:value, as email:ivan@example.ru or lead:15@bitrix24.")]
Why = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (person, cut, join, block, undo, decisions):
        app.command(rich_help_panel="Who is who")(command)


def person(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="A phone, an e-mail, an id (kind:value), or a person's number.")],
    format: Annotated[Format, typer.Option(help="table, json or csv.")] = Format.TABLE,
) -> None:
    """Show a person's identifiers, and the evidence that they are one."""
    from longfunnel.app.people.identity import person as run

    settings: Context = context.obj
    with settings.business() as business:
        known = run(business, text)
    if format is not Format.TABLE:
        rows = [
            {"a": str(link.a), "b": str(link.b), "fact": link.fact, "source": link.source_system, "rows": link.facts, "status": link.status}
            for link in known.links
        ]  # fmt: skip
        print_rows(rows, format=format)
        return
    console.print(f"[bold]Person {known.person_id}[/]", highlight=False)
    print_rows(
        [
            {
                "identifier": str(one.identifier),
                "rows": one.facts,
                "first seen (UTC)": one.first_seen_at,
                "last seen (UTC)": one.last_seen_at,
            }
            for one in known.identifiers
        ],
        format=Format.TABLE,
    )
    console.print("\n[bold]Evidence[/]", highlight=False)
    print_rows(
        [
            {
                "": {"holds": "✓", "shared": "shared", "cut": "cut"}[link.status],
                "one": str(link.a),
                "other": str(link.b),
                "said by": f"{link.fact} of {link.source_system}" if link.source_system else link.fact,
                "rows": link.facts,
            }
            for link in known.links
        ],
        format=Format.TABLE,
    )


def cut(context: typer.Context, first: First, second: First, why: Why = "", yes: Yes = False) -> None:
    """Decide that two identifiers are not one person. Shows what would change, and asks."""
    _decide(context, "cut", first, second, why=why, yes=yes)


def join(context: typer.Context, first: First, second: First, why: Why = "", yes: Yes = False) -> None:
    """Decide that two identifiers are one person. Shows what would change, and asks."""
    _decide(context, "join", first, second, why=why, yes=yes)


def block(context: typer.Context, first: First, why: Why = "", yes: Yes = False) -> None:
    """Decide that an identifier links nobody, as an office phone. Shows what would change, and asks."""
    _decide(context, "block", first, "", why=why, yes=yes)


def undo(context: typer.Context, number: Annotated[int, typer.Argument(help="The decision's number.")]) -> None:
    """Undo a decision: as if it had never been."""
    from longfunnel.app.people.identity import undo_decision

    settings: Context = context.obj
    with settings.business() as business:
        undo_decision(business, number)
    console.print(f"[green]✓[/] Decision {number} is undone.", highlight=False)


def decisions(context: typer.Context) -> None:
    """List what people decided, undone decisions too."""
    settings: Context = context.obj
    with settings.business() as business:
        taken = business.decisions()
    if not taken:
        console.print("Nobody has decided anything about identity yet.", highlight=False)
        return
    rows = [
        {
            "number": one.id,
            "decision": one.verb,
            "one": f"{one.kind_a}:{one.value_a}",
            "other": f"{one.kind_b}:{one.value_b}" if one.kind_b else "",
            "by": one.decided_by,
            "why": one.why,
            "at (UTC)": f"{one.decided_at:%Y-%m-%d %H:%M}",
            "undone": f"{one.undone_at:%Y-%m-%d %H:%M}" if one.undone_at else "",
        }
        for one in taken
    ]
    print_rows(rows, format=Format.TABLE)


def _decide(context: typer.Context, verb: Verb, first: str, second: str, *, why: str, yes: bool) -> None:
    from longfunnel.app.people.identity import propose_decision, take_decision

    settings: Context = context.obj
    with settings.business() as business:
        taken, change = propose_decision(business, verb, first, second, why=why)
        _print_preview(change)
        if not yes and not agreed("Do it?", default=False):
            console.print("Nothing was changed.", highlight=False)
            return
        kept = take_decision(business, taken)
    console.print(f"[green]✓[/] Decision {kept.id}. Undo it with: longfunnel undo {kept.id}", highlight=False)


def _print_preview(change: Preview) -> None:
    if not change.before and not change.after:
        console.print("Nobody would change: other evidence holds them as they are.", highlight=False)
        return
    for heading, groups in (("Now", change.before), ("Then", change.after)):
        console.print(f"[bold]{heading}[/]", highlight=False)
        for group in groups:
            who = f"person {group.person_id}" if group.person_id is not None else "nobody"
            console.print(f"  {who}: {', '.join(str(one) for one in group.identifiers)}", highlight=False)
