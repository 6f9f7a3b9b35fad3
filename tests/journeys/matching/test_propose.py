"""What is proposed for cost and visits that stand apart, by which evidence, and what each proposal would join."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from typing import Any

from longfunnel.core.matching import MatchRule
from longfunnel.journeys.matching.campaigns import SpendRow, campaigns_of
from longfunnel.journeys.matching.matcher import Link
from longfunnel.journeys.matching.propose import Proposal, propose
from longfunnel.journeys.matching.seen import Came, Seen, Spent

DAYS = [f"2026-01-{day:02}" for day in range(1, 29)]


def wave(size: int, phase: int) -> Counter[str]:
    return Counter({day: round(size * (2 + math.sin((at + phase) * (1.1 + phase / 7)))) for at, day in enumerate(DAYS)})


def seen(*spends: tuple[dict[str, Any], int], links: list[tuple[dict[str, str], Counter[str]]]) -> Seen:
    spent = {
        SpendRow(number, "direct", DAYS[-1], **{"source": "yandex"} | named): Spent(Decimal(cost), wave(20, number))
        for number, (named, cost) in enumerate(spends)
    }
    return Seen(campaigns_of(spent), spent, {Link(**link): Came(visits) for link, visits in links})


def told(proposals: list[Proposal]) -> list[tuple[dict[str, Any], Decimal, int]]:
    names = ("campaign", "campaign_id", "utm_source", "utm_campaign", "utm_content", "utm_term")
    return [
        ({name: value for name in names if (value := getattr(one.rule, name))}, one.cost, one.visits)
        for one in proposals
    ]


def test_a_template_is_found_over_many_campaigns() -> None:
    known = [
        ({"campaign_id": f"10{n}", "campaign": f"Campaign {n}", "ad_id": f"900{n}", "ad": "x"}, 100) for n in range(5)
    ]
    links = [
        ({"utm_source": "ya", "utm_campaign": f"cid_10{n}_{word}", "utm_content": f"aid{900}{n}|x"}, wave(15, n))
        for n, word in enumerate("abcab")
    ]
    (one,) = propose(seen(*known, links=links), ())
    assert told([one])[0][0] == {
        "utm_source": "ya",
        "utm_campaign": "cid_{campaign_id}_*",
        "utm_content": "aid{ad_id}|x",
    }
    assert (one.cost, one.campaigns, one.visits) == (500, 5, sum(wave(15, n).total() for n in range(5)))
    assert one.confidence > 0.9
    assert [text.en for text in one.evidence][1:] == [
        "the same for 5 campaigns",
        "clicks and visits go together by day: correlation 1.00",
    ]


def test_names_that_differ_in_spelling_only() -> None:
    links = [
        ({"utm_source": "yandex", "utm_campaign": "brend-rf"}, wave(5, 0)),
        ({"utm_source": "yandex", "utm_campaign": "divany"}, wave(5, 1)),
    ]
    (one,) = propose(seen(({"campaign": "Бренд РФ"}, 10), ({"campaign": "Диваны"}, 20), links=links), ())
    assert one.rule == MatchRule(
        utm_source="yandex", utm_campaign="{campaign}", normalise=("case", "separators", "transliteration")
    )
    assert (one.cost, one.campaigns) == (30, 2)


def test_a_pair_is_found_by_its_days() -> None:
    links = [({"utm_campaign": "summer"}, wave(7, 1)), ({"utm_campaign": "winter"}, wave(9, 0))]
    found = propose(seen(({"campaign": "Лето 2026"}, 10), ({"campaign": "Зима 2026"}, 20), links=links), ())
    assert sorted(map(str, told(found))) == sorted(
        map(
            str,
            [
                ({"campaign": "Зима 2026", "utm_campaign": "summer"}, Decimal(20), wave(7, 1).total()),
                ({"campaign": "Лето 2026", "utm_campaign": "winter"}, Decimal(10), wave(9, 0).total()),
            ],
        )
    )
    assert all(one.confidence < 0.7 for one in found)


def test_what_meets_already_is_left_alone() -> None:
    both = seen(
        ({"campaign_id": "101", "campaign": "Brand"}, 10),
        links=[({"utm_source": "yandex", "utm_campaign": "101"}, wave(5, 0))],
    )
    assert propose(both, ()) == []
    apart = seen(({"campaign_id": "101", "campaign": "Brand"}, 10), links=[({"utm_campaign": "x101x"}, wave(5, 0))])
    (one,) = propose(apart, ())
    assert propose(apart, (one.rule,)) == []


def test_a_link_of_another_source_that_carries_the_id_is_proposed_to_stand_at_the_spend_s_place() -> None:
    both = seen(
        ({"campaign_id": "101", "campaign": "Brand"}, 10),
        links=[({"utm_source": "ya_direct", "utm_campaign": "101"}, wave(5, 0))],
    )
    assert told(propose(both, ())) == [
        ({"utm_source": "ya_direct", "utm_campaign": "{campaign_id}"}, Decimal(10), wave(5, 0).total())
    ]


def test_nothing_is_proposed_for_nothing() -> None:
    assert propose(seen(links=[]), ()) == []
    assert propose(seen(({"campaign": "a"}, 1), links=[]), ()) == []
    assert propose(seen(links=[({"utm_campaign": "a"}, wave(1, 1))]), ()) == []
