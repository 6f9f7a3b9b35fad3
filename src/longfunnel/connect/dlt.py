"""A bridge to dlt: the rows of any of its sources, as rows of one fact.

dlt (https://dlthub.com) reads, and remembers how far it has read; its rows are kept as files in the business's own folder and go in
as files do, so that mapping, quarantine and idempotency are those of a file.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import os
import re
import sys
import time
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from longfunnel.connect._connectors import variable
from longfunnel.connect._report import ImportReport
from longfunnel.connect.file import import_source
from longfunnel.core.errors import SourceError, did_you_mean, together
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Business, Source


_OWN = ("source", "resource", "arguments")
_ROWS_A_FILE = 10_000
_FOLDER = ".longfunnel/dlt"


def import_dlt(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    business: Business,
    folder: Path,
    recorded_at: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Run the dlt source that ``source`` names and bring its rows into the facts.

    What dlt has taken and we have not brought yet (a kill in between) comes with the next run. Raises SourceError where dlt is not
    installed, where its source cannot be found or fails, and as ``import_source`` does.
    """
    _check(source)
    own = folder / _FOLDER / _slug(source.name)
    rows = own / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    if progress:
        progress(Text("{source}: dlt reads", "{source}: читает dlt").format(source=source.name), 0.0)
    with _found_in(folder):
        _run(source, own, rows)
    files = sorted(rows.glob("*.jsonl"))
    if not files:
        return ImportReport(source.name, source.fact)
    _level(files)
    as_file = msgspec.structs.replace(
        source, type="file", path=f"{rows.relative_to(folder).as_posix()}/*.jsonl", options={}, credentials={}
    )
    return import_source(
        connection, as_file, business=business, folder=folder, recorded_at=recorded_at, progress=progress
    )


def _check(source: Source) -> None:
    """Raises SourceError that lists what the settings miss or misspell."""
    options = source.options
    mistakes = [
        Text("unknown setting «{name}».", "неизвестная настройка «{name}».").format(name=name)
        + did_you_mean(name, _OWN)
        for name in options
        if name not in _OWN
    ]
    if not re.fullmatch(r"[\w.]+:\w+", str(options.get("source", ""))):
        mistakes.append(
            Text(
                'source must name a dlt source or resource, as source = "package.module:function".',
                'source должен называть источник или ресурс dlt: source = "пакет.модуль:функция".',
            )
        )
    if not isinstance(options.get("arguments", {}), dict):
        mistakes.append(
            Text(
                "arguments must be a table: arguments.NAME = VALUE.",
                "arguments должен быть набором пар: arguments.ИМЯ = ЗНАЧЕНИЕ.",
            )
        )
    if not isinstance(options.get("resource", ""), str):
        mistakes.append(
            Text("resource must be the name of one resource.", "resource должен быть названием одного ресурса.")
        )
    if not source.fact:
        mistakes.append(Text("fact is missing: what one row is.", "не задан fact: что такое одна строка."))
    if mistakes:
        raise SourceError(together(mistakes, f"[[source]] «{source.name}»:"))


def _run(source: Source, own: Path, rows: Path) -> None:
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # it would tell its makers of each run
    try:
        import dlt
        from dlt.pipeline.exceptions import PipelineStepFailed
    except ImportError as error:
        raise SourceError(
            Text(
                "[[source]] «{source}» needs dlt, which is not installed.",
                "[[source]] «{source}» нужен пакет dlt, а он не установлен.",
            ).format(source=source.name),
            hint=Text("Install it with: pip install 'longfunnel[dlt]'", "Установите: pip install 'longfunnel[dlt]'"),
        ) from error
    pipeline = dlt.pipeline(f"longfunnel_{_slug(source.name)}", pipelines_dir=str(own), destination=_destination(rows))
    try:
        pipeline.run(_resource(source))
    except PipelineStepFailed as error:
        said = Text("dlt could not {step} «{source}»: {why}.", "dlt не выполнил {step} для «{source}»: {why}.")
        raise SourceError(said.format(step=error.step, source=source.name, why=_cause(error))) from error


def _resource(source: Source) -> Any:
    """The resource whose rows are wanted."""
    import dlt
    from dlt.extract.exceptions import DltSourceException

    made = _made(source)
    wanted = str(source.options.get("resource", ""))
    try:
        whole = made if isinstance(made, dlt.sources.DltSource) else None
        if whole is None:
            return made if isinstance(made, dlt.sources.DltResource) else dlt.resource(made, name=wanted or "rows")
    except (DltSourceException, TypeError) as error:
        said = Text(
            "[[source]] «{source}»: {what} gives no rows: {why}.", "[[source]] «{source}»: {what} не даёт строк: {why}."
        )
        raise SourceError(said.format(source=source.name, what=source.options["source"], why=error)) from error
    names = list(whole.resources)
    if not wanted and len(names) == 1:
        wanted = names[0]
    if wanted not in names:
        said = Text(
            "[[source]] «{source}»: {what} has several resources.",
            "[[source]] «{source}»: у {what} несколько ресурсов.",
        )
        if wanted:
            said = Text(
                "[[source]] «{source}»: {what} has no resource «{wanted}».",
                "[[source]] «{source}»: у {what} нет ресурса «{wanted}».",
            )
        raise SourceError(
            said.format(source=source.name, what=source.options["source"], wanted=wanted)
            + (did_you_mean(wanted, names) if wanted else ""),
            hint=Text(
                'Name one of them: resource = "{first}" ({every}).',
                'Назовите один из них: resource = "{first}" ({every}).',
            ).format(first=names[0] if names else "", every=", ".join(names)),
        )
    return whole.with_resources(wanted)


def _made(source: Source) -> Any:
    """What the named function gives for the arguments. A value that is no function is taken as it is."""
    module, _, name = str(source.options["source"]).partition(":")
    where = f"[[source]] «{source.name}»"
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise SourceError(
            Text("{where}: {module} cannot be imported: {why}.", "{where}: {module} не импортируется: {why}.").format(
                where=where, module=module, why=error
            ),
            hint=Text(
                "Install its package, or lay its file beside longfunnel.toml.",
                "Установите его пакет или положите его файл рядом с longfunnel.toml.",
            ),
        ) from error
    if not hasattr(found, name):
        known = [one for one in vars(found) if not one.startswith("_")]
        said = Text("{where}: {module} has no «{name}».", "{where}: в {module} нет «{name}».")
        raise SourceError(said.format(where=where, module=module, name=name) + did_you_mean(name, known))
    function = getattr(found, name)
    secrets = {key: os.environ.get(variable(source.name, key)) or value for key, value in source.credentials.items()}
    arguments = {**source.options.get("arguments", {}), **secrets}
    if not callable(function):
        return function
    try:
        return function(**arguments)
    except Exception as error:  # somebody else's code: anything may come
        said = Text("{where}: {what} fails: {why}.", "{where}: {what} завершается ошибкой: {why}.")
        why = f"{type(error).__name__}: {error}"
        raise SourceError(said.format(where=where, what=source.options["source"], why=why)) from error


def _destination(rows: Path) -> Any:
    """Where dlt loads to: files of JSON lines in ``rows``, each there as a whole or not at all."""
    import dlt

    numbers = itertools.count()

    def longfunnel_rows(items: Any, table: Any, /) -> None:
        columns: dict[str, dict[str, Any]] = table["columns"]
        names = list(dict.fromkeys(_plain(name, column) for name, column in columns.items()))
        lines = []
        for item in items:
            told = dict.fromkeys(names)
            for name, value in item.items():
                column = columns.get(name, {})
                if value is not None:
                    told[_plain(name, column)] = _value(value)
            lines.append(json.dumps(told, ensure_ascii=False))
        part = rows / "part"
        part.write_text("\n".join(lines) + "\n", "utf-8", errors="replace")
        # names are in the order of time: of two files that tell of one row the later counts
        part.replace(rows / f"{time.time_ns():020}-{next(numbers):06}.jsonl")

    made = dlt.destination(
        batch_size=_ROWS_A_FILE, loader_file_format="typed-jsonl", name="longfunnel", loader_parallelism_strategy="sequential", max_table_nesting=0
    )  # fmt: skip
    return made(longfunnel_rows)()


def _plain(name: str, column: dict[str, Any]) -> str:
    """A column's name as the source has it: where a value is of another type than before, dlt makes a column beside."""
    return re.sub(r"(__|▶)v_\w+$", "", name) if column.get("variant") else name


def _value(value: Any) -> Any:
    """A value as JSON has it: money exactly, instants with their zone, objects as text."""
    if isinstance(value, Decimal):
        short = float(value)
        return short if Decimal(repr(short)) == value else str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _level(files: list[Path]) -> None:
    """Give every file the columns of all: a mapping names columns that older rows did not have."""
    heads = {}
    for file in files:
        with file.open(encoding="utf-8") as opened:
            heads[file] = json.loads(opened.readline())
    every = dict.fromkeys(name for head in heads.values() for name in head)
    for file, head in heads.items():
        if missing := [name for name in every if name not in head]:
            lines = file.read_text("utf-8").split("\n")
            lines[0] = json.dumps({**head, **dict.fromkeys(missing)}, ensure_ascii=False)
            part = file.with_name("part")
            part.write_text("\n".join(lines), "utf-8")
            part.replace(file)


@contextmanager
def _found_in(folder: Path) -> Iterator[None]:
    """Modules, and dlt's own settings (``.dlt/secrets.toml``), are looked for in the business's folder too."""
    key = "DLT_PROJECT_DIR"
    before = os.environ.get(key)
    os.environ.setdefault(key, str(folder))
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if before is None:
            os.environ.pop(key, None)


def _slug(name: str) -> str:
    """The source's name as a folder and as a pipeline of dlt are named."""
    words = re.sub(r"\W+", "_", name.casefold()).strip("_")[:40] or "source"
    return f"{words}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"  # two names may read alike


def _cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return f"{type(error).__name__}: {error}".rstrip(". ")
