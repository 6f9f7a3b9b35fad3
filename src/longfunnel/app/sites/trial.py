"""A trial event sent as the tag on a page would send it, and what its way to the collector tells."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import msgspec

from longfunnel.app.doctor import Finding
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.sites.page_tags import Tag
    from longfunnel.core.collecting import Site

TEST_HEADER = "longfunnel-test"
_SHARED_ENDINGS = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "msk", "spb"})
"""Second-level names under which, before a country's ending, strangers have their sites."""


def trial_findings(site: Site, tag: Tag, page: str, origin: str, client: httpx.Client) -> Iterator[Finding]:
    """What is right and wrong with the way of an event from the ``page`` at ``origin``; the collector checks it and keeps nothing."""
    now = time.time() * 1000
    event = {"i": f"test-{secrets.token_hex(8)}", "n": "page_view", "t": now, "u": page}
    body = msgspec.json.encode({"s": site.name, "v": None, "t": now, "c": 2, "e": [event]})
    headers = {"origin": origin, "content-type": "text/plain", TEST_HEADER: "1"}
    try:
        answer = client.post(f"{tag.host}/e", content=body, headers=headers)
    except httpx.HTTPError as error:
        yield Finding(
            "fault",
            Text("A test event cannot be sent: {error}.", "Пробное событие не отправляется: {error}.").format(
                error=error
            ),
            Text("Let the proxy pass POST /e to the collector.", "Пусть прокси передаёт сборщику POST /e."),
        )
        return
    if answer.status_code != 202:
        yield Finding(
            "fault",
            Text("A test event is refused ({status}): {said}", "Пробное событие не принято ({status}): {said}").format(
                status=answer.status_code, said=answer.text[:300]
            ),
            Text("Mend what the answer names, and ask again.", "Поправьте то, что названо в ответе, и повторите."),
        )
        return
    if answer.headers.get("access-control-allow-origin") != origin:
        yield Finding(
            "fault",
            Text(
                "The collector's answer lost its Access-Control-Allow-Origin on the way.",
                "Ответ сборщика по дороге потерял Access-Control-Allow-Origin.",
            ),
            Text(
                "Let the proxy pass the collector's headers as they are.",
                "Пусть прокси передаёт заголовки сборщика как есть.",
            ),
        )
        return
    yield Finding(
        "ok", Text("A test event was accepted (it is not kept).", "Пробное событие принято (оно не сохраняется).")
    )
    cookie = answer.headers.get("set-cookie", "")
    if not cookie:
        yield Finding(
            "fault",
            Text("The collector's answer lost its cookie on the way.", "Ответ сборщика по дороге потерял cookie."),
            Text("Let the proxy pass Set-Cookie as it is.", "Пусть прокси передаёт Set-Cookie как есть."),
        )
    elif not _is_one_site(urlsplit(tag.host).hostname or "", urlsplit(page).hostname or ""):
        own = (urlsplit(page).hostname or "").removeprefix("www.")
        yield Finding(
            "warning",
            Text(
                "{host} is another site than the page: the browser keeps the visitor's cookie for days only, or not at all.",
                "{host} — другой сайт, чем страница: браузер хранит cookie посетителя лишь несколько дней или вовсе не хранит.",
            ).format(host=tag.host),
            Text(
                "Give the collector a name under the site, such as stats.{own}.",
                "Дайте сборщику имя внутри сайта, например stats.{own}.",
            ).format(own=own),
        )
    else:
        yield Finding(
            "ok",
            Text(
                "The visitor's cookie is first-party and lasts 395 days.",
                "Cookie посетителя — своя для сайта и живёт 395 дней.",
            ),
        )


def _is_one_site(one: str, other: str) -> bool:
    """Whether the browser takes both hosts for one site: they share the name that somebody registered."""
    if one == other:
        return True
    shared = 0
    for a, b in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if a != b:
            break
        shared += 1
    second = one.split(".")[-2] if "." in one else ""
    return shared >= (3 if second in _SHARED_ENDINGS and len(one.rpartition(".")[2]) == 2 else 2)
