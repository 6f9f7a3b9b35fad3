"""Calls, batches of calls, and lists read to their end: by ids (the fast mode without counts), or page by page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from longfunnel.connect._engine import ChangedSchemaError, ConnectError, Record
from longfunnel.connect.bitrix24._errors import told_in_batch
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.connect._engine import Api

PAGE = 50
"""Rows of a page; fixed by the vendor."""
COMMANDS = 50
"""Commands of a batch that are carried out; more fail."""
_SLOW_SECONDS = 20.0
"""A batch may take a minute: one that takes this long is followed by a shorter one."""

_WITHIN = {
    "crm.category.list": "categories",
    "crm.item.productrow.list": "productRows",
    "crm.stagehistory.list": "items",
}
"""Where a method's rows are within its result; elsewhere the result is the rows."""

Params = Mapping[str, Any]
Command = tuple[str, Params]


class Reference(str):
    """A place in the answer of an earlier command of the batch, which the vendor puts in: ``$result[c0][49][ID]``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command gave."""

    result: Any
    next: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list method that knows the filter ``>ID``."""

    method: str
    filter: Params
    select: tuple[str, ...] = ()
    more: Params | None = None
    """Other parameters: ``entityTypeId``."""

    def command(self, after: str, start: int = -1) -> Command:
        """The page after an id. ``start=-1``: the rows are not counted, which is the fast way."""
        params = {**(self.more or {}), "order": {"ID": "ASC"}, "filter": {**self.filter, ">ID": after}}
        if self.select:
            params["select"] = list(self.select)
        return self.method, {**params, "start": start}

    def last_id_of(self, command: str) -> Reference:
        """The last id of a full page, in the words of a batch's later command."""
        within = f"[{_WITHIN[self.method]}]" if self.method in _WITHIN else ""
        return Reference(f"$result[{command}]{within}[{PAGE - 1}][ID]")


_NO_RESULT = Text("Bitrix24 answers {what} without a result.", "Битрикс24 отвечает на {what} без результата.")
_OTHER_FORM = Text(
    "Bitrix24 answers {what} in another form than its documentation says.",
    "Битрикс24 отвечает на {what} не так, как описано в документации.",
)


async def call(api: Api, method: str, params: Params | None = None) -> dict[str, Any]:
    """One method's whole answer, of which ``result`` is there."""
    answer = await api.post(method, dict(params or {}))
    if not isinstance(answer, dict) or "result" not in answer:
        raise ChangedSchemaError(_NO_RESULT.format(what=method))
    return answer


async def batch(api: Api, commands: Sequence[Command], *, halt: bool = False) -> list[Answer | ConnectError | None]:
    """At most 50 commands in one request; each gives its answer or its error, None where an earlier error has halted it."""
    told = {f"c{number}": f"{method}?{query(params)}" for number, (method, params) in enumerate(commands)}
    envelope = await call(api, "batch", {"halt": int(halt), "cmd": told})
    outcome = envelope["result"]
    if not isinstance(outcome, dict):
        raise ChangedSchemaError(_OTHER_FORM.format(what=Text("a batch", "пакет")))
    results, errors, nexts, totals, times = (
        _map(outcome.get(part)) for part in ("result", "result_error", "result_next", "result_total", "result_time")
    )
    answers: list[Answer | ConnectError | None] = []
    for name in told:
        if name in errors:
            answers.append(told_in_batch(errors[name], times.get(name) or envelope.get("time")))
        elif name in results:
            answers.append(Answer(results[name], _number(nexts.get(name)), _number(totals.get(name))))
        else:
            answers.append(None)
    return answers


async def ask_all(api: Api, commands: Sequence[Command]) -> list[Answer | ConnectError]:
    """Every command's answer or error, in batches. Those that met a limit are asked again for as long as the source is patient."""
    outcome: dict[int, Answer | ConnectError] = {}

    async def ask(numbers: list[int]) -> None:
        waiting = [number for number in numbers if number not in outcome]
        answers = await batch(api, [commands[number] for number in waiting])
        retry: ConnectError | None = None
        for number, answer in zip(waiting, answers, strict=True):
            if answer is None:
                said = Text(
                    "Bitrix24 left {method} of a batch without an answer.",
                    "Битрикс24 оставил без ответа {method} из пакета.",
                )
                raise ChangedSchemaError(said.format(method=commands[number][0]))
            if isinstance(answer, ConnectError) and answer.is_worth_retrying:
                retry = answer
            elif isinstance(answer, ConnectError) and answer.kind in ("expired", "limited"):
                raise answer
            else:
                outcome[number] = answer
        if retry is not None:
            raise retry

    for start in range(0, len(commands), COMMANDS):
        some = list(range(start, min(start + COMMANDS, len(commands))))
        await api.patiently(lambda some=some: ask(some))  # type: ignore[misc]
    return [outcome[number] for number in range(len(commands))]


async def read_all(
    api: Api, commands: Sequence[Command], *, optional: frozenset[str] = frozenset()
) -> list[list[Record]]:
    """The rows of each list to its end. Raises the first command's error; ``optional`` methods that the portal refuses have no rows."""
    rows: list[list[Record]] = [[] for _ in commands]
    waiting: list[tuple[int, Command]] = list(enumerate(commands))
    while waiting:
        answers = await ask_all(api, [command for _, command in waiting])
        more: list[tuple[int, Command]] = []
        for (number, (method, params)), answer in zip(waiting, answers, strict=True):
            if isinstance(answer, ConnectError):
                if method in optional and answer.kind in ("forbidden", "refused", "gone"):
                    continue
                raise answer
            rows[number] += (found := rows_of(answer.result, method))
            if answer.next is not None and answer.next > (params.get("start") or 0) and found:
                more.append((number, (method, {**params, "start": answer.next})))
        waiting = more
    return rows


async def sweep(api: Api, listing: Listing, after: str) -> AsyncIterator[tuple[list[Record], int | None]]:
    """The rows after an id to the list's end, and with the first page how many there are.

    Later pages come many in a batch, each asking for what follows the last id of the one before.
    """
    method, params = listing.command(after, start=0)
    first = await call(api, method, params)
    pages, many, total = [rows_of(first["result"], method)], 2, _number(first.get("total"))
    while True:
        rows = [row for page in pages for row in page if number_of(row) > int(after)]
        is_full = len(pages[-1]) >= PAGE
        if is_full and not rows:
            said = Text(
                "Bitrix24 answers {method} again and again with the same rows.",
                "Битрикс24 на {method} снова и снова отвечает одними и теми же строками.",
            )
            raise ChangedSchemaError(said.format(method=listing.method))
        yield rows, total
        if not is_full:
            return
        after, total = str(number_of(rows[-1])), None
        began = time.monotonic()
        pages = await api.patiently(lambda after=after, many=many: _chain(api, listing, after, many))  # type: ignore[misc]
        many = min(many * 2, COMMANDS) if time.monotonic() - began < _SLOW_SECONDS else max(2, many // 2)


async def _chain(api: Api, listing: Listing, after: str, many: int) -> list[list[Record]]:
    """Up to so many pages in one batch: those before the first that is not full or failed. Raises the first one's error."""
    commands = [
        listing.command(after if number == 0 else listing.last_id_of(f"c{number - 1}")) for number in range(many)
    ]
    pages: list[list[Record]] = []
    for answer in await batch(api, commands, halt=True):
        if isinstance(answer, ConnectError) and not pages:
            raise answer
        if not isinstance(answer, Answer):
            break  # asked again from there
        pages.append(rows_of(answer.result, listing.method))
        if len(pages[-1]) < PAGE:
            break
    if not pages:
        raise ChangedSchemaError(
            _NO_RESULT.format(what=Text("a batch of {method}", "пакет {method}").format(method=listing.method))
        )
    return pages


def query(params: Params) -> str:
    """Parameters as PHP reads them from a query: ``filter[>ID]=10&select[0]=ID``."""
    return "&".join(f"{quote(name, safe='[]<>@!')}={_quoted(value)}" for name, value in _flat(params))


def _flat(params: Params, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in params.items():
        key = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, Mapping):
            found += _flat(value, key)
        elif isinstance(value, list | tuple):
            found += _flat({str(place): one for place, one in enumerate(value)}, key)
        else:
            found.append((key, "" if value is None else value))
    return found


def _quoted(value: Any) -> str:
    return value if isinstance(value, Reference) else quote(str(value), safe="")


def rows_of(result: Any, method: str) -> list[Record]:
    """The rows of a list; PHP tells an empty one as [], and one with holes as an object. Raises ChangedSchemaError."""
    if isinstance(result, dict) and _WITHIN.get(method) in result:
        result = result[_WITHIN[method]]
    rows = list(result.values()) if isinstance(result, dict) else result or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ChangedSchemaError(_OTHER_FORM.format(what=method))
    return rows


def number_of(row: Record) -> int:
    """The row's own number; ids may pass 2^53. Raises ChangedSchemaError for a row without one."""
    try:
        return int(row.get("ID") or row["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise ChangedSchemaError(
            Text("Bitrix24 gives a row without a number for its ID.", "Битрикс24 даёт строку, у которой ID — не число.")
        ) from error


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
