"""What commands print: answers in the asked format, imports, proposals, plain rows."""

from __future__ import annotations

import csv
import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.text import Text as Styled

from longfunnel.cli.context import Format, console, speaks
from longfunnel.cli.table import print_table, quiet_table
from longfunnel.core.errors import QuestionError
from longfunnel.core.money import UNKNOWN
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.connect import ImportReport, Proposal
    from longfunnel.core.settings import Language, Settings
    from longfunnel.reports import Answer

_WIDEST = 40


def print_answer(
    answer: Answer, settings: Settings, *, format: Format = Format.TABLE, output: Path | None = None
) -> None:
    """An answer in the asked format, on the screen or into a file. XLSX needs a file."""
    match format:
        case Format.XLSX:
            if output is None:
                raise QuestionError(
                    Text("XLSX is not text: it needs a file.", "XLSX — не текст: нужен файл."),
                    hint=Text("Add --output FILE.xlsx", "Добавьте --output ФАЙЛ.xlsx"),
                )
            answer.to_xlsx(output)
        case Format.JSON:
            _write(answer.to_json(), output)
        case Format.CSV:
            _write(answer.to_csv(), output)
        case Format.TABLE if output is not None:
            raise QuestionError(
                Text("A table is for the screen.", "Таблица — для экрана."),
                hint=Text(
                    "Add --format csv, json or xlsx to --output.",
                    "Добавьте к --output формат: --format csv, json или xlsx.",
                ),
            )
        case Format.TABLE:
            print_table(answer, settings.business.language)


def print_imports(reports: list[ImportReport], language: Language) -> None:
    """One line a source: rows read, new, changed, known, set aside; then what should be known."""
    table = quiet_table()
    for title in ("source", "fact", "rows", "new", "changed", "known", "quarantined"):
        table.add_column(title, justify="left" if title in {"source", "fact"} else "right")
    for report in reports:
        counts = (report.read, report.added, report.changed, report.same, report.quarantined)
        cells = [Styled(f"{count:,}", style="" if count else "dim") for count in counts]
        if report.quarantined:
            cells[-1].stylize("yellow")
        table.add_row(report.source, report.fact, *cells)
    console.print(table)
    for report in reports:
        for text in report.said:
            console.print(Styled(f"• {report.source}: {text.to(language)}", style="yellow"), highlight=False)


def print_proposal(proposal: Proposal, language: Language) -> None:
    """What a file seems to be, how its columns become ours, and its first rows as understood."""
    console.print()
    console.print(
        Styled(str(proposal.file), style="bold"),
        Styled(f"→ {proposal.source.fact}", style="bold green"),
        Styled(proposal.why.to(language), style="dim"),
    )
    table = quiet_table()
    filled = [name for name in (proposal.sample or [{}])[0] if any(row[name] is not None for row in proposal.sample)]
    for name in filled:
        table.add_column(name, max_width=24, overflow="ellipsis", no_wrap=True)
    for row in proposal.sample:
        table.add_row(*(_understood(row[name]) for name in filled))
    console.print(table)
    for line in proposal.to_toml().strip().splitlines():
        console.print(Styled("  " + line, style="cyan"), highlight=False)
    for warning in proposal.warnings:
        console.print(Styled(f"• {warning.to(language)}", style="yellow"), highlight=False)


def _understood(value: object) -> str:
    """A value as it was understood, an amount without the places that say nothing."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value != round(value, 2) else f"{value:.2f}"
    return UNKNOWN if value is None else str(value)


def print_rows(rows: list[dict[str, Any]], *, format: Format, output: Path | None = None) -> None:
    """Plain rows, as SQL and the rows behind a number give them; a Text in the business's language in a table, in English elsewhere."""
    match format:
        case Format.JSON:
            _write(json.dumps(rows, ensure_ascii=False, default=str, indent=2), output)
        case Format.CSV:
            if output:
                with output.open("w", encoding="utf-8-sig", newline="") as opened:
                    _write_csv(rows, opened)
            else:
                _write_csv(rows, sys.stdout)
        case Format.XLSX:
            raise QuestionError(
                Text("Rows are printed as table, json or csv.", "Строки печатаются как table, json или csv."),
                hint=Text("Add --format csv.", "Добавьте --format csv."),
            )
        case Format.TABLE:
            table = quiet_table()
            for name in rows[0] if rows else ():
                table.add_column(name, overflow="fold", max_width=_WIDEST)
            for row in rows:
                table.add_row(*(_plain(value) for value in row.values()))
            console.print(table)


def _plain(value: object) -> str:
    return value.to(speaks.get()) if isinstance(value, Text) else "" if value is None else str(value)


def _write_csv(rows: list[dict[str, Any]], target: Any) -> None:
    writer = csv.DictWriter(target, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)


def _write(text: str, output: Path | None) -> None:
    if output:
        output.write_text(text, "utf-8")
    else:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
