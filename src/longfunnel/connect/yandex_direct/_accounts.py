"""The advertisers that a token may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import ForbiddenError, GoneError, Record, RefusedError
from longfunnel.connect.yandex_direct._reports import headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api


@dataclass(frozen=True, slots=True)
class Account:
    """One advertiser."""

    login: str
    """As ``logins`` names it; "" is the token's own."""
    name: str
    currency: str | None


async def account_of(api: Api, login: str) -> Account:
    found = await _clients(api, login, "Login", "Currency")
    client = next((one for one in found if login and one.get("Login") == login), found[0] if found else {})
    return Account(login, login or str(client.get("Login") or ""), client.get("Currency") or None)


async def _clients(api: Api, login: str, *fields: str) -> list[dict[str, Any]]:
    asked = {"method": "get", "params": {"FieldNames": list(fields)}}
    answer = await api.post("json/v5/clients", asked, headers=headers_of(login))
    return [one for one in _result(answer, "Clients") if isinstance(one, dict)]


def _result(answer: Any, name: str) -> list[Any]:
    result = answer.get("result") if isinstance(answer, dict) else None
    return list(result.get(name) or ()) if isinstance(result, dict) else []


async def _agency_clients(api: Api) -> list[dict[str, Any]]:
    """The advertisers that an agency's token may see; none for an advertiser's own token, whom Direct refuses the question."""
    found: list[dict[str, Any]] = []
    while True:
        page = {"Limit": 2000, "Offset": len(found)}
        asked = {
            "method": "get",
            "params": {
                "SelectionCriteria": {"Archived": "NO"},
                "FieldNames": ["Login", "Currency", "ClientInfo"],
                "Page": page,
            },
        }
        try:
            answer = await api.post("json/v5/agencyclients", asked, headers=headers_of(""))
        except (ForbiddenError, GoneError, RefusedError):
            return found
        some = _result(answer, "Clients")
        found += some
        if not some or not answer["result"].get("LimitedBy"):
            return found


async def check(api: Api, options: Mapping[str, Any]) -> list[Record]:
    logins = [str(login).strip() for login in options.get("logins") or ()]
    if logins:
        found = [one for login in logins for one in await _clients(api, login, "Login", "Currency", "ClientInfo")]
    elif not (found := await _agency_clients(api)):
        found = await _clients(api, "", "Login", "Currency", "ClientInfo")
    return [
        {
            "option": "logins",
            "value": str(one.get("Login") or ""),
            "title": " · ".join(str(one[name]) for name in ("ClientInfo", "Login", "Currency") if one.get(name)),
        }
        for one in found
    ]
