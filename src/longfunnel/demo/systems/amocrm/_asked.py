"""A request to the account and its answer; errors as the API tells them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longfunnel.demo.systems.amocrm._records import Record


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    url: str

    def first(self, name: str) -> str:
        """The first value of a parameter; empty without it."""
        return next((value for key, value in self.params if key == name), "")

    def all(self, pattern: str) -> list[str]:
        """The values of the parameters whose whole name matches."""
        return [value for key, value in self.params if re.fullmatch(pattern, key)]


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes = b""
    kind: str = ""


class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """An error as the API tells it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        hint: str = "",
        is_oauth: bool = False,
        is_plain: bool = False,
        more: Record | None = None,
    ) -> None:
        super().__init__(detail)
        title = {
            400: "Bad Request",
            401: "Unauthorized",
            402: "Payment Required",
            404: "Not Found",
            429: "Too Many Requests",
        }.get(status, "Error")
        told = {
            "title": title,
            "type": f"https://httpstatus.es/{status}",
            "status": status,
            "detail": detail,
            **(more or {}),
        }
        if is_oauth:
            told |= {
                "hint": hint,
                "title": "Некорректный запрос",
                "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
            }
        plain = Answer(status, detail.encode(), "text/html")
        self.answer = plain if is_plain else Answer(status, json.dumps(told).encode(), "application/problem+json")


def json_answer(told: Any, status: int = 200) -> Answer:
    """JSON, as HAL has it."""
    return Answer(status, json.dumps(told).encode(), "application/hal+json")
