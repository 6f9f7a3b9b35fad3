"""A mistake on a Russian page is told in Russian, whichever layer found it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.web.reading import plain
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longfunnel.app.business import Business

ENGLISH = re.compile(r"(?:\b[A-Za-z]{2,} ){3,}[A-Za-z]{2,}")
"""Four Latin words in a row: no name of ours is so long."""


def told(answer: object) -> str:
    """The words of a page's main part, which must hold no English sentence."""
    page = plain(re.sub(r"<(code|select|nav|dialog).*?</\1>", " ", answer.text, flags=re.DOTALL))  # type: ignore[attr-defined]
    found = ENGLISH.search(page)
    assert not found, found
    return page


@pytest.fixture
def reader(enter: Callable[[str], Browser]) -> Iterator[Browser]:
    """An analyst who reads Russian, in a business that speaks English."""
    browser = enter("analyst")
    browser.post("/account/look", at="/account", language="ru", next="/")
    yield browser
    browser.post("/account/look", at="/account", language="en", next="/")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/channels?filter=chanel+is+Email", "разреза «chanel» нет. Может быть, «channel»?"),
        ("/channels?model=shapley_lft", "модели «shapley_lft» нет."),
        ("/attribution?option=draws%3Dmany", "draws: нужно число от 0 до 2000, а не «many»"),
    ],
)
def test_a_question_in_the_address(reader: Browser, address: str, said: str) -> None:
    answer = reader.get(address)
    assert answer.status_code in (400, 404)
    assert said in told(answer)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("pagge:/x, lead", "вида «pagge» нет. Может быть, «page» или «stage»?"),
        ("lead[amount > much], order", "после amount > нужно одно число, а не «much»"),
        ("lead?, order", "Шаг 1 необязательный, а с него начинается окно"),
    ],
)
def test_the_steps_of_a_funnel(reader: Browser, steps: str, said: str) -> None:
    assert said in told(
        reader.get(f"/funnels?{urlencode({'option': f'steps={steps}', 'since': '2026-08-01', 'until': '2026-10-31'})}")
    )


def test_the_settings(empty: Business, browse: Callable[[Business], Browser]) -> None:
    text = '[business]\nname = "Кедр"\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\nlanguage = "ru"\n'
    empty.settings_file.write_text(text, "utf-8")
    add_user(empty, email="owner@cedar.test", name="Ольга", role="owner", password=PASSWORD)
    owner = browse(empty)
    owner.sign_in("owner@cedar.test")
    rule = {"utm_campaign0": "{campain_id}", "rules": "1", "case0": "1"}
    wrong = owner.post("/settings/matching", at="/settings/matching", **rule)
    assert "подстановки {campain_id} нет. Может быть, «campaign_id»" in told(wrong)
    plan = {"page": "/channels", "query": "report=channels", "name": "", "when": "week-1", "clock": "09:00"}
    letter = owner.post(
        "/subscriptions/new", at="/subscriptions/new", recipients="никто", period="7d", language="ru", **plan
    )
    assert "«никто» — не адрес почты" in told(letter)
    assert "Нет названия" in told(letter)
    assert empty.settings_file.read_text("utf-8") == text
