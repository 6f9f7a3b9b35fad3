"""Channels: the default list, the traps, and the business's own rules."""

from __future__ import annotations

import pytest

from longfunnel.core.settings import ChannelRule
from longfunnel.journeys.channels import Mark, classify, explain


@pytest.mark.parametrize(
    ("mark", "channel"),
    [
        (Mark("yandex", "cpc"), "Paid Search"),
        (Mark("YANDEX", "CPC"), "Paid Search"),
        (Mark("google", "ppc"), "Paid Search"),
        (Mark("yandex", "organic"), "Organic Search"),
        (Mark("yandex", "display"), "Display"),
        (Mark("yandex", "display", click_id="yclid"), "Display"),
        (Mark("vk", "cpc"), "Paid Social"),
        (Mark("vk", "social"), "Organic Social"),
        (Mark("telegram", "cpc"), "Paid Social"),
        (Mark("facebook_ads", "paid_social"), "Paid Social"),
        (Mark("youtube", "cpm"), "Paid Video"),
        (Mark("avito", "cpc"), "Paid Shopping"),
        (Mark("avito"), "Organic Shopping"),
        (Mark("2gis"), "Maps"),
        (Mark("newsletter", "email"), "Email"),
        (Mark("partner", "referral"), "Referral"),
        (Mark("partner", "affiliate"), "Affiliates"),
        (Mark("someone", "cpc"), "Paid Other"),
        (Mark("shop-window", "cpc", "summer shopping"), "Paid Shopping"),
        (Mark("google", "cpc", "cross-network 7"), "Cross-network"),
        (Mark("app", "push"), "Mobile Push"),
        (Mark("chatgpt.com", "referral"), "AI Assistants"),
    ],
)
def test_links_with_marks_follow_the_default_order(mark: Mark, channel: str) -> None:
    assert classify(mark) == channel


@pytest.mark.parametrize(
    ("mark", "channel", "is_paid"),
    [
        (Mark(click_id="gclid", is_visit=True), "Paid Search", True),
        (Mark(click_id="yclid", is_visit=True), "Paid Search", True),
        (Mark(click_id="ymclid", is_visit=True), "Paid Search", True),
        (Mark(click_id="vkclid", is_visit=True), "Paid Social", True),
        (Mark(click_id="fbclid", is_visit=True), "Paid Social", True),
        (Mark("facebook", "social", click_id="fbclid", is_visit=True), "Organic Social", False),
        (Mark("google", click_id="gclid"), "Paid Search", True),
    ],
)
def test_click_ids_count_as_paid_and_fbclid_only_where_the_medium_is_silent(
    mark: Mark, channel: str, is_paid: bool
) -> None:
    verdict = explain(mark)
    assert (verdict.channel, verdict.is_paid) == (channel, is_paid)


@pytest.mark.parametrize("medium", ["tcpip", "mcp", "scpt"])
def test_a_medium_that_only_contains_cp_is_not_paid(medium: str) -> None:
    assert classify(Mark("someone", medium)) == "Unassigned"
    assert not explain(Mark("google", medium)).is_paid


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("organic_search", "Organic Search"),
        ("paid_search", "Paid Search"),
        ("direct_traffic", "Direct"),
        ("social", "Organic Social"),
        ("email", "Email"),
        ("referral", "Referral"),
        ("display", "Display"),
        ("other", "Other"),
        ("other_publicities", "Other"),
        ("Яндекс Директ", "Paid Search"),
        ("Сайт", "Website"),
        ("Рекомендация", "Referral"),
        ("По рекомендации", "Referral"),
        ("Выставка", "Offline"),
        ("Paid Social", "Paid Social"),
        ("Email Marketing", "Email"),
        ("Offline Sources", "Offline"),
        ("unknown", "Unassigned"),
        ("qwerty", "Unassigned"),
    ],
)
def test_a_crm_s_own_words_are_understood(word: str, channel: str) -> None:
    assert classify(Mark(word)) == channel


@pytest.mark.parametrize(
    ("host", "channel"),
    [
        ("google.com", "Organic Search"),
        ("google.co.uk", "Organic Search"),
        ("yandex.ru", "Organic Search"),
        ("mail.google.com", "Email"),
        ("t.me", "Organic Social"),
        ("l.facebook.com", "Organic Social"),
        ("away.vk.com", "Organic Social"),
        ("chatgpt.com", "AI Assistants"),
        ("habr.com", "Referral"),
        ("yookassa.ru", "Direct"),
        ("checkout.stripe.com", "Direct"),
    ],
)
def test_a_referrer_s_host_names_the_channel_and_a_payment_provider_sends_nobody(host: str, channel: str) -> None:
    assert classify(Mark(referrer_host=host, is_visit=True)) == channel


def test_silence_is_direct_for_a_visit_and_unknown_for_a_lead() -> None:
    assert classify(Mark(is_visit=True)) == "Direct"
    assert classify(Mark()) is None
    assert classify(Mark("(not set)", "(not set)")) is None
    assert classify(Mark("(direct)", "(none)")) == "Direct"


def test_spend_is_paid_whatever_it_calls_itself() -> None:
    assert classify(Mark("yandex", is_spend=True)) == "Paid Search"
    assert classify(Mark("vk", is_spend=True)) == "Paid Social"
    assert classify(Mark(is_spend=True)) is None


def test_own_rules_come_first_and_say_which_fired() -> None:
    rules = (ChannelRule(name="Bloggers", source="vk|telegram", campaign="blog.*"), ChannelRule(name="VK", source="vk"))
    assert classify(Mark("VK", "cpc", "Blog-7"), rules) == "Bloggers"
    verdict = explain(Mark("vk", "cpc"), rules)
    assert (verdict.channel, verdict.rule) == ("VK", "[[channel]] number 2")
    assert classify(Mark("vk-ads", "cpc"), rules) == "Paid Social"
