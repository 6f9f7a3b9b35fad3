"""Stages in the settings: names that stand wherever a stage is shown, stages left out, and what the CRM's stages feed."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from python_calamine import CalamineWorkbook
from tests.web.reading import plain
from tests.web.visitor import PASSWORD, Browser

from longfunnel.app.access.accounts import add_user
from longfunnel.app.answering import Answering
from longfunnel.app.crm_stages import Feeds, crm_stages, fed_by
from longfunnel.app.settings_file import change_settings, set_values
from longfunnel.core.stages import STAGES
from longfunnel.reports import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from longfunnel.app.business import Business

pytestmark = pytest.mark.slow  # each test builds a business
HERE = "/settings/stages"
TEXT = """# Ours.
[business]
currency = "RUB"
timezone = "Europe/Moscow"

# What we call them.
[[stage]]
metric = "deals"
ru = "Сделки CRM"   # with the retail ones

[[source]]
name = "leads"
fact = "lead"
path = "leads.csv"
columns.lead_id = "id"
columns.created_at = "at"
columns.is_qualified = "good"

[[source]]
name = "deals"
fact = "deal"
path = "deals.csv"
columns.deal_id = "id"
columns.lead_id = "lead"
columns.created_at = "at"
columns.pipeline = "pipeline"
columns.stage = "stage"
columns.status = "status"
columns.amount = "amount"
"""
LEADS = "id,at,good\n" + "".join(f"{n},2026-03-0{n} 10:00:00,{'true' if n == 1 else ''}\n" for n in range(1, 7))
DEALS = """id,lead,at,pipeline,stage,status,amount
1,1,2026-03-01 11:00:00,Retail,Talks,open,100
2,2,2026-03-02 11:00:00,Retail,Prepaid,open,200
3,3,2026-03-03 11:00:00,Retail,Prepaid,lost,300
4,4,2026-03-04 11:00:00,Retail,Done,won,400
5,5,2026-03-05 11:00:00,Office,Talks,open,500
6,6,2026-03-06 11:00:00,Office,Silent,,600
"""


@pytest.fixture
def owner(empty: Business, browse: Callable[[Business], Browser]) -> Browser:
    """An owner of a business with six deals in five stages."""
    empty.settings_file.write_text(TEXT, "utf-8")
    (empty.folder / "leads.csv").write_text(LEADS, "utf-8")
    (empty.folder / "deals.csv").write_text(DEALS, "utf-8")
    empty.sync()
    empty.build()
    for role in ("owner", "analyst"):
        add_user(empty, email=f"{role}@cedar.test", name=role, role=role, password=PASSWORD)  # type: ignore[arg-type]
    browser = browse(empty)
    browser.sign_in("owner@cedar.test")
    return browser


def names(**changed: str) -> dict[str, str]:
    """The form with every stage shown and nothing renamed, but for what is given; a stage given as "" loses its tick."""
    form = {f"shown_{name}": "1" for name in STAGES} | {f"{one}_{name}": "" for name in STAGES for one in ("en", "ru")}
    return {key: value for key, value in (form | changed).items() if value or not key.startswith("shown_")}


def test_a_new_name_stands_in_the_overview_the_channels_the_rows_and_the_files(empty: Business, owner: Browser) -> None:
    sent = names(en_leads="Requests <b>", ru_deals="Сделки CRM")
    assert owner.post(HERE + "/names", at=HERE, **sent).headers["location"] == f"{HERE}?_saved=names"
    for page in ("/?_period=all", "/channels?_period=all&metrics=leads", "/behind?_metric=leads&_period=all", HERE):
        text = owner.get(page).text
        assert "Requests &lt;b&gt;" in text, page
        assert "Requests <b>" not in text, page
    answering = Answering(empty)
    long = answering.ask(Question("long_funnel"))
    assert next(row["title"] for row in long.rows if row["stage"] == "leads") == "Requests <b>"
    assert "Requests <b>" in owner.get("/export/csv?report=long_funnel").text
    book = CalamineWorkbook.from_filelike(BytesIO(owner.get("/export/xlsx?report=lead_funnel").content))
    assert "Requests <b>" in book.get_sheet_by_index(0).to_python()[0]
    by = answering.ask(Question("long_funnel", by=("pipeline",)))
    assert by.column("leads").title.en == "Requests <b>"
    assert by.column("qualified_leads_conversion").title.en.startswith("Requests <b> →")


def test_what_is_as_ours_is_not_written_and_comments_stay(empty: Business, owner: Browser) -> None:
    owner.post(HERE + "/names", at=HERE, **names(ru_deals="Сделки CRM", ru_leads="Лиды", en_leads=" Leads "))
    assert empty.settings_file.read_text("utf-8") == TEXT
    owner.post(HERE + "/names", at=HERE, **names())
    text = empty.settings_file.read_text("utf-8")
    assert "[[stage]]" not in text
    assert text.startswith("# Ours.")


def test_a_hidden_stage_leaves_the_funnel_and_conversions_step_over_it(empty: Business, owner: Browser) -> None:
    answering = Answering(empty)
    whole = {row["stage"]: row for row in answering.ask(Question("long_funnel")).rows}
    assert tuple(whole) == STAGES
    owner.post(HERE + "/names", at=HERE, **names(shown_impressions="", shown_qualified_leads=""))
    left = {row["stage"]: row for row in answering.ask(Question("long_funnel")).rows}
    assert tuple(left) == tuple(name for name in STAGES if name not in ("impressions", "qualified_leads"))
    assert left["deals"]["conversion"] == whole["deals"]["count"] / whole["leads"]["count"]
    assert "Impressions" not in plain(owner.get("/?_period=all").text).split("Over time")[0]


def test_names_are_bounded_and_too_few_stages_are_refused(empty: Business, owner: Browser) -> None:
    before = empty.settings_file.read_text("utf-8")
    long = owner.post(HERE + "/names", at=HERE, **names(en_leads="x" * 41))
    assert long.status_code == 400
    assert "the most is 40" in long.text
    assert f'value="{"x" * 41}"' in long.text, "what was typed stays to be mended"
    none = owner.post(HERE + "/names", at=HERE, **names(**{f"shown_{name}": "" for name in STAGES}))
    assert none.status_code == 400
    assert "at least two" in none.text
    assert empty.settings_file.read_text("utf-8") == before


def test_only_owners_rename(empty: Business, owner: Browser, browse: Callable[[Business], Browser]) -> None:
    analyst = browse(empty)
    analyst.sign_in("analyst@cedar.test")
    assert "Owners can change this" in analyst.get(HERE).text
    assert analyst.post(HERE + "/names", at=HERE, **names(en_leads="Mine")).status_code == 403
    assert "Mine" not in empty.settings_file.read_text("utf-8")


def test_renaming_builds_nothing_anew(empty: Business, owner: Browser) -> None:
    owner.post(HERE + "/names", at=HERE, **names(en_leads="Requests"))
    assert not empty.build().did_something


def test_the_page_counts_the_deals_of_every_stage(empty: Business, owner: Browser) -> None:
    with empty.cursor() as cursor:
        found = {(one.pipeline, one.name): (one.entered, one.standing, one.said) for one in crm_stages(cursor)}
    assert found == {
        ("Office", "Silent"): (1, 1, ""),
        ("Office", "Talks"): (1, 1, ""),
        ("Retail", "Done"): (1, 1, "won"),
        ("Retail", "Prepaid"): (2, 2, ""),
        ("Retail", "Talks"): (1, 1, ""),
    }
    page = owner.get(HERE).text
    assert len(re.findall(r'name="shown" value="Talks"', page)) == 1, "one name, one choice"
    assert "won in the CRM" in page


def test_nothing_is_applied_before_the_preview_is_accepted(empty: Business, owner: Browser) -> None:
    sent = {"shown": ["Talks", "Prepaid", "Silent"], "outcome": ["", "won", "lost"], "qualified": ["Talks"]}
    shown = owner.post(HERE, **sent)
    assert shown.status_code == 200
    assert empty.settings.counting.won_stages == ()
    text = plain(shown.text)
    assert "Prepaid 2 deals now as in the CRM order" in text
    assert "Qualified leads 1 2 +1" in text
    assert "Won deals 1 2 +1" in text
    assert "Lost deals 1 2 +1" in text
    assert owner.post(HERE, apply="1", **sent).headers["location"] == f"{HERE}?_saved=feeds"
    counting = empty.settings.counting
    assert (counting.qualified_stages, counting.won_stages, counting.lost_stages) == (
        ("Talks",),
        ("Prepaid",),
        ("Silent",),
    )
    same = owner.post(HERE, **sent)
    assert "what they fed before" in same.text


@pytest.mark.parametrize(
    "feeds",
    [
        Feeds(frozenset(), frozenset(), frozenset()),
        Feeds(frozenset({"Talks"}), frozenset({"Prepaid"}), frozenset({"Silent"})),
        Feeds(frozenset({"Done", "Silent"}), frozenset({"Talks", "Silent"}), frozenset({"Done", "Prepaid"})),
    ],
)
@pytest.mark.usefixtures("owner")
def test_the_preview_promises_what_the_build_then_counts(empty: Business, feeds: Feeds) -> None:
    other = Feeds(frozenset({"Prepaid"}), frozenset({"Silent"}), frozenset({"Talks"}))
    for stages in (other, feeds):
        with empty.cursor() as cursor:
            promised = fed_by(cursor, stages)
        values = {f"{name}_stages": sorted(names) for name, names in stages._asdict().items()}
        change_settings(empty, lambda document, values=values: set_values(document, "counting", values, {}))  # type: ignore[misc]
        empty.build()
        row = empty.ask("summary", metrics=["qualified_leads", "won", "lost"]).rows[0]
        assert (row["qualified_leads"], row["won"], row["lost"]) == (
            promised.qualified_leads,
            promised.won,
            promised.lost,
        )
        with empty.cursor() as cursor:
            amount = cursor.execute("SELECT sum(amount) FROM live.deals WHERE status = 'won'").fetchall()[0][0]
        assert promised.won_amount == (None if amount is None else Decimal(amount))
        with empty.cursor() as cursor:
            assert fed_by(cursor, stages) == promised, "the same stages again change nothing"
