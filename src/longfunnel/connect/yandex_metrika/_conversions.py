"""Offline conversions: what became of visits later, told back to Metrika."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from longfunnel.connect._engine import (
    ChangedSchemaError,
    ConnectError,
    Conversion,
    Conversions,
    RefusedError,
    TemporaryError,
)
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api

KINDS: Final = ("BASIC", "CALLS", "CHATS")
_LARGEST: Final = 1 << 30
"""Bytes of one upload."""


async def upload_conversions(api: Api, counter: str, kind: str, csv_bytes: bytes, comment: str) -> dict[str, Any]:
    """Upload a table of conversions; what Metrika says of the uploading: ``id``, ``line_quantity``, ``linked_quantity``, ``status`` …

    ``csv_bytes``: UTF-8, a line of column names first: one or more of UserId, ClientId, Yclid, PurchaseId; Target (the identifier of
    a JavaScript goal), DateTime (Unix seconds, past), perhaps Price and Currency. ``kind``: BASIC, CALLS or CHATS. ``comment`` is
    the batch's own: an uploading that has it already is that batch, and nothing is sent twice, also where an answer was lost on
    its way. Raises RefusedError that says what Metrika finds wrong with the table, LimitedError and TemporaryError at once: call again later.
    """
    if kind not in KINDS:
        said = Text(
            "There is no kind of conversions «{kind}», only {known}.",
            "Нет вида конверсий «{kind}», есть только {known}.",
        )
        raise RefusedError(said.format(kind=kind, known=", ".join(KINDS)))
    if len(csv_bytes) > _LARGEST:
        raise RefusedError(
            Text(
                "An upload of conversions may have 1 GB at most.",
                "В одной загрузке конверсий может быть не больше 1 ГБ.",
            ),
            hint=Text("Upload it in several.", "Загрузите несколькими частями."),
        )
    if known := await _known(api, counter, kind, comment):
        return known
    try:
        response = await api.request(
            "POST",
            f"management/v1/counter/{counter}/offline_conversions/upload",
            params={"type": kind, **({"comment": comment} if comment else {})},
            files={"file": ("conversions.csv", csv_bytes, "text/csv")},
            is_repeatable=False,
        )
    except TemporaryError:
        # the answer may have been lost after the table was taken
        if known := await _known(api, counter, kind, comment):
            return known
        raise
    return _uploading(api.json(response))


async def uploading(api: Api, counter: str, uploading_id: str | int) -> dict[str, Any]:
    """How an uploading fares: ``status`` goes from PREPARED or UPLOADED through EXPORTED and MATCHED to PROCESSED, or ends in
    LINKAGE_FAILURE; ``linked_quantity`` is the number of conversions that found their visits, as far as it is known."""
    return _uploading(await api.get(f"management/v1/counter/{counter}/offline_conversions/uploading/{uploading_id}"))


async def _known(api: Api, counter: str, kind: str, comment: str) -> dict[str, Any] | None:
    if not comment:
        return None
    try:
        said = await api.get(f"management/v1/counter/{counter}/offline_conversions/uploadings")
    except ConnectError as error:
        if error.kind == "gone":
            return None
        raise
    listed = said.get("uploadings") if isinstance(said, dict) else None
    own = [one for one in listed or () if isinstance(one, dict) and one.get("comment") == comment]
    return next((one for one in own if one.get("type") in (None, kind)), None)


def _uploading(said: Any) -> dict[str, Any]:
    told = said.get("uploading") if isinstance(said, dict) else None
    if not isinstance(told, dict) or told.get("id") is None:
        raise ChangedSchemaError(
            Text("Metrika told of an uploading without its id.", "Метрика сообщила о загрузке без её номера.")
        )
    return told


async def _upload(api: Api, options: Mapping[str, Any], target: str, batch: str, conversions: list[Conversion]) -> str:
    """``target`` is the goal's identifier; ``123:goal`` names the counter where the source has several."""
    counter, _, goal = target.rpartition(":")
    counters = [counter] if counter else [str(one) for one in options.get("counters") or ()]
    if len(counters) != 1:
        raise RefusedError(
            Text(
                "It is not clear which counter the conversions go to.",
                "Непонятно, в какой счётчик передавать конверсии.",
            ),
            hint=Text(
                "Name it before the goal: target = «12345:deal_won».",
                "Укажите его перед целью: target = «12345:deal_won».",
            ),
        )
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("ClientId", "Yclid", "Target", "DateTime", "Price", "Currency"))
    for one in conversions:
        client, click = one.identifiers.get("ym_client", ""), one.identifiers.get("yclid", "")
        rows.writerow((client, click, goal, int(one.at.timestamp()), one.amount, one.currency if one.amount else ""))
    told = await upload_conversions(api, counters[0], "BASIC", table.getvalue().encode(), batch)
    return f"uploading {told.get('id', '')}"


CONVERSIONS = Conversions(identifiers=("ym_client", "yclid"), upload=_upload)
