"""The main tasks as a person does them, in both languages, narrow and wide; some by the keyboard alone."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.browser.test_every_page import owner

from longfunnel.app.access.accounts import ready_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow
TABS = 150
"""More stops of the Tab key than any page needs before what is looked for."""

WAYS = pytest.mark.parametrize(("language", "width"), [("en", 1440), ("en", 390), ("ru", 1440), ("ru", 390)])


@dataclass
class Person:
    """Somebody at the program: a page, and the language that its words are read in."""

    page: Any
    url: str
    language: str

    def t(self, english: str, russian: str) -> str:
        return russian if self.language == "ru" else english

    def go(self, english: str, russian: str) -> None:
        """To a page of the menu, and wait until it is there."""
        name = self.t(english, russian)
        menu = self.page.get_by_role("navigation", name=self.t("Main", "Главное"))
        if not menu.get_by_role("link", name=name).count():  # on a phone most pages stand behind one more tap
            menu.locator(".nav-more > summary").click()
        menu.get_by_role("link", name=name).click()
        self.page.get_by_role("heading", name=name, exact=True, level=1).wait_for(state="attached")

    def link(self, english: str, russian: str, within: Any = None) -> Any:
        return (within or self.page).get_by_role("link", name=self.t(english, russian), exact=True)

    def button(self, english: str, russian: str, within: Any = None) -> Any:
        return (within or self.page).get_by_role("button", name=self.t(english, russian), exact=True)

    def open_menu(self, text: str) -> Any:
        """One of the menus that unfold, by what it says."""
        self.page.locator("details[data-menu] > summary", has_text=text).click()
        return self.page.locator("details[data-menu][open] .menu-body")

    def panel(self, heading: str | re.Pattern[str] = "") -> Any:
        """The side panel, opened, with its heading."""
        shown = self.page.locator("#panel[open]")
        shown.get_by_role("heading", name=heading, level=2).first.wait_for()
        return shown

    def close(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.locator("#panel[open]").wait_for(state="detached")

    def wait_for_steps(self, asked: str) -> None:
        """Until nothing is offered as a step but what was asked for."""
        offered = self.page.locator("#found [data-pick]")
        offered.filter(has_not_text=re.compile(asked, re.IGNORECASE)).first.wait_for(state="detached")
        offered.first.wait_for()

    def tab_to(self, target: Any) -> None:
        """Press Tab until the target has the focus."""
        target.wait_for()
        for _ in range(TABS):
            if target.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {target}")

    def press(self, target: Any) -> None:
        """Come to the target by Tab and press Enter on it."""
        self.tab_to(target)
        self.page.keyboard.press("Enter")


@pytest.fixture
def sit_down(server: tuple[Business, str], open_page: Callable[..., Any]) -> Callable[[str, int], Person]:
    """Signs an owner in, in a browser of that width and that language."""
    business, url = server

    def sit_down(language: str, width: int) -> Person:
        link = ready_link(business, url)
        owner(business, language)
        page = open_page(link, viewport={"width": width, "height": 900})
        return Person(page, url, language)

    return sit_down


@pytest.fixture(scope="module")
def buyer(server: tuple[Business, str]) -> tuple[str, str]:
    """The e-mail and the phone of somebody who has ordered."""
    row = (
        server[0]
        .warehouse.cursor()
        .execute(
            """SELECT min(e.value), min(p.value) FROM live.orders o
            JOIN live.identifiers e ON e.person_id = o.person_id AND e.kind = 'email'
            JOIN live.identifiers p ON p.person_id = o.person_id AND p.kind = 'phone'
            GROUP BY o.person_id HAVING count(DISTINCT e.value) = 1 ORDER BY o.person_id LIMIT 1"""
        )
        .fetchone()
    )
    assert row
    return row


def read(text: str) -> int:
    """The count that a text begins with, however its thousands are set apart."""
    found = re.match(r"\d[\d\s,]*", text.strip())
    assert found, text
    return int(re.sub(r"\D", "", found[0]))


@WAYS
def test_numbers_are_read_and_followed_to_what_is_behind_them(
    sit_down: Callable[[str, int], Person], buyer: tuple[str, str], language: str, width: int
) -> None:
    me = sit_down(language, width)
    read_the_overview(me)
    drill_the_channels(me)
    keep_a_view_and_a_file(me, f"{language} {width}")
    build_a_funnel(me)
    look_at_cohorts(me)
    find_a_person(me, *buyer)
    open_a_reason(me)


def cases(stage: Any) -> int:
    """How many stand in a stage of a funnel's picture, in full: it lies on a wide screen and stands on a phone."""
    stage.wait_for()
    whole = stage.locator(".funnel-count title")
    return read(whole.text_content() if whole.count() else stage.locator(".upright-count").get_attribute("title"))


def read_the_overview(me: Person) -> None:
    """From the long funnel to the rows behind one of its columns, and back."""
    funnel = me.page.get_by_role("region", name=me.t("The long funnel", "Длинная воронка"))
    orders = funnel.get_by_role("link", name=re.compile(me.t(r"^\d.* Orders", r"^\d.* Заказы")))
    many = cases(orders)
    orders.click()
    panel = me.panel(me.t("Orders: the rows", "Заказы: строки за числом"))
    assert panel.locator("tbody tr").count() == many
    me.close()
    me.page.get_by_text(me.t("As a table", "Таблицей")).first.click()
    table = me.page.locator("#long-funnel")
    table.get_by_role("rowheader", name=me.t("Orders", "Заказы"), exact=True).wait_for()


def drill_the_channels(me: Person) -> None:
    """Source, campaign, group, keyword: what a row says is what the rows below it add up to."""
    me.go("Channels", "Каналы")
    cut = me.page.get_by_role("navigation", name=me.t("Cut by", "Разрез"))
    me.link("Source", "Источник", cut).click()
    rows = me.page.locator("#channels-table")
    heads = (("Source", "Источник"), ("Campaign", "Кампания"), ("Ad group", "Группа объявлений"), ("Keyword", "Ключевая фраза"))  # fmt: skip
    first = rows.locator("tbody tr", has_text="yandex")
    cost = first.locator("td.is-number a").first.inner_text()
    for head in heads[1:]:
        first.get_by_role("rowheader").get_by_role("link").click()
        rows.get_by_role("columnheader", name=me.t(*head), exact=True).wait_for()
        total = rows.locator("tfoot td.is-number, tbody tr:only-child td.is-number").first
        assert total.inner_text().split("\n")[0].strip() == cost, head
        first = rows.locator("tbody tr").first
        cost = first.locator("td.is-number a").first.inner_text()
    down = me.page.get_by_role("navigation", name=me.t("The way down", "Путь вглубь"))
    assert down.get_by_role("link").count() == len(heads)
    down.get_by_role("link").first.click()
    down.wait_for(state="detached")


def keep_a_view_and_a_file(me: Person, name: str) -> None:
    """Sort by profit, count by another model, keep that as a view, take it as a file."""
    rows = me.page.locator("#channels-table")
    rows.get_by_role("columnheader", name=me.t("Profit", "Прибыль")).get_by_role("link").first.click()
    rows.locator('th[aria-sort="descending"]', has_text=me.t("Profit", "Прибыль")).wait_for()
    me.link("First touch", "Первое касание", me.open_menu(me.t("Last non-direct touch", "Последнее непрямое"))).click()
    me.page.get_by_role("heading", name=me.t("What these rules change", "Что меняют эти правила")).wait_for()
    with me.page.expect_download() as coming:
        me.link("CSV", "CSV", rows).click()
    head, *lines = list(csv.reader(Path(coming.value.path()).read_text("utf-8-sig").splitlines()))
    assert head[0] == "channel"
    assert len(lines) == rows.locator("tbody tr").count()
    profits = [Decimal(line[head.index("profit")]) for line in lines if line[head.index("profit")]]
    assert len(profits) > 2
    assert profits == sorted(profits, reverse=True)
    menu = me.open_menu(me.t("Views", "Виды"))
    menu.get_by_label(me.t("Save what is shown as", "Сохранить то, что показано, как")).fill(name)
    me.button("Save", "Сохранить", menu).click()
    kept = me.page.locator("a.menu-item", has_text=name)
    kept.wait_for(state="attached")
    me.go("Overview", "Обзор")
    me.go("Channels", "Каналы")
    me.open_menu(me.t("Views", "Виды"))
    kept.click()
    rows.locator('th[aria-sort="descending"]', has_text=me.t("Profit", "Прибыль")).wait_for()
    assert "model=first" in me.page.url
    menu = me.open_menu(me.t("Views", "Виды"))
    menu.get_by_role("button", name=f"{me.t('Take away', 'Убрать')}: {name}").click()
    kept.wait_for(state="detached")


def build_a_funnel(me: Person) -> None:
    """Two steps found by a search, the picture that comes of them, and the people in it."""
    me.go("Funnels", "Воронки")
    me.page.locator(".builder-fold > summary").click()
    remove = me.page.get_by_role("button", name=me.t("Remove: ", "Убрать: "))
    for left in range(remove.count(), 0, -1):
        remove.first.click()
        remove.nth(left - 1).wait_for(state="detached")
    me.page.get_by_text(me.t("Pick two steps above", "Выберите выше два шага")).wait_for()
    for asked, words in ((me.t("visit", "визит"), me.t("Visit", "Визит")), (me.t("lead", "лид"), me.t("Lead", "Лид"))):
        me.page.get_by_label(me.t("Add a step", "Добавить шаг")).fill(asked)
        me.wait_for_steps(asked)
        me.page.locator("#found [data-pick]", has=me.page.get_by_text(words, exact=True)).first.click()
        me.page.get_by_role("button", name=me.t(f"Remove: {words}", f"Убрать: {words}"), exact=True).wait_for()
    picture = me.page.get_by_role("region", name=me.t("Funnel", "Воронка"), exact=True)
    picture.wait_for()
    assert picture.locator("a.funnel-stage, a.upright-stage").count() == 2
    column = picture.get_by_role("link", name=re.compile(me.t(r"^\d.* Lead", r"^\d.* Лид")))
    many = cases(column)
    column.click()
    panel = me.panel()
    assert panel.locator("tbody tr").count() == many
    panel.locator("tbody a").first.click()
    me.page.get_by_role("heading", name=me.t("Timeline", "История")).wait_for()


def look_at_cohorts(me: Person) -> None:
    """Every tab of the paths, and the table under the picture of cohorts."""
    me.go("Paths", "Пути")
    tabs = me.page.get_by_role("navigation", name=me.t("Paths", "Пути"), exact=True)
    for name in (("Chains of channels", "Цепочки каналов"), ("Time to order", "Время до заказа"), ("Retention", "Удержание"), ("Cohorts", "Когорты")):  # fmt: skip
        me.link(*name, tabs).click()
        tabs.locator("a[aria-current=page]", has_text=me.t(*name)).wait_for()
    figure = me.page.locator('[data-chart="cohorts"]')
    figure.locator("[data-canvas] svg").wait_for()
    assert figure.get_by_role("heading").inner_text() == figure.locator("[data-canvas]").get_attribute("aria-label")
    figure.get_by_text(me.t("As a table", "Таблицей")).click()
    table = figure.get_by_role("table")
    table.wait_for()
    assert table.locator("tbody tr").count() > 5


def find_a_person(me: Person, email: str, phone: str) -> None:
    """By a phone as people write it, and by an e-mail: one timeline, and why it is one person."""
    digits = phone.removeprefix("+7")
    for text in (f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:]}", email):
        me.go("People", "Люди")
        me.page.get_by_label(me.t("Find a person", "Найти человека")).fill(text)
        me.button("Find", "Найти").click()
        me.page.get_by_role("heading", name=me.t("Timeline", "История")).wait_for()
        me.page.locator(".contacts", has_text=email).wait_for()
    assert me.page.locator(".act").count() > 1
    why = me.page.locator("section.block", has_text=me.t("Why it is one person", "Почему это один человек"))
    assert why.get_by_role("listitem").count()
    why.get_by_role("link", name=me.t("Cut apart", "Разъединить")).first.click()
    me.panel()
    me.close()


def open_a_reason(me: Person) -> None:
    """A reason of the ledger has as many rows as it says."""
    me.go("Ledger", "Сверка")
    reason = me.page.locator(".reasons a", has_text=re.compile(me.t("row", "строк"))).first
    many = read(reason.inner_text())
    reason.click()
    panel = me.panel()
    assert panel.locator("tbody tr").count() == many
    me.close()


@WAYS
def test_a_number_is_explained_and_a_report_is_shown_to_whoever_has_its_link(
    sit_down: Callable[[str, int], Person], open_page: Callable[..., Any], language: str, width: int
) -> None:
    me = sit_down(language, width)
    title = f"For the board {language} {width}"
    me.link("How is it counted: Revenue", "Как это посчитано: Выручка").first.click()
    panel = me.panel()
    panel.get_by_text("SQL", exact=True).click()
    panel.locator("pre.code", has_text="SELECT").wait_for()
    me.close()
    me.link("Share", "Поделиться").click()
    panel = me.panel()
    panel.get_by_label(me.t("What to call it", "Как назвать")).fill(title)
    me.button("Make a link", "Создать ссылку", panel).click()
    shared = me.page.locator("pre.said")
    shared.wait_for()
    address = shared.inner_text()
    guest = open_page(address, viewport={"width": width, "height": 900})
    guest.get_by_role("heading", name=title, level=1).wait_for()
    guest.locator(".funnel-stage:visible, .upright-stage:visible").nth(7).wait_for()
    assert guest.evaluate("document.documentElement.scrollWidth") <= width
    assert not guest.locator("[data-nav], #page a[href^='/behind']").count()
    assert guest.request.get(f"{me.url}/channels", max_redirects=0).status == 303, "the link opens nothing else"
    me.page.goto(f"{me.url}/settings/users")
    row = me.page.locator("tr", has=me.page.get_by_role("rowheader", name=title, exact=True))
    me.button(f"Close: {title}", f"Закрыть: {title}", row).click()
    row.wait_for(state="detached")
    assert guest.request.get(address).status == 404


@WAYS
def test_a_file_that_is_dropped_becomes_a_source(
    sit_down: Callable[[str, int], Person], language: str, width: int
) -> None:
    me = sit_down(language, width)
    name = f"forms_{language}_{width}"
    heads = me.t("Lead ID;Created;Phone;Email;utm_source;utm_medium", "Номер заявки;Дата заявки;Телефон;Почта;utm_source;utm_medium")  # fmt: skip
    rows = [f"{name}-{day};0{day}.10.2026 10:15;+7 912 345-67-0{day};{name}.{day}@mail.example;yandex;cpc" for day in range(1, 8)]  # fmt: skip
    rows.append(f"{name}-9;someday;+7 912 345-67-09;{name}.9@mail.example;google;organic")
    me.go("Sources", "Источники")
    body = "\n".join([heads, *rows, ""]).encode()
    me.link("Bring a file in", "Загрузить файл").first.click()
    me.page.get_by_label(me.t("or choose one", "или выберите")).set_input_files(
        {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": body}
    )
    me.page.wait_for_url("**/sources/new?**")
    assert me.page.get_by_label(me.t("Phone", "Телефон")).input_value() == "phone"
    me.page.get_by_label(me.t("Its name in reports", "Название в отчётах")).fill(name)
    me.button("Import", "Загрузить").click()
    me.page.wait_for_url("**/jobs/*")
    me.page.locator("#job .health.is-good").wait_for()
    me.page.get_by_role("link", name=me.t("1 in the quarantine", "1 в карантине")).click()
    cause = me.page.locator("#quarantine article")
    cause.get_by_role("heading", name=re.compile("Created|Дата заявки|created_at")).wait_for()
    cause.get_by_text(me.t("The whole row", "Вся строка"), exact=True).click()
    assert cause.locator(".is-wrong input:visible").input_value() == "someday"
    assert cause.locator(".mend-cells input:visible").count() > 1
    me.go("Sources", "Источники")
    source = me.page.locator("tr", has=me.page.get_by_role("rowheader", name=name, exact=True))
    source.get_by_role("cell", name="7", exact=True).wait_for()
    source.get_by_role("cell", name="1", exact=True).wait_for()


@WAYS
def test_the_same_without_a_mouse(
    sit_down: Callable[[str, int], Person], buyer: tuple[str, str], language: str, width: int
) -> None:
    me = sit_down(language, width)
    keys = me.page.keyboard
    funnel = me.page.get_by_role("region", name=me.t("The long funnel", "Длинная воронка"))
    orders = funnel.get_by_role("link", name=re.compile(me.t(r"^\d.* Orders", r"^\d.* Заказы")))
    me.press(orders)
    panel = me.panel(me.t("Orders: the rows", "Заказы: строки за числом"))
    assert panel.evaluate("one => one.contains(document.activeElement)"), "the focus is in the panel"
    me.close()
    assert orders.evaluate("one => one === document.activeElement"), "and comes back to where it was"

    keys.press("g")
    keys.press("4")
    me.page.get_by_role("heading", name=me.t("Funnels", "Воронки"), exact=True, level=1).wait_for()
    me.press(me.page.locator(".builder-fold > summary"))
    remove = me.page.get_by_role("button", name=me.t("Remove: ", "Убрать: "))
    many = remove.count()
    me.press(remove.last)
    remove.nth(many - 1).wait_for(state="detached")
    remove.nth(many - 2).wait_for()
    keys.press("/")
    me.page.locator("#pick:focus").wait_for()  # a search comes before a filter
    keys.insert_text(me.t("won", "выиграна"))
    me.wait_for_steps(me.t("won", "выиграна"))
    keys.press("ArrowDown")
    assert me.page.locator("#found [data-pick]").first.evaluate("one => one === document.activeElement")
    keys.press("Enter")
    remove.nth(many - 1).wait_for()
    stage = me.page.locator("#picture a:is(.funnel-stage, .upright-stage):visible").last
    me.press(stage)
    me.panel()
    me.close()

    keys.press("g")
    keys.press("6")
    me.page.locator("#q").wait_for()
    keys.press("/")
    keys.type(buyer[0])
    keys.press("Enter")
    me.page.get_by_role("heading", name=me.t("Timeline", "История")).wait_for()
    orders_only = me.link(
        "Orders", "Заказы", me.page.get_by_role("navigation", name=me.t("What to show", "Что показать"))
    )
    me.press(orders_only)
    me.page.locator("nav.tabs a[aria-current]", has_text=me.t("Orders", "Заказы")).wait_for()
