"""Commands of the collector: up, key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from longfunnel.cli.context import Context, Format, console
from longfunnel.cli.render import print_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business
    from longfunnel.app.serving.up import Addresses

keys = typer.Typer(
    help="Secret keys of other systems that send events, leads, calls and payments.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(rich_help_panel="Collect")(up)
    app.add_typer(keys, name="key", rich_help_panel="Collect")


def up(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="The address to listen on; a proxy with TLS stands before it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8700,
    public_url: Annotated[str, typer.Option(help="How the world reaches the server, where that differs.")] = "",
) -> None:
    """Show the pages, answer the API and collect what happens on the site, until Ctrl-C. In an empty folder a business begins: the
    pages ask what it is called."""
    from longfunnel.app.access.accounts import first_link
    from longfunnel.app.init import begin

    settings: Context = context.obj
    begin(settings.directory)
    with settings.business(elsewhere=False) as business:
        url = public_url or f"http://{host}:{port}"

        def tell(addresses: Addresses) -> None:
            _tell(addresses)
            _tell_pages(url, first_link(business, url))
            console.file.flush()  # whoever reads a pipe or a log waits for the link

        serve_all(business, tell, host=host, port=port, public_url=public_url)


def serve_all(
    business: Business, tell: Callable[[Addresses], None], *, host: str, port: int, public_url: str = ""
) -> None:
    """Serve the collector, the pages and the commands of other processes until Ctrl-C; ``tell`` is called once they answer."""
    from longfunnel.app.serving.control import Control
    from longfunnel.app.serving.up import serve
    from longfunnel.cli.remote import carry_out, stop
    from longfunnel.web import make_app
    from longfunnel.web.warming import Warming

    serve(
        business, host=host, port=port, public_url=public_url, on_ready=tell, pages=make_app,
        control=lambda running: Control(running, carry_out, stop), go_ahead=Warming,
    )  # fmt: skip


def _tell_pages(url: str, first: str) -> None:
    if first:
        console.print("Nobody has an account yet. This link makes the first one, once, within a day:", highlight=False)
        console.print(f"  {first}", highlight=False, markup=False, soft_wrap=True)
    else:
        console.print(f"Pages: {url}", highlight=False, soft_wrap=True)


def _tell(addresses: Addresses) -> None:
    for site, line in addresses.tracker.items():
        console.print(f"[bold]{site}[/]: put this line into its pages:", highlight=False)
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    for name, address in addresses.hooks.items():
        console.print(f"[bold]{name}[/]: have it sent to {address}", highlight=False, soft_wrap=True)
    console.print(f"Collecting. Health: {addresses.health}. Stop with Ctrl-C.", highlight=False, soft_wrap=True)


@keys.command()
def add(
    context: typer.Context, name: Annotated[str, typer.Argument(help="The facts sent with it bear this name.")]
) -> None:
    """Make a key and show it, once."""
    settings: Context = context.obj
    with settings.business() as business:
        secret = business.state.api_keys.make(name)
    console.print(secret, highlight=False, markup=False)
    console.print("Keep it now: it is not shown again.", style="dim", highlight=False)


@keys.command()
def revoke(context: typer.Context, name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Let a key open nothing any more."""
    settings: Context = context.obj
    with settings.business() as business:
        business.state.api_keys.revoke(name)
    console.print(f"[green]✓[/] «{name}» opens nothing any more.", highlight=False)


@keys.command("list")
def list_(context: typer.Context) -> None:
    """List the keys, without their secrets."""
    settings: Context = context.obj
    with settings.business() as business:
        rows = [
            {"name": key.name, "made (UTC)": f"{key.made_at:%Y-%m-%d %H:%M}", "revoked": key.revoked_at or ""}
            for key in business.state.api_keys.all()
        ]
    print_rows(rows, format=Format.TABLE)
