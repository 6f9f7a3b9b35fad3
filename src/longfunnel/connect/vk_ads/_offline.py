"""Offline conversions: won deals told back to VK Ads as a list of contacts, for campaigns that count them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Conversion, Conversions, RefusedError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api

_GOALS = "api/v2/remarketing/offline_goals.json"


async def _upload(api: Api, options: Mapping[str, Any], target: str, batch: str, conversions: list[Conversion]) -> str:
    """``target`` names the list. Each kind of contact makes a list of its own, as VK wants; a list that is there already under
    the batch's name was taken before, and is not sent again.

    The rows of the file (contact, Unix seconds, amount) are not documented: ``offline_columns`` of the source says which are sent.
    """
    columns = [str(name) for name in options.get("offline_columns") or ("contact", "time", "amount")]
    if unknown := [name for name in columns if name not in ("contact", "time", "amount")]:
        said = Text(
            "offline_columns: «{name}» is none of contact, time, amount.",
            "offline_columns: «{name}» — а бывают только contact, time, amount.",
        )
        raise RefusedError(said.format(name=unknown[0]))
    known = await api.get(_GOALS) or {}
    there = {str(item.get("name")) for item in known.get("items") or ()}
    sent = []
    for kind in ("phone", "email"):
        rows = [one for one in conversions if _kind_of(one) == kind]
        name = f"{target} {batch} {kind}"
        if not rows or name in there:
            continue
        table = io.StringIO()
        lines = csv.writer(table, lineterminator="\n")
        for one in rows:
            value = {
                "contact": one.identifiers[kind].lstrip("+"),
                "time": str(int(one.at.timestamp())),
                "amount": one.amount,
            }
            lines.writerow([value[column] for column in columns])
        data = {"name": name, "attribution_period": int(options.get("offline_days") or 90), "type": kind}
        await api.request(
            "POST",
            _GOALS,
            files={
                "list_users": ("list.csv", table.getvalue().encode(), "text/csv"),
                "data": (None, json.dumps(data), "application/json"),
            },
        )
        sent.append(name)
    return ", ".join(sent) or batch


def _kind_of(one: Conversion) -> str:
    return "phone" if one.identifiers.get("phone") else "email"


CONVERSIONS = Conversions(identifiers=("phone", "email"), upload=_upload)
