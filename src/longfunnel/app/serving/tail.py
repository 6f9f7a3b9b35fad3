"""Tail: what arrives, as it arrives. Read from the log, so that it disturbs no running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.business import OWN_FOLDER
from longfunnel.app.serving.collecting import LOG_FOLDER
from longfunnel.collect.loading.events import instant
from longfunnel.collect.loading.gathering import understand
from longfunnel.collect.log.following import follow
from longfunnel.collect.naming import NAMING
from longfunnel.collect.plan import Plan
from longfunnel.collect.wire import Lease, from_payload
from longfunnel.core.errors import LongfunnelError, QuestionError, did_you_mean
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.identifiers import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business
    from longfunnel.collect.loading.staging import Rejected
    from longfunnel.collect.log.segment import Position

_MAIN = ("name", "kind", "status", "page", "source", "medium", "campaign", "device", "region", "excluded")
"""What a line shows first, in this order."""


def tail(
    business: Business,
    source: str = "",
    *,
    last: int = 10,
    personal: bool = False,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[dict[str, Any] | None]:
    """The last requests and then each that comes, row by row: ``at`` (UTC), ``source_system``, ``fact``, and the row's columns.

    ``source`` is a site, a webhook or a key, all without one. Columns that name a person are left out unless ``personal``.
    What cannot be understood is a row with ``problem``. None stands for a pause; ``is_over`` is asked at each.
    """
    plan = Plan(business.settings)
    known = [*(site.name for site in plan.sites), *(hook.name for hook in plan.hooks)]
    keys = [key.name for key in business.state.api_keys.all()] if source and source not in known else []
    if source and source not in (*known, *keys):
        raise QuestionError(
            Text("There is no site, webhook or key «{name}».", "Сайта, вебхука или ключа «{name}» нет.").format(
                name=source
            )
            + did_you_mean(source, (*known, *keys))
        )
    for arrived in follow(business.folder / OWN_FOLDER / LOG_FOLDER, last=last, is_over=is_over):
        if arrived is None:
            yield None
            continue
        for row in _rows(*arrived, plan, personal=personal):
            if source in ("", row["source_system"]):
                yield row


def _rows(place: Position, payload: bytes, plan: Plan, *, personal: bool) -> Iterator[dict[str, Any]]:
    try:
        entry = from_payload(payload)
        source, _, rows, rejected = understand(entry, plan, place)
    except LongfunnelError as error:
        yield {"at": None, "source_system": "", "fact": "", "problem": error.message}
        return
    at = instant(entry.at)
    if isinstance(entry, Lease):
        yield {"at": at, "source_system": source, "fact": "number", "number": entry.number}
    for row in rows:
        values = row.values if personal else _nameless(row.fact, row.values)
        told = {name: values[name] for name in (*_MAIN, *values) if values.get(name) is not None}
        yield {"at": at, "source_system": source, "fact": row.fact, **told}
    for part in rejected:
        yield {"at": at, "source_system": source, "fact": part.fact, "problem": _problem(part, personal=personal)}


def _problem(part: Rejected, *, personal: bool) -> str:
    # a reason may quote the value
    why = str(part.reason) if personal else "It is in the quarantine: see longfunnel quarantine."
    return f"{part.column}: {why}" if part.column else why


def _nameless(fact: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values without those that name a person; what an event is called is not a person's name."""
    if fact == "identity_link":
        return {}
    columns = facts()[fact].column_by_name
    return {
        name: value
        for name, value in values.items()
        if columns[name].identifier not in KINDS and (name not in NAMING or (fact, name) == ("event", "name"))
    }
