"""Commands of alerts: alerts list, add, pause, resume, remove, check."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_rows
from longfunnel.cli.subscriptions import (
    URL,
    Address,
    Formats,
    Language,
    Name,
    Number,
    Owner,
    To,
    Url,
    page_of,
    user_of,
)

alerts = typer.Typer(
    help="Numbers that are watched: a letter when one leaves its bounds, another when it is back.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(alerts, name="alerts", rich_help_panel="Look after it")


@alerts.command("list")
def list_(context: typer.Context, format: Formats = Format.TABLE) -> None:
    """List the alerts: what is watched, and how it stands."""
    settings: Context = context.obj
    with settings.business() as business:
        emails = {user.id: user.email for user in business.state.users.all()}
        more = [(one, {"owner": emails[one.user_id], "trouble": one.trouble}) for one in business.state.alerts.all()]
    print_rows([_row(asdict(one) | own) for one, own in more], format=format)


@alerts.command()
def add(
    context: typer.Context,
    address: Address,
    metric: Annotated[str, typer.Argument(help="The number to watch: leads, cpl, revenue …")],
    to: To,
    above: Annotated[str, typer.Option(help="Tell when it rises above this; a share in percent.")] = "",
    below: Annotated[str, typer.Option(help="Tell when it falls below this.")] = "",
    name: Name = "",
    language: Language = "",
    owner: Owner = "",
) -> None:
    """Watch a number of a page's report: above or below a threshold, else an unusual change for the weekday."""
    from longfunnel.app.answering import Answering
    from longfunnel.app.letters.alerts import AlertPlan, add_alert, read_threshold, watchable_metrics
    from longfunnel.app.letters.limits import read_recipients

    settings: Context = context.obj
    with settings.business() as business:
        spoken = language or business.settings.business.language
        page, query, _ = page_of(address, spoken)
        answering, user = Answering(business), user_of(business, owner)
        known = watchable_metrics(answering, user, query)
        form = known[metric].format if metric in known else ""
        rule = "above" if above else "below" if below else "unusual"
        plan = AlertPlan(
            name or f"{metric} {rule} {above or below}".strip(), page, query, spoken, read_recipients(to), metric, rule,
            read_threshold(above or below, form),
        )  # fmt: skip
        made = add_alert(answering, user, plan)
        business.state.audit.add("command line", "alert_added", detail=f"{made.name}: {', '.join(made.recipients)}")
    console.print(f"[green]✓[/] {made.id}: {made.name}", highlight=False)


@alerts.command()
def pause(context: typer.Context, number: Number) -> None:
    """Look at an alert's number no more until it is resumed."""
    _set_paused(context, number, paused=True)


@alerts.command()
def resume(context: typer.Context, number: Number) -> None:
    """Let a paused alert go on."""
    _set_paused(context, number, paused=False)


@alerts.command()
def remove(context: typer.Context, number: Number) -> None:
    """Delete an alert."""
    from longfunnel.app.letters.alerts import remove_alert

    settings: Context = context.obj
    with settings.business() as business:
        gone = remove_alert(business, user_of(business, ""), number)
        business.state.audit.add("command line", "alert_remove", detail=gone.name)
    console.print(f"[green]✓[/] {gone.name}", highlight=False)


@alerts.command()
def check(context: typer.Context, public_url: Url = URL, format: Formats = Format.TABLE) -> None:
    """Look at every alert's number now, send what there is to tell, and list how they stand. A running server does this by itself."""
    from longfunnel.app.answering import Answering
    from longfunnel.app.business import now
    from longfunnel.app.letters.checking import check_alerts
    from longfunnel.app.letters.sending import deliver

    settings: Context = context.obj
    with settings.business() as business:
        answering = Answering(business)
        check_alerts(answering, now())
        deliver(answering, now(), public_url.rstrip("/"))
    list_(context, format=format)


def _set_paused(context: typer.Context, number: int, *, paused: bool) -> None:
    from longfunnel.app.letters.alerts import pause_alert

    settings: Context = context.obj
    with settings.business() as business:
        changed = pause_alert(business, user_of(business, ""), number, paused=paused)
        business.state.audit.add("command line", "alert_pause" if paused else "alert_resume", detail=changed.name)
    console.print(f"[green]✓[/] {changed.name}", highlight=False)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "page",
        "query",
        "metric",
        "rule",
        "threshold",
        "state",
        "episode",
        "alarm_at",
        "checked_at",
        "paused_at",
        "owner",
        "trouble",
    )
    return {name: row[name] for name in names} | {"recipients": ", ".join(row["recipients"])}
