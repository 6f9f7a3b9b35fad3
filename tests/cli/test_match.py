"""Matching by the command line: what stands apart, what is proposed, and a rule accepted into a file that keeps its comments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # each test builds a business
CAMPAIGNS = {"70101": "Бренд РФ", "70102": "Диваны", "70103": "Кухни"}
DAYS = range(1, 15)


@pytest.fixture
def folder(longfunnel: Callable[..., Any], tmp_path: Path) -> Path:
    """Spend by campaign's id, visits whose links carry it in the middle of utm_campaign."""
    place = tmp_path / "shop"
    assert (
        longfunnel(
            "-C",
            place,
            "init",
            "--name",
            "Shop",
            "--currency",
            "RUB",
            "--timezone",
            "Europe/Moscow",
            "--language",
            "en",
        ).code
        == 0
    )
    spend = ["Date,utm_source,utm_medium,Campaign ID,Campaign,Impressions,Clicks,Cost"]
    visits = ["Visit ID,Started,Client ID,utm_source,utm_medium,utm_campaign,Pages"]
    for number, (key, name) in enumerate(CAMPAIGNS.items()):
        for day in DAYS:
            clicks = 2 + (day * (number + 2)) % 5
            spend.append(f"2026-03-{day:02},yandex,cpc,{key},{name},{clicks * 20},{clicks},{clicks * 10}.25")
            visits += [
                f"v{number}-{day}-{one},2026-03-{day:02} 10:00:00,{number}{day:02}{one},ya,cpc,cid_{key}_ru,2"
                for one in range(clicks)
            ]
    (place / "spend.csv").write_text("\n".join(spend), "utf-8")
    (place / "visits.csv").write_text("\n".join(visits), "utf-8")
    said = longfunnel("-C", place, "import", place / "spend.csv", place / "visits.csv", "--yes")
    assert said.code == 0, said.err
    return place


def test_what_stands_apart_is_proposed_accepted_and_joined(longfunnel: Callable[..., Any], folder: Path) -> None:
    before = json.loads(longfunnel("-C", folder, "match", "--format", "json").out)
    assert [(row["level"], row["reason"]) for row in before["levels"]] in (
        [("channel", "campaign_without_visits")], [("none", "channel_without_visits")]
    )  # fmt: skip
    assert len(before["campaigns_without_visits"]) == len(before["links_without_spend"]) == 3
    assert "match propose" in longfunnel("-C", folder, "match").out

    (proposed,) = json.loads(longfunnel("-C", folder, "match", "propose", "--format", "json").out)
    assert proposed["rule"] == {"utm_source": "ya", "utm_campaign": "cid_{campaign_id}_ru"}
    total = sum(float(row["amount"]) for row in before["levels"])
    visits = sum(row["visits"] for row in before["links_without_spend"])
    assert (float(proposed["cost"]), proposed["campaigns"], proposed["visits"]) == (total, 3, visits)
    assert "cid_{campaign_id}_ru" in longfunnel("-C", folder, "match", "propose").out

    wrong = longfunnel("-C", folder, "match", "accept", "2")
    assert (wrong.code, "There is no proposal 2" in wrong.err) == (1, True)
    settings = folder / "longfunnel.toml"
    text = settings.read_text("utf-8")
    settings.write_text("# Ours.\n" + text, "utf-8")
    assert longfunnel("-C", folder, "match", "accept", "1").code == 0
    assert settings.read_text("utf-8").startswith("# Ours.\n" + text.rstrip())

    after = json.loads(longfunnel("-C", folder, "match", "--format", "json").out)
    assert [(row["level"], row["reason"], float(row["amount"])) for row in after["levels"]] == [
        ("campaign", None, total)
    ]
    assert after["rules"] == [{"rule": proposed["rule"], "visits": visits, "campaigns": 3}]
    rows = json.loads(
        longfunnel(
            "-C",
            folder,
            "report",
            "channels",
            "--by",
            "channel,campaign",
            "--metrics",
            "cost,visits",
            "--format",
            "json",
        ).out
    )["rows"]
    assert {row["campaign"]: row["visits"] > 0 and row["cost"] not in (None, "0") for row in rows} == dict.fromkeys(
        CAMPAIGNS.values(), True
    )
    assert "Nothing to propose" in longfunnel("-C", folder, "match", "propose").out


def test_a_wrong_rule_is_said_with_what_was_meant(longfunnel: Callable[..., Any], another: Path) -> None:
    with (another / "longfunnel.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[match]]\nutm_campain = "x"\n')
    said = longfunnel("-C", another, "match")
    assert said.code == 1
    assert "Did you mean «utm_campaign»" in said.err
