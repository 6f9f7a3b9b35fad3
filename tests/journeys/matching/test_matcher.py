"""Which campaign, ad group, keyword and ad a link means: examples, and random ones against the definition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.matching import oracle

from longfunnel.core.matching import MatchRule
from longfunnel.journeys.matching.campaigns import FINER, SpendRow, campaigns_of
from longfunnel.journeys.matching.matcher import Link, Matcher


def row(mark: int, campaign_id: str | None, campaign: str | None, **more: Any) -> SpendRow:
    return SpendRow(mark, **{"source_system": "direct", "latest": f"2026-01-{mark:02}", "source": "yandex"} | more,
                    campaign_id=campaign_id, campaign=campaign)  # fmt: skip


def meant(
    rows: list[SpendRow], link: Link, *rules: MatchRule
) -> tuple[str | None, str | None, str | None, str | None] | None:
    match = Matcher(campaigns_of(rows), rules).match(link)
    return match and (match.campaign.campaign, match.ad_group, match.keyword, match.ad)


BRAND = row(
    1,
    "101",
    "Бренд РФ",
    ad_group_id="7",
    ad_group="Группа",
    keyword_id="55",
    keyword="купить слона",
    ad_id="900",
    ad="Слоны",
)
SALE = row(2, "102", "Sale|May", keyword="sale")


@pytest.mark.parametrize(
    ("rule", "link", "expected"),
    [
        ({}, {"utm_campaign": "101"}, ("Бренд РФ", None, None, None)),
        ({}, {"utm_campaign": "бренд рф "}, ("Бренд РФ", None, None, None)),
        ({}, {"utm_campaign": "101", "utm_term": "55", "utm_content": "900"}, ("Бренд РФ", "7", "55", "900")),
        ({}, {"utm_campaign": "101", "utm_term": "Купить слона"}, ("Бренд РФ", "7", "55", None)),
        ({}, {"utm_campaign": "103"}, None),
        ({"utm_content": "cid|{campaign_id}|gid|{ad_group_id}|aid|{ad_id}"}, {"utm_content": "cid|101|gid|7|aid|900"}, ("Бренд РФ", "7", None, "900")),
        ({"utm_content": "cid|{campaign_id}|gid|{ad_group_id}|aid|{ad_id}"}, {"utm_content": "cid|102|gid|9|aid|1"}, ("Sale|May", None, None, None)),
        ({"utm_campaign": "{campaign}|{campaign_id}"}, {"utm_campaign": "sale|may|102"}, ("Sale|May", None, None, None)),
        ({"utm_campaign": "{campaign}|{campaign_id}"}, {"utm_campaign": "sale|may|101"}, None),
        ({"utm_campaign": "*_{campaign_id}_*"}, {"utm_campaign": "ru_101_search"}, ("Бренд РФ", None, None, None)),
        ({"utm_campaign": "{campaign}", "normalise": ("case", "separators", "transliteration")}, {"utm_campaign": "brend-rf"}, ("Бренд РФ", None, None, None)),
        ({"campaign": "Бренд РФ", "utm_campaign": "elephants"}, {"utm_campaign": "Elephants"}, ("Бренд РФ", None, None, None)),
        ({"campaign": "Sale*", "utm_source": "ya*", "utm_campaign": "x"}, {"utm_campaign": "x", "utm_source": "yandex"}, ("Sale|May", None, None, None)),
        ({"campaign": "Sale*", "utm_source": "ya*", "utm_campaign": "x"}, {"utm_campaign": "x", "utm_source": "google"}, None),
        ({"utm_campaign": "c{campaign_id}", "utm_term": "k{keyword_id}"}, {"utm_campaign": "c101"}, ("Бренд РФ", None, None, None)),
        ({"utm_campaign": "c{campaign_id}", "utm_term": "k{keyword_id}"}, {"utm_campaign": "c101", "utm_term": "55"}, None),
        ({"utm_content": "{ad_id}"}, {"utm_content": "900", "utm_campaign": "whatever"}, ("Бренд РФ", "7", None, "900")),
        ({"source": "vk", "utm_campaign": "y{campaign_id}"}, {"utm_campaign": "y101"}, None),
    ],
)  # fmt: skip
def test_what_a_link_means(rule: dict[str, Any], link: dict[str, str], expected: Any) -> None:
    rules = [MatchRule(**rule)] if rule else []
    assert meant([BRAND, SALE], Link(**link), *rules) == expected


def test_a_link_s_own_source_decides_between_campaigns_of_one_name() -> None:
    rows = [row(1, None, "brand"), row(2, None, "brand", source="google")]
    assert meant(rows, Link("google", None, "brand")) == ("brand", None, None, None)
    assert meant(rows, Link("bing", None, "brand")) is None


def test_a_rule_that_names_no_campaign_is_for_spend_that_names_none() -> None:
    rows = [row(1, None, None, source="ivanov", source_system="bloggers"), row(2, "1", "a", source_system="bloggers")]
    rule = MatchRule(source="bloggers", utm_source="blog*")
    found = Matcher(campaigns_of(rows), [rule]).match(Link("blog_ivanov"))
    assert found is not None
    assert (found.campaign.source, found.campaign.is_named) == ("ivanov", False)


def test_a_campaign_keeps_all_of_its_names() -> None:
    rows = [row(1, "7", "Old"), row(2, "7", "New"), row(3, None, "Old", source_system="sheet")]
    assert [campaign.campaign for campaign in campaigns_of(rows)] == ["New"]
    assert meant(rows, Link(utm_campaign="old")) == ("New", None, None, None)


WORDS = st.sampled_from([None, "1", "2", "Aa", "aa", "a b", "a_b", "b"])
ROWS = st.lists(
    st.builds(
        SpendRow, st.integers(1, 6), st.sampled_from(["direct", "vk"]), st.sampled_from(["2026-01-01", "2026-01-02"]),
        st.sampled_from([None, "acc"]), st.sampled_from([None, "yandex", "vk"]), st.sampled_from([None, "cpc"]), *[WORDS] * 9,
    ),
    max_size=6,
)  # fmt: skip
PIECE = st.sampled_from(
    [
        "{campaign_id}",
        "{campaign}",
        "{ad_group_id}",
        "{keyword}",
        "{keyword_id}",
        "{ad_id}",
        "{content}",
        "{source}",
        "{medium}",
        "*",
        "_",
        "a",
        "1",
        "|",
    ]
)
TEMPLATES = st.one_of(st.just(""), st.just(""), st.lists(PIECE, min_size=1, max_size=4).map("".join))
RULES = st.builds(
    MatchRule,
    source=st.sampled_from(["", "", "direct"]),
    campaign=st.sampled_from(["", "", "", "aa", "a*"]),
    campaign_id=st.sampled_from(["", "", "1"]),
    utm_source=st.sampled_from(["", "", "yandex", "{source}"]),
    utm_campaign=TEMPLATES,
    utm_content=TEMPLATES,
    utm_term=TEMPLATES,
    normalise=st.sampled_from([(), ("case",), ("case", "separators")]),
)
VALUES = st.one_of(
    WORDS, st.lists(st.sampled_from(["1", "2", "aa", "a b", "_", "|", "b", "yandex", "cpc"]), max_size=4).map("".join)
)
LINKS = st.builds(
    Link, st.sampled_from([None, "yandex", "VK", "x"]), st.sampled_from([None, "cpc"]), VALUES, VALUES, VALUES
)


@pytest.mark.slow
@settings(deadline=None, max_examples=500)
@given(ROWS, st.lists(RULES, max_size=3), st.lists(LINKS, min_size=1, max_size=6))
def test_random_spend_rules_and_links_by_the_definition(
    rows: list[SpendRow], rules: list[MatchRule], links: list[Link]
) -> None:
    campaigns = campaigns_of(rows)
    assert sum(len(campaign.rows) for campaign in campaigns) == len(rows)
    matcher = Matcher(campaigns, rules)
    for link in links:
        found = matcher.match(link)
        said = found and (
            campaigns.index(found.campaign), found.rule, {name: key for name in FINER if (key := getattr(found, name)) is not None}
        )  # fmt: skip
        assert said == oracle.match(campaigns, rules, link), link
