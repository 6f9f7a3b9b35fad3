"""Doctor of a site: fetch a page as a browser would, and say what is right and wrong with the tracker on it."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from longfunnel.app.doctor import Finding
from longfunnel.app.serving.up import tracker_tag
from longfunnel.app.sites.page_policy import refusals
from longfunnel.collect.calls.lending import spellings
from longfunnel.collect.plan import Plan, allows
from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.business import Business
    from longfunnel.core.collecting import Site

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
TEST_HEADER = "longfunnel-test"
_SHARED_ENDINGS = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "msk", "spb"})
"""Second-level names under which, before a country's ending, strangers have their sites."""


@dataclass(frozen=True)
class _Tag:
    """One tag of the tracker, as the page has it."""

    src: str
    site: str
    host: str
    """Address of the collector, without a slash at its end."""
    consent: str
    load: str
    nonce: str


def doctor_site(business: Business, url: str, *, client: httpx.Client | None = None) -> list[Finding]:
    """What is right and wrong with the installation on the page at ``url``, in the order in which a browser would meet it.

    Sends one test event, which is checked as any other and not kept. Raises QuestionError for what is no address.
    """
    url = url if "://" in url else f"https://{url}"
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise QuestionError(f"«{url}» is no address of a page.", hint="longfunnel doctor site https://shop.example/")
    plan = Plan(business.settings)
    if client:
        return list(_findings(plan, url, client))
    with httpx.Client(timeout=15, follow_redirects=True, headers={"user-agent": BROWSER}) as own:
        return list(_findings(plan, url, own))


def _findings(plan: Plan, url: str, client: httpx.Client) -> Iterator[Finding]:
    if not plan.sites:
        yield Finding(
            "fault",
            "longfunnel.toml has no [[site]].",
            'Add one: [[site]] with name = "shop", and start `longfunnel up`.',
        )
        return
    try:
        page = client.get(url)
    except httpx.HTTPError as error:
        yield Finding(
            "fault", f"{url} cannot be fetched: {error}.", "Check the address, and that this machine reaches it."
        )
        return
    if page.status_code >= 400:
        yield Finding("fault", f"{url} answers {page.status_code}.", "Name a page that visitors see.")
        return
    address = str(page.url)
    yield Finding("ok", f"{address} answers {page.status_code}.")
    html = _Page(address)
    html.feed(page.text)
    if not html.tags:
        advice = f"Put this line into the <head> of every page: {tracker_tag(plan, plan.sites[0].name, 'https://YOUR-COLLECTOR')}"
        if "googletagmanager.com/gtm.js" in page.text:
            advice += " The page has Google Tag Manager: a tag that it adds cannot be seen here."
        yield Finding("fault", "The page has no tag of the tracker (a script …/lf.js).", advice)
        return
    policies = [*page.headers.get_list("content-security-policy"), *html.policies]
    seen: set[tuple[str, str]] = set()
    for tag in html.tags:
        if (tag.host, tag.site) in seen:
            yield Finding(
                "warning", f"The tag of «{tag.site}» is on the page twice.", "Leave one: the tracker ignores the other."
            )
            continue
        seen.add((tag.host, tag.site))
        yield from _tag(plan, tag, address, policies, page.text, client)


def _tag(plan: Plan, tag: _Tag, page: str, policies: list[str], text: str, client: httpx.Client) -> Iterator[Finding]:
    names = [site.name for site in plan.sites]
    site = plan.site_named(tag.site)
    if site is None:
        wrong = f'The tag says data-site="{tag.site}", and there is no such [[site]].{did_you_mean(tag.site, names)}'
        yield Finding("fault", wrong, f"Known: {', '.join(names)}. Mend the tag or longfunnel.toml.")
        return
    yield Finding("ok", f"The tag is there: site «{site.name}», collector {tag.host}.")
    if page.startswith("https:") and tag.host.startswith("http:"):
        yield Finding(
            "fault",
            f"The page is https and the collector {tag.host} is http: browsers block it.",
            "Put TLS before the collector, and https:// into the tag.",
        )
    for directive in refusals(policies, tag.src, page, nonce=tag.nonce):
        origin = f"{urlsplit(tag.host).scheme}://{urlsplit(tag.host).netloc}"
        yield Finding(
            "fault",
            f"The page's Content-Security-Policy ({directive}) forbids {origin}.",
            f"Add {origin} to {directive}.",
        )
    origin = f"{urlsplit(page).scheme}://{urlsplit(page).netloc}"
    if not allows(site, origin):
        yield Finding(
            "fault",
            f"[[site]] «{site.name}» origins does not have {origin}: its events are refused.",
            f'Add "{origin}".',
        )
    if tag.consent not in ("full", "cookieless", "none"):
        yield Finding("warning", f'data-consent="{tag.consent}" means nothing.', "It can be full, cookieless or none.")
    elif tag.consent == "none":
        yield Finding(
            "ok",
            'data-consent="none": nothing is sent until the page calls lf.consent("full") or lf.consent("cookieless").',
        )
    yield from _numbers(plan, site, tag, text)
    try:
        script, ready = client.get(tag.src), client.get(f"{tag.host}/ready")
    except httpx.HTTPError as error:
        yield Finding(
            "fault",
            f"The collector {tag.host} cannot be reached: {error}.",
            "Start it with `longfunnel up`, and check the proxy and the name in DNS.",
        )
        return
    if script.status_code != 200 or b"data-site" not in script.content:
        yield Finding(
            "fault",
            f"{tag.src} answers {script.status_code}, and not with the tracker.",
            "Let the proxy pass everything of that host to the collector.",
        )
        return
    if ready.status_code != 200:
        yield Finding(
            "fault",
            f"The collector is not ready ({ready.status_code}): {ready.text[:200]}",
            "Look at its log; nothing is lost while it answers 503, visitors' browsers try again.",
        )
    yield from _event(site, tag, page, origin, client)


def _event(site: Site, tag: _Tag, page: str, origin: str, client: httpx.Client) -> Iterator[Finding]:
    now = time.time() * 1000
    event = {"i": f"test-{secrets.token_hex(8)}", "n": "page_view", "t": now, "u": page}
    body = msgspec.json.encode({"s": site.name, "v": None, "t": now, "c": 2, "e": [event]})
    headers = {"origin": origin, "content-type": "text/plain", TEST_HEADER: "1", "user-agent": BROWSER}
    try:
        answer = client.post(f"{tag.host}/e", content=body, headers=headers)
    except httpx.HTTPError as error:
        yield Finding("fault", f"A test event cannot be sent: {error}.", "Let the proxy pass POST /e to the collector.")
        return
    if answer.status_code != 202:
        yield Finding(
            "fault",
            f"A test event is refused ({answer.status_code}): {answer.text[:300]}",
            "Mend what the answer names, and ask again.",
        )
        return
    if answer.headers.get("access-control-allow-origin") != origin:
        yield Finding(
            "fault",
            "The collector's answer lost its Access-Control-Allow-Origin on the way.",
            "Let the proxy pass the collector's headers as they are.",
        )
        return
    yield Finding("ok", "A test event was accepted (it is not kept).")
    cookie = answer.headers.get("set-cookie", "")
    if not cookie:
        yield Finding(
            "fault", "The collector's answer lost its cookie on the way.", "Let the proxy pass Set-Cookie as it is."
        )
    elif not _is_one_site(urlsplit(tag.host).hostname or "", urlsplit(page).hostname or ""):
        own = (urlsplit(page).hostname or "").removeprefix("www.")
        yield Finding(
            "warning",
            f"{tag.host} is another site than the page: the browser keeps the visitor's cookie for days only, or not at all.",
            f"Give the collector a name under the site, such as stats.{own}.",
        )
    else:
        yield Finding("ok", "The visitor's cookie is first-party and lasts 395 days.")


def _numbers(plan: Plan, site: Site, tag: _Tag, text: str) -> Iterator[Finding]:
    if not plan.pool(site.name):
        return
    if "numbers" not in tag.load.split():
        yield Finding(
            "warning",
            f"«{site.name}» has tracking numbers, and the tag does not load them.",
            'Add to the tag: data-load="behaviour numbers"',
        )
    plain = re.sub(r"&nbsp;|&#160;", " ", text)
    numbers = [normalise("phone", number, plan.country) for number in site.numbers.replaces]
    if (
        numbers
        and not site.numbers.selector
        and not any(number and re.search(spellings(number), plain) for number in numbers)
    ):
        yield Finding(
            "warning",
            "None of numbers.replaces is in the page's text.",
            "That is right if a script of the page writes it; else see how the page spells it.",
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


class _Page(HTMLParser):
    """The tags of the tracker and the policies in a page's HTML."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.tags: list[_Tag] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag of the page."""
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self._address = urljoin(self._address, given["href"])
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))
        src = urljoin(self._address, given.get("src", ""))
        if tag == "script" and (urlsplit(src).path.endswith("/lf.js") or ("data-site" in given and given.get("src"))):
            host = given.get("data-host") or re.sub(r"[^/]*$", "", src)
            self.tags.append(
                _Tag(
                    src,
                    given.get("data-site", ""),
                    host.rstrip("/"),
                    given.get("data-consent", "full"),
                    given.get("data-load", "behaviour"),
                    given.get("nonce", ""),
                )
            )
