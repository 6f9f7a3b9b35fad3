"""Lists what can be asked: reports, dimensions, metrics, in the business's language where there is a business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from longfunnel.cli.context import Context, console
from longfunnel.core.errors import LongfunnelError
from longfunnel.dimensions import dimensions
from longfunnel.metrics import metrics
from longfunnel.reports import reports

if TYPE_CHECKING:
    from longfunnel.core.settings import Language


def print_catalogue(context: Context) -> None:
    """Three lists: name, title, meaning."""
    language = _language(context)
    for heading, entries in (
        ("reports", reports()),
        ("dimensions (--by)", dimensions()),
        ("metrics (--metrics)", metrics()),
    ):
        table = Table(
            box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, title=heading, title_justify="left"
        )
        for name, entry in entries.items():
            meaning = entry.meaning.to(language).split("\n")[0]
            table.add_row(f"[bold]{name}[/]", entry.title.to(language), f"[dim]{meaning}[/]")
        console.print(table)
        console.print()


def _language(context: Context) -> Language:
    try:
        with context.business() as business:
            return business.settings.business.language
    except LongfunnelError:
        return "en"
