"""Commands of accounts: user add, list, role, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_rows
from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.state import Role

_ROLES = "owner, analyst, manager or viewer"
users = typer.Typer(help="Who may sign in to the pages.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The e-mail address of the account.")]
Url = Annotated[str, typer.Option(help="How browsers reach the server.")]
Manager = Annotated[str, typer.Option(help="For a manager: the name in the CRM whose deals they see.")]
_URL = "http://127.0.0.1:8700"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(users, name="user", rich_help_panel="Look after it")


@users.command()
def add(
    context: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option(help="What to call the person.", prompt="Name")],
    role: Annotated[str, typer.Option(help=f"{_ROLES}.")] = "viewer",
    manager: Manager = "",
    public_url: Url = _URL,
) -> None:
    """Make an account and print a link that sets its password, once, within an hour."""
    from longfunnel.app.access.accounts import RESET, add_user, link

    settings: Context = context.obj
    with settings.business() as business:
        user = add_user(business, email=email, name=name, role=_role(role), manager=manager)
        business.state.audit.add("command line", "user_added", detail=f"{user.email} {user.role}")
        console.print(link(business, RESET, public_url, user=user), highlight=False, markup=False, soft_wrap=True)


@users.command("list")
def list_(context: typer.Context) -> None:
    """List the accounts."""
    settings: Context = context.obj
    with settings.business() as business:
        rows = [
            {
                "email": user.email,
                "name": user.name,
                "role": user.role,
                "manager": user.manager,
                "second factor": "on" if user.has_totp else "",
                "access": "closed" if user.is_disabled else "",
            }
            for user in business.state.users.all()
        ]
    print_rows(rows, format=Format.TABLE)


@users.command()
def role(
    context: typer.Context,
    email: Email,
    role: Annotated[str, typer.Argument(help=f"{_ROLES}.")],
    manager: Manager = "",
) -> None:
    """Give an account another role; it has to sign in again."""
    from longfunnel.app.access.accounts import set_role

    settings: Context = context.obj
    wanted = _role(role)
    if wanted == "manager" and not manager:
        raise QuestionError(
            Text(
                "A manager needs the name that the CRM calls them.", "Менеджеру нужно имя, под которым его знает CRM."
            ),
            hint=Text("Add --manager 'Anna Peters'", "Добавьте --manager 'Анна Петрова'"),
        )
    with settings.business() as business:
        user = business.state.users.of(email)
        set_role(business, user, wanted, manager)
        business.state.audit.add("command line", "user_role", detail=f"{user.email} {wanted}")
    console.print(f"[green]✓[/] {user.email}: {wanted}", highlight=False)


@users.command()
def reset(context: typer.Context, email: Email, public_url: Url = _URL) -> None:
    """Turn the second factor off, sign the account out everywhere, and print a link that sets a new password."""
    from longfunnel.app.access.accounts import RESET, link

    settings: Context = context.obj
    with settings.business() as business:
        user = business.state.users.of(email)
        business.state.users.change(user.id, totp_secret="", disabled_at=None)
        business.state.audit.add("command line", "reset_link_made", detail=user.email)
        console.print(link(business, RESET, public_url, user=user), highlight=False, markup=False, soft_wrap=True)


def _role(word: str) -> Role:
    from longfunnel.state import ROLES  # the state's engine is slow to load: other commands do without

    if word not in ROLES:
        raise QuestionError(
            Text("There is no role «{word}».", "Роли «{word}» нет.").format(word=word) + did_you_mean(word, ROLES),
            hint=Text("Roles: {roles}.", "Роли: {roles}.").format(roles=", ".join(ROLES)),
        )
    return word
