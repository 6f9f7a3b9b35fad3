"""The checker of a site, against pages as they go wrong in life and the real collector behind them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from longfunnel.app.business import Business
from longfunnel.app.sites.doctor import doctor_site
from longfunnel.app.sites.page_policy import refusals
from longfunnel.collect.doors.endpoint import Endpoint
from longfunnel.collect.doors.monitoring import Monitor
from longfunnel.collect.log.log import Log
from longfunnel.collect.plan import Plan
from longfunnel.collect.visiting.regions import Regions
from longfunnel.collect.visiting.visitors import DailySalt
from longfunnel.core.errors import QuestionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = """
[[site]]
name = "shop"
origins = ["https://www.shop.example"]
[[site]]
name = "calls"
numbers.pool = ["+74951111101"]
numbers.replaces = ["+74951234567"]
"""
TAG = '<script defer src="https://stats.shop.example/lf.js" data-site="shop"></script>'
PAGE = "https://www.shop.example/"


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """`look(html, …)`: the findings about a page, as level and text; the collector is stats.shop.example and stats.other.example."""
    (tmp_path / "longfunnel.toml").write_text(SETTINGS, "utf-8")
    business = Business(tmp_path)
    plan = Plan(business.settings)
    runner = asyncio.Runner()
    log = Log(tmp_path / "log", reserve_bytes=0)
    endpoint = Endpoint(
        plan, log, Monitor(log, None), salt=DailySalt(tmp_path / "salt"), regions=Regions(None),
        hook_tokens={}, key_name={}.get, environment={},
    )  # fmt: skip
    client = httpx.AsyncClient(transport=httpx.ASGITransport(endpoint))

    def run(
        html: str, url: str = PAGE, *, headers: dict[str, str] | None = None, lost: tuple[str, ...] = ()
    ) -> list[str]:
        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.host.startswith("stats."):
                given = runner.run(client.send(request))
                kept = [(name, value) for name, value in given.headers.multi_items() if name not in lost]
                return httpx.Response(given.status_code, headers=kept, content=given.content)
            if request.url.host == "gone.example":
                raise httpx.ConnectError("refused", request=request)
            return httpx.Response(404 if request.url.path == "/404" else 200, headers=headers, html=html)

        with httpx.Client(transport=httpx.MockTransport(answer), headers={"user-agent": "x"}) as own:
            return [f"{found.level}: {found.text} → {found.advice}" for found in doctor_site(business, url, client=own)]

    yield run
    runner.run(log.close())
    runner.close()
    assert not list((tmp_path / "log").glob("*.log")), "a test event was kept"


def wrong(findings: list[str]) -> list[str]:
    return [found for found in findings if not found.startswith("ok")]


def test_a_right_installation_has_nothing_to_mend(look: Any) -> None:
    findings = look(TAG)
    assert wrong(findings) == []
    assert [found.split(" → ")[0] for found in findings] == [
        "ok: https://www.shop.example/ answers 200.",
        "ok: The tag is there: site «shop», collector https://stats.shop.example.",
        "ok: A test event was accepted (it is not kept).",
        "ok: The visitor's cookie is first-party and lasts 395 days.",
    ]


@pytest.mark.parametrize(
    ("html", "url", "told"),
    [
        ("<p>", PAGE, "no tag of the tracker"),
        ("<script src='https://www.googletagmanager.com/gtm.js?id=1'></script>", PAGE, "Tag Manager"),
        (TAG.replace('"shop"', '"shpo"'), PAGE, "Did you mean «shop»"),
        (TAG.replace("https:", "http:"), PAGE, "browsers block it"),
        (TAG, "https://shop.example/", "Add \"https://shop.example\""),
        (TAG + TAG, PAGE, "on the page twice"),
        (TAG.replace("defer", 'data-consent="all"'), PAGE, 'data-consent="all" means nothing'),
        (TAG.replace("stats.shop", "gone"), PAGE, "cannot be reached"),
        (TAG.replace("/lf.js", "/old/lf.js"), PAGE, "answers 404, and not with the tracker"),
        (TAG.replace("stats.shop", "stats.other"), PAGE, "such as stats.shop.example"),
        (TAG, PAGE + "404", "answers 404"),
        (TAG, "https://gone.example/", "cannot be fetched"),
        (TAG.replace('"shop"', '"calls"'), PAGE, 'data-load="behaviour numbers"'),
        (TAG.replace('"shop"', '"calls"'), PAGE, "None of numbers.replaces"),
        (f'<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">{TAG}', PAGE, "(connect-src) forbids"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(look: Any, html: str, url: str, told: str) -> None:
    findings = wrong(look(html, url))
    assert [found for found in findings if told in found], findings


def test_headers_that_a_proxy_loses_are_missed(look: Any) -> None:
    assert "lost its cookie" in wrong(look(TAG, lost=("set-cookie",)))[0]
    assert "Access-Control-Allow-Origin" in wrong(look(TAG, lost=("access-control-allow-origin",)))[0]


def test_what_is_no_address_is_refused(look: Any) -> None:
    with pytest.raises(QuestionError, match="no address"):
        look(TAG, "ftp://shop.example")


@pytest.mark.parametrize(
    ("policy", "nonce", "forbidden"),
    [
        ("", "", []),
        ("img-src 'none'", "", []),
        ("default-src *", "", []),
        ("default-src https:", "", []),
        ("default-src 'none'", "", ["script-src", "connect-src"]),
        ("script-src 'self'; connect-src https://stats.shop.example", "", ["script-src"]),
        ("script-src *.shop.example; connect-src stats.shop.example", "", []),
        ("script-src https://stats.shop.example:8443", "", ["script-src"]),
        ("script-src https://stats.shop.example:*", "", []),
        ("script-src 'nonce-abc'", "abc", []),
        ("script-src 'nonce-abc' 'strict-dynamic' https://stats.shop.example", "", ["script-src"]),
        ("script-src-elem https://stats.shop.example; script-src 'none'", "", []),
        ("script-src https:, connect-src 'self'", "", ["connect-src"]),
        ("SCRIPT-SRC 'None'", "", ["script-src"]),
    ],
)
def test_a_policy_is_read_as_a_browser_reads_it(policy: str, nonce: str, forbidden: list[str]) -> None:
    assert refusals([policy], "https://stats.shop.example/lf.js", PAGE, nonce=nonce) == forbidden


def test_a_page_is_itself() -> None:
    assert refusals(["default-src 'self'"], "https://www.shop.example/lf.js", PAGE) == []
