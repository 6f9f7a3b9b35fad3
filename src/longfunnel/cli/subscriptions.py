"""Commands of reports by e-mail: subscriptions list, add, pause, resume, remove, send."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_rows
from longfunnel.core.errors import LongfunnelError, QuestionError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.state import User

subscriptions = typer.Typer(help="Reports that go out by e-mail on a schedule.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Its number, as `list` shows it.")]
Address = Annotated[
    str, typer.Argument(help="The address of a page, as the browser shows it: /channels?by=campaign&_period=30d")
]
To = Annotated[str, typer.Option("--to", help="E-mail addresses, with commas between.")]
Owner = Annotated[
    str, typer.Option("--as", help="Whose it is, and with whose rights it is asked; else the first owner.")
]
Name = Annotated[str, typer.Option(help="What to call it: the subject of its letters.")]
Language = Annotated[str, typer.Option(help="en or ru; else the business's.")]
Url = Annotated[str, typer.Option(help="How readers reach the server: where the links of letters lead.")]
Formats = Annotated[Format, typer.Option("--format", "-f", help="table, json or csv.")]
URL = "http://127.0.0.1:8700"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(subscriptions, name="subscriptions", rich_help_panel="Look after it")


@subscriptions.command("list")
def list_(context: typer.Context, format: Formats = Format.TABLE) -> None:
    """List the subscriptions: what is sent to whom and when, and what became of it."""
    settings: Context = context.obj
    with settings.business() as business:
        emails = {user.id: user.email for user in business.state.users.all()}
        more = [
            (one, {"owner": emails[one.user_id], "trouble": one.trouble}) for one in business.state.subscriptions.all()
        ]
    print_rows([_row(asdict(one) | own) for one, own in more], format=format)


@subscriptions.command()
def add(
    context: typer.Context,
    address: Address,
    to: To,
    every: Annotated[str, typer.Option(help="day, week or month.")] = "week",
    on: Annotated[str, typer.Option(help="mon … sun for a week, 1 … 31 for a month.")] = "",
    at: Annotated[str, typer.Option(help="The time, on the business's clock.")] = "09:00",
    name: Name = "",
    language: Language = "",
    owner: Owner = "",
) -> None:
    """Send a page's report by e-mail on a schedule."""
    from longfunnel.app.answering import Answering
    from longfunnel.app.letters.limits import read_recipients
    from longfunnel.app.letters.subscriptions import WEEKDAYS, Plan, read_minute, subscribe

    settings: Context = context.obj
    with settings.business() as business:
        page, query, title = page_of(address, language or business.settings.business.language)
        first = on or {"week": "mon", "month": "1"}.get(every, "0")
        day = (
            WEEKDAYS.index(first[:3].lower()) + 1
            if first[:3].lower() in WEEKDAYS
            else int(first)
            if first.isdecimal()
            else -1
        )
        minute = read_minute(at)
        plan = Plan(
            name or title, page, query, language or business.settings.business.language, read_recipients(to), every, day,
            -1 if minute is None else minute,
        )  # fmt: skip
        made = subscribe(Answering(business), user_of(business, owner), plan)
        business.state.audit.add(
            "command line", "subscription_added", detail=f"{made.name}: {', '.join(made.recipients)}"
        )
    console.print(f"[green]✓[/] {made.id}: {made.next_at:%Y-%m-%d %H:%M} UTC", highlight=False)


@subscriptions.command()
def pause(context: typer.Context, number: Number) -> None:
    """Send nothing of a subscription until it is resumed."""
    _set_paused(context, number, paused=True)


@subscriptions.command()
def resume(context: typer.Context, number: Number) -> None:
    """Let a paused subscription go on; what was missed is not sent."""
    _set_paused(context, number, paused=False)


@subscriptions.command()
def remove(context: typer.Context, number: Number) -> None:
    """Delete a subscription."""
    from longfunnel.app.letters.subscriptions import remove_subscription

    settings: Context = context.obj
    with settings.business() as business:
        gone = remove_subscription(business, user_of(business, ""), number)
        business.state.audit.add("command line", "subscription_remove", detail=gone.name)
    console.print(f"[green]✓[/] {gone.name}", highlight=False, markup=True)


@subscriptions.command()
def send(
    context: typer.Context,
    number: Number,
    to: Annotated[str, typer.Option("--to", help="Only to these addresses; else to all its recipients.")] = "",
    public_url: Url = URL,
    format: Formats = Format.TABLE,
) -> None:
    """Send a subscription's letter now, and say what became of it. Fails when the mail server took none of it."""
    from longfunnel.app.answering import Answering
    from longfunnel.app.business import now
    from longfunnel.app.letters.limits import read_recipients
    from longfunnel.app.letters.sending import send_now
    from longfunnel.app.letters.subscriptions import own_subscription

    settings: Context = context.obj
    with settings.business() as business:
        subscription = own_subscription(business, user_of(business, ""), number)
        recipients = read_recipients(to) or subscription.recipients
        letters = send_now(Answering(business), subscription, recipients, now(), public_url.rstrip("/"))
        business.state.audit.add("command line", "subscription_send", detail=subscription.name)
    print_rows(
        [
            {"recipient": one.recipient, "sent_at": one.sent_at, "try_at": one.try_at, "trouble": one.trouble}
            for one in letters
        ],
        format=format,
    )
    if not any(one.sent_at for one in letters):
        raise LongfunnelError(
            Text("Nothing was sent.", "Ничего не отправлено."),
            hint=Text(
                "The list says why, and when it is tried again.", "В списке сказано почему и когда будет повтор."
            ),
        )


def user_of(business: Business, email: str) -> User:
    """The user of that address, or the first owner who may sign in. Raises QuestionError when there is none."""
    if email:
        return business.state.users.of(email)
    for user in business.state.users.all():
        if user.role == "owner" and not user.is_disabled:
            return user
    raise QuestionError(
        Text(
            "Nobody has an account yet, and a letter is asked with somebody's rights.",
            "Аккаунтов пока нет, а письмо отправляется с чьими-то правами.",
        ),
        hint=Text(
            "Add one: longfunnel user add EMAIL --role owner", "Добавьте: longfunnel user add ПОЧТА --role owner"
        ),
    )


def page_of(address: str, language: str) -> tuple[str, str, str]:
    """The page, the question and the title that an address names. Raises QuestionError with the pages that there are."""
    from urllib.parse import parse_qsl, urlencode, urlsplit

    from longfunnel.reports import reports
    from longfunnel.web.page import pages  # only here: the pages take a while to load

    parts = urlsplit(address)
    known = {page.path: page.routes[0].report for page in pages().values() if page.nav and page.routes[0].report}
    path = "/" + parts.path.strip("/")
    if path not in known:
        raise QuestionError(
            Text("No page with a report stands at «{path}».", "Страницы с отчётом по адресу «{path}» нет.").format(
                path=path
            ),
            hint=Text("Pages: {pages}.", "Страницы: {pages}.").format(pages=", ".join(sorted(known))),
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    asked = pairs if any(key == "report" for key, _ in pairs) else [("report", known[path]), *pairs]
    report = reports().get(dict(asked)["report"])
    title = report.title.to("ru" if language == "ru" else "en") if report else path
    return path, urlencode(asked), title


def _set_paused(context: typer.Context, number: int, *, paused: bool) -> None:
    from longfunnel.app.letters.subscriptions import pause_subscription

    settings: Context = context.obj
    with settings.business() as business:
        changed = pause_subscription(business, user_of(business, ""), number, paused=paused)
        verb = "subscription_pause" if paused else "subscription_resume"
        business.state.audit.add("command line", verb, detail=changed.name)
    console.print(f"[green]✓[/] {changed.name}", highlight=False)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "page",
        "query",
        "language",
        "every",
        "on_day",
        "minute",
        "owner",
        "next_at",
        "sent_at",
        "paused_at",
        "trouble",
    )
    return {name: row[name] for name in names} | {"recipients": ", ".join(row["recipients"])}
