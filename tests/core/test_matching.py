"""Rules of matching as longfunnel.toml says them: templates, and mistakes told together with what was meant."""

from __future__ import annotations

import pytest

from longfunnel.core.errors import SettingsError
from longfunnel.core.matching import ANY, Placeholder, TemplateError, escaped, parse_template
from longfunnel.core.settings import parse_settings


def test_a_template_is_text_placeholders_and_any_text() -> None:
    assert parse_template("a_{campaign_name}|{ term }**{{x}}").parts == (
        "a_", Placeholder("campaign"), "|", Placeholder("keyword"), ANY, "{x}",
    )  # fmt: skip
    assert parse_template("").parts == ()
    assert parse_template(escaped("{x}")).parts == ("{x}",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{campain}", "Did you mean «campaign»"),
        ("a{b", "stands alone"),
        ("a}b", "stands alone"),
        ("{}", "no placeholder"),
    ],
)
def test_a_template_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        parse_template(text)


SOURCE = '[[source]]\nname = "direct"\nfact = "spend"\npath = "x.csv"\n'


def test_rules_are_read_in_their_order() -> None:
    text = (
        SOURCE
        + '[[match]]\nsource = "direct"\nutm_campaign = "{campaign_id}"\n[[match]]\ncampaign = "Brand*"\nutm_campaign = "brand"\nnormalise = []\n'
    )
    first, second = parse_settings(text).match
    assert (first.source, first.normalise, second.campaign, second.normalise) == ("direct", ("case",), "Brand*", ())


def test_all_mistakes_are_told_together() -> None:
    text = SOURCE + ('[[match]]\nutm_campain = "x"\n[[match]]\nutm_campaign = "{campain_id}"\nnormalise = ["casing"]\n')
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert "[[match]] number 1: unknown setting «utm_campain». Did you mean «utm_campaign»" in str(caught.value)
    assert "[[match]] number 2 normalise" in str(caught.value)
    text = SOURCE + (
        '[[match]]\nsource = "dirct"\nutm_campaign = "{campain_id}"\n'
        '[[match]]\ncampaign = "{ad}"\n'
        '[[match]]\nutm_campaign = "x"\n'
    )
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    said = str(caught.value)
    for part in (
        "number 1 source «dirct» is no [[source]] that brings spend. Did you mean «direct»", "number 1 utm_campaign = «{campain_id}»: there is no placeholder",
        "number 2 campaign = «{ad}»: placeholders belong to the utm_… fields", "number 2 says nothing of the link", "number 3 says nothing of the spend",
    ):  # fmt: skip
        assert part in said
