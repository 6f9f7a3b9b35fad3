"""What arrives, as it arrives: from the log, without anybody's data unless asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from longfunnel.app.business import Business
from longfunnel.app.serving.tail import tail
from longfunnel.collect.log.following import follow
from longfunnel.core.errors import QuestionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector

PERSONAL = ("ann", "9123456789", "v-secret", "token")


@pytest.fixture
def business(make: Callable[..., Collector]) -> tuple[Collector, Business]:
    collector = make()
    (collector.folder / "longfunnel.toml").write_text(collector.settings, "utf-8")
    (collector.folder / ".longfunnel").mkdir()
    (collector.folder / ".longfunnel" / "log").symlink_to(collector.folder / "log")
    return collector, Business(collector.folder)


def fill(collector: Collector) -> None:
    page = {"u": "https://shop.example/cart?utm_source=yandex&email=ann@x.example", "ti": "Ann's cart"}
    collector.track(collector.event("1", **page), batch={"v": "v-secret"})
    collector.track(collector.event("2", "form_submit", p={"email": "ann@x.example", "name": "ann"}))
    collector.ask("POST", "/hooks/tilda/t0ken", json.dumps({"id": 5, "client": {"phones": ["89123456789"]}}).encode())
    collector.ask("POST", "/hooks/tilda/t0ken", b'{"id": 6, "date": "token"}')


def shown(business: Business, source: str = "", **options: Any) -> list[dict[str, Any]]:
    return [row for row in tail(business, source, is_over=lambda: True, **options) if row]


def test_a_line_for_each_row_and_nobody_in_it(business: tuple[Collector, Business]) -> None:
    collector, opened = business
    fill(collector)
    rows = shown(opened)
    told = [(row["source_system"], row["fact"], row.get("name"), row.get("kind")) for row in rows]
    assert told == [
        ("shop", "event", "page_view", None),
        ("shop", "event", "form_submit", None),
        ("shop", "lead", None, "form"),
        ("tilda", "lead", None, None),
        ("tilda", "lead", None, None),
    ]
    assert (rows[0]["page"], rows[0]["device"]) == ("/cart", "desktop")
    text = json.dumps(rows, default=str)
    assert not [word for word in PERSONAL if word in text]
    assert "created_at" in rows[4]["problem"]
    whole = json.dumps(shown(opened, personal=True), default=str)
    assert "ann@x.example" in whole
    assert "v-secret" in whole


def test_the_last_ones_of_one_source(business: tuple[Collector, Business]) -> None:
    collector, opened = business
    fill(collector)
    assert [row["fact"] for row in shown(opened, "tilda")] == ["lead", "lead"]
    assert [row["fact"] for row in shown(opened, last=1)] == ["lead"]
    assert shown(opened, last=0) == []
    with pytest.raises(QuestionError, match="Did you mean «tilda»"):
        shown(opened, "tildo")


def test_what_comes_is_followed_over_segments_and_half_written_records(make: Callable[..., Collector]) -> None:
    collector = make(log_options={"segment_bytes": 300})
    stream = follow(collector.folder / "log", last=2)
    assert next(stream) is None
    for number in range(6):
        collector.track(collector.event(str(number)))
        arrived = next(stream)
        assert arrived is not None
        assert f'"i":"{number}"'.encode() in arrived[1]
        assert next(stream) is None
    assert len(list((collector.folder / "log").glob("*.log"))) > 1
    newest = max((collector.folder / "log").glob("*.log"))
    whole = newest.read_bytes()
    collector.track(collector.event("7"))
    longer = newest.read_bytes()
    if len(longer) == len(whole):  # the record went into a new segment
        return
    newest.write_bytes(longer[:-5])
    assert next(stream) is None
    newest.write_bytes(longer)
    assert next(stream) is not None


def test_there_is_nothing_to_follow_before_the_first_start(make: Callable[..., Collector]) -> None:
    assert list(follow(make().folder / "none", last=5, is_over=lambda: True)) == [None]
