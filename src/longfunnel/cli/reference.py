"""Writes docs/reference from the code: facts, metrics, dimensions, reports, reasons, settings, commands.

python -m longfunnel.cli.reference docs/reference
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from typer.main import get_command

from longfunnel.cli.main import app
from longfunnel.connect import connector_named, connector_names
from longfunnel.core.collecting import Collector, Goal, Numbers, Schedule, Site
from longfunnel.core.matching import PLACEHOLDERS, MatchRule
from longfunnel.core.settings import Business, ChannelRule, Counting, Guards, Mail, Settings, Source, WriteBack
from longfunnel.core.stages import Stage
from longfunnel.dimensions import dimensions
from longfunnel.journeys.reasons import REASONS
from longfunnel.metrics import metrics
from longfunnel.reports import explain, reports
from longfunnel.warehouse.facts import facts

if TYPE_CHECKING:
    from collections.abc import Iterable

_MADE = "<!-- Made from the code by `make docs`; change the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Every reference page: file name → Markdown."""
    return {
        "facts.md": _facts(),
        "metrics.md": _metrics(),
        "dimensions.md": _dimensions(),
        "reports.md": _reports(),
        "reasons.md": _reasons(),
        "settings.md": _settings(),
        "connectors.md": _connectors(),
        "commands.md": _commands(),
    }


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"

    titles = list(header)
    return line(titles) + "|" + "---|" * len(titles) + "\n" + "".join(line(row) for row in rows)


def _facts() -> str:
    text = "# Facts\n\nWhat a source can bring. A mapping names our column on the left and the file's on the right.\n"
    for fact in facts().values():
        rows = [
            (
                f"`{column.name}`",
                column.type.name.lower(),
                "yes" if column.required else "",
                column.identifier or "",
                column.meaning,
            )
            for column in fact.columns
        ]
        versions = (
            "The first row of a key stays." if fact.immutable else "Another row of the same key is a new version."
        )
        text += f"\n## {fact.name}\n\nOne row is {fact.one_row_is}. Key: {', '.join(f'`{part}`' for part in fact.key)}. {versions}\n\n"
        text += _table(("column", "type", "required", "identifies", "meaning"), rows)
    return text


def _metrics() -> str:
    text = "# Metrics\n\nUnknown is empty, never 0. A rate over fewer than `counting.min_cases` cases is marked.\n"
    for name, metric in metrics().items():
        said = explain(name)
        better = {"up": "More is better.", "down": "Less is better.", "none": ""}[metric.direction]
        text += f"\n## {name}\n\n**{metric.title.en}** · {metric.title.ru}. Unit: {metric.unit}. {better}\n\n"
        text += " ".join(part.en for part in said.said) + "\n\n" + " ".join(part.ru for part in said.said) + "\n"
        if said.formula:
            text += f"\n    {name} = {said.formula}\n"
    return text


def _dimensions() -> str:
    rows = [
        (
            f"`{name}`",
            ", ".join(entry.aliases),
            entry.title.en,
            entry.title.ru,
            entry.meaning.en,
            ", ".join(entry.columns),
        )
        for name, entry in dimensions().items()
    ]
    intro = "# Dimensions\n\nHow numbers can be cut. `props.NAME` is any further column that a mapping kept.\n\n"
    return intro + _table(("name", "also", "title", "по-русски", "meaning", "known for"), rows)


def _reports() -> str:
    text = "# Reports\n"
    for name, report in reports().items():
        text += f"\n## {name}\n\n**{report.title.en}** · {report.title.ru}\n\n{report.meaning.en}\n\n{report.meaning.ru}\n\n"
        text += f"Basis: {report.basis}."
        text += f" Metrics: {', '.join(f'`{metric}`' for metric in report.metrics)}." if report.metrics else ""
        text += f" By: {', '.join(report.by)}." if report.by else ""
        text += "".join(f"\n\nOption `{option}`: {meaning.en}" for option, meaning in report.options.items()) + "\n"
    return text


def _reasons() -> str:
    rows = [(f"`{code.value}`", said.title.en, said.title.ru, said.advice.en) for code, said in REASONS.items()]
    intro = (
        "# Reasons of the ledger\n\nWhy a sum stands under no channel, and what to do about it. Those that end in `_without_visits` are "
        "of spend that has a channel and meets no visit as finely as it could: see the report `matching`.\n\n"
    )
    return intro + _table(("code", "reason", "по-русски", "what to do"), rows)


def _connectors() -> str:
    text = "# Connectors\n\nSystems that are read by themselves: `type` of a `[[source]]`. How: [connect a system](../how-to/connect-a-system.md).\n"
    for name in connector_names():
        connector = connector_named(name)
        text += f"\n## {name}\n\n{connector.title}. Brings {', '.join(connector.facts)}. Reads the last {connector.reread_days} days again.\n\n"
        if connector.credentials:
            rows = [(f"`credentials.{one.name}`", one.title, one.meaning) for one in connector.credentials]
            text += _table(("credential", "what it is", "where it is found"), rows) + "\n"
        if connector.options:
            options = [
                (
                    f"`{one.name}`",
                    one.kind,
                    f"`{one.default}`" if one.default not in (None, "") else "",
                    f"{one.title}. {one.meaning}".strip(),
                )
                for one in connector.options
            ]
            text += _table(("setting", "kind", "default", "meaning"), options)
    return text


def _settings() -> str:
    text = "# Settings\n\nEverything that `longfunnel.toml` may say.\n"
    for heading, kind in (
        ("[business]", Business),
        ("[counting]", Counting),
        ("[guards]", Guards),
        ("[[stage]]", Stage),
        ("[[channel]]", ChannelRule),
        ("[[match]]", MatchRule),
        ("[[source]]", Source),
        ("[[write_back]]", WriteBack),
        ("[[site]]", Site),
        ("[[site.goals]]", Goal),
        ("numbers of a [[site]]", Numbers),
        ("[collector]", Collector),
        ("[schedule]", Schedule),
        ("[mail]", Mail),
    ):
        notes = _attribute_docs(kind)
        rows = [
            (f"`{field.name}`", _default(field), notes.get(field.name, "")) for field in msgspec.structs.fields(kind)
        ]
        text += f"\n## {heading}\n\n{inspect.getdoc(kind)}\n\n" + _table(("setting", "default", "meaning"), rows)
        if kind is MatchRule:
            text += "\n" + _table(
                ("placeholder", "stands for"), ((f"`{{{name}}}`", said) for name, said in PLACEHOLDERS.items())
            )
    return text + f"\n## [retention]\n\n{_attribute_docs(Settings)['retention']}\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else "{}"
    if isinstance(value, msgspec.Struct):
        return ""  # it has a table of its own
    return f"`{value}`" if value != "" else ""


def _attribute_docs(kind: type) -> dict[str, str]:
    """The text under each attribute of a class, as written in the source."""
    module = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    body = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__)
    found = {}
    for attribute, below in itertools.pairwise(body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[attribute.target.id] = inspect.cleandoc(str(below.value.value))
    return found


def _commands() -> str:
    text = (
        "# Commands\n\n`longfunnel -C DIR COMMAND` works on the business in DIR; without it, in the current folder.\n"
        "Exit codes: 0 done, 1 a mistake that the message explains, 2 wrong usage, 130 stopped by Ctrl-C.\n"
    )
    group: Any = get_command(app)
    for name, command in sorted(group.commands.items()):
        shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        words = [_word(parameter) for parameter in shown if parameter.param_type_name == "argument"]
        text += f"\n## {name}\n\n    {' '.join(['longfunnel', name, *words, '[OPTIONS]'])}\n\n{inspect.cleandoc(command.help)}\n"
        rows = [(f"`{_word(parameter)}`", parameter.help or "") for parameter in shown]
        text += "\n" + _table(("argument or option", "meaning"), rows) if rows else ""
    return text


def _word(parameter: Any) -> str:
    if parameter.param_type_name == "option":
        return ", ".join(sorted(parameter.opts, key=len, reverse=True))
    word = parameter.name.upper() + (" …" if parameter.nargs == -1 else "")
    return word if parameter.required else f"[{word}]"


def write(folder: Path) -> None:
    """Write all pages into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(_MADE + text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
