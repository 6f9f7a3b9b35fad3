"""Commands of matching cost to visits: match, match propose, match accept."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text as Styled

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_answer, print_rows
from longfunnel.core.errors import QuestionError
from longfunnel.core.money import show_money
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.matching import Apart, State
    from longfunnel.core.matching import MatchRule
    from longfunnel.core.settings import Business, Language
    from longfunnel.journeys.matching.propose import Proposal

match = typer.Typer(help="How cost meets the visits and leads that it brought, and rules that join more of it.")
Formats = Annotated[Format, typer.Option(help="table or json.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(match, name="match", rich_help_panel="Ask")


@match.callback(invoke_without_command=True)
def show(context: typer.Context, format: Formats = Format.TABLE) -> None:
    """How cost meets visits: money by level, what each rule joins, and what stands apart."""
    if context.invoked_subcommand:
        return
    from longfunnel.app.matching import state

    _check(format)
    settings: Context = context.obj
    with settings.business() as business:
        found = state(business)
        if format is Format.JSON:
            sys.stdout.write(json.dumps(_as_json(found), ensure_ascii=False, default=str, indent=2) + "\n")
            return
        print_answer(found.levels, business.settings)
    _print_rules(found)
    for title, some in (("Campaigns without visits", found.campaigns), ("Links that meet no spend", found.links)):
        if some:
            console.print(f"\n[bold]{title}[/]")
            print_rows([_shown(one, business.settings.business) for one in some], format=Format.TABLE)
    if found.campaigns and found.links:
        console.print("\nRules that may join them: [bold]longfunnel match propose[/]")


@match.command()
def propose(context: typer.Context, format: Formats = Format.TABLE) -> None:
    """Propose rules for what stands apart, each with its evidence and what it would join. Changes nothing."""
    from longfunnel.app.matching import proposals, rule_values

    _check(format)
    settings: Context = context.obj
    with settings.business() as business:
        found = proposals(business)
        language, currency = business.settings.business.language, business.settings.business.currency
    if format is Format.JSON:
        rows = [
            {
                "number": number, "name": one.name, "rule": rule_values(one.rule), "confidence": one.confidence,
                "evidence": [text.to(language) for text in one.evidence], "cost": str(one.cost), "campaigns": one.campaigns,
                "visits": one.visits, "leads": one.leads, "examples": [list(pair) for pair in one.examples],
            }
            for number, one in enumerate(found, 1)
        ]  # fmt: skip
        print_rows(rows, format=format)
        return
    for number, one in enumerate(found, 1):
        _print_proposal(number, one, language, currency)
    if found:
        console.print("\nPut one into longfunnel.toml: [bold]longfunnel match accept 1[/]")
    else:
        console.print("Nothing to propose: what stands apart has nothing in common.")


@match.command()
def accept(
    context: typer.Context,
    numbers: Annotated[list[int], typer.Argument(help="Numbers of the proposals, as `match propose` counts them.")],
) -> None:
    """Write proposals into longfunnel.toml as [[match]] rules; the next build follows them."""
    from longfunnel.app.matching import accept as write
    from longfunnel.app.matching import chosen, proposals

    settings: Context = context.obj
    with settings.business() as business:
        rules = [one.rule for one in chosen(proposals(business), numbers)]
        write(business, rules)
        business.state.audit.add("command line", "settings_changed", detail=f"match: {len(rules)} accepted")
        name = business.settings_file.name
    for rule in rules:
        _print_rule(rule)
    console.print(
        f"[green]✓[/] written into {name}. Numbers follow at the next build: longfunnel build", highlight=False
    )


def _check(format: Format) -> None:
    if format not in (Format.TABLE, Format.JSON):
        raise QuestionError(Text("match prints table or json.", "match печатает table или json."))


def _as_json(found: State) -> dict[str, Any]:
    from longfunnel.app.matching import rule_values

    return {
        "levels": found.levels.rows,
        "rules": [{"rule": rule_values(rule), "visits": visits, "campaigns": campaigns} for rule, visits, campaigns in found.rules],
        "default_rules": [{"rule": rule_values(rule), "visits": visits, "campaigns": campaigns} for rule, visits, campaigns in found.defaults],
        "campaigns_without_visits": [asdict(one) for one in found.campaigns],
        "links_without_spend": [asdict(one) for one in found.links],
    }  # fmt: skip


def _print_rules(found: State) -> None:
    console.print("\n[bold]Rules[/]")
    rows = [
        {"rule": _said(rule), "visits": f"{visits:,}", "campaigns": campaigns}
        for rule, visits, campaigns in (*found.rules, *found.defaults)
    ]
    print_rows(rows, format=Format.TABLE)


def _shown(one: Apart, business: Business) -> dict[str, Any]:
    row = {name: value for name, value in asdict(one).items() if value is not None}
    if one.amount is not None:
        row["amount"] = show_money(one.amount, business.currency, business.language)
    return row


def _said(rule: MatchRule) -> str:
    from longfunnel.app.matching import rule_values

    return " ".join(f"{name}={value}" for name, value in rule_values(rule).items())


def _print_rule(rule: MatchRule) -> None:
    from longfunnel.app.matching import rule_values

    console.print(Styled("  [[match]]", style="cyan"))
    for name, value in rule_values(rule).items():
        console.print(Styled(f"  {name} = {json.dumps(value, ensure_ascii=False)}", style="cyan"), highlight=False)


def _print_proposal(number: int, one: Proposal, language: Language, currency: str) -> None:
    joins = f"{show_money(one.cost, currency, language)}, {one.visits:,} visits, {one.leads:,} leads of their own"
    console.print(f"\n[bold]{number}.[/] {one.confidence:.0%} sure, would join {joins}", highlight=False)
    _print_rule(one.rule)
    for text in one.evidence:
        console.print(Styled(f"  • {text.to(language)}"), highlight=False)
    for campaign, mark in one.examples:
        console.print(Styled(f"    {campaign} ← {mark}", style="dim"), highlight=False)
