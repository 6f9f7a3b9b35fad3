"""What an import does with rows: keys, versions, defaults, and what follows from other columns."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.connect.conftest import NOW, at, counts

from longfunnel.core.errors import SourceError
from longfunnel.core.settings import Business
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from tests.connect.conftest import Desk

pytestmark = pytest.mark.slow  # each test works on a whole warehouse

DEAL = {"deal_id": "id", "created_at": "made", "amount": "sum", "status": "state"}
LATER = NOW + timedelta(days=1)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,5,won\n2,2025-09-02,6,open\n")
    assert counts(desk.run("deal", "d.csv", columns=DEAL)) == (2, 2, 0, 0, 0)
    again = desk.run("deal", "d.csv", columns=DEAL, at=LATER)
    assert counts(again) == (0, 0, 0, 0, 0)
    assert again.files[0].unchanged
    desk.write("copy.csv", "id,made,sum,state\n2,2025-09-02,6,open\n1,2025-09-01,5,won\n")
    assert counts(desk.run("deal", "copy.csv", columns=DEAL, at=LATER)) == (2, 0, 0, 2, 0)
    assert desk.rows("SELECT count(*) FROM facts.deal") == [(2,)]


def test_a_corrected_row_is_a_new_version_and_the_earlier_answer_can_be_had_back(desk: Desk) -> None:
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,5,open\n2,2025-09-02,6,open\n")
    desk.run("deal", "d.csv", columns=DEAL)
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,50,won\n2,2025-09-02,6,open\n")
    assert counts(desk.run("deal", "d.csv", columns=DEAL, at=LATER)) == (2, 0, 1, 1, 0)
    fact = facts()["deal"]
    now = desk.rows(f"SELECT deal_id, amount, status FROM ({current_sql(fact)}) ORDER BY 1")
    assert now == [("1", Decimal(50), "won"), ("2", Decimal(6), "open")]
    before = desk.warehouse.execute(
        f"SELECT deal_id, amount, status FROM ({current_sql(fact, as_of=True)}) ORDER BY 1", {"as_of": NOW}
    ).fetchall()
    assert before == [("1", Decimal(5), "open"), ("2", Decimal(6), "open")]


def test_a_value_that_comes_back_is_a_version_too(desk: Desk) -> None:
    for number, amount in enumerate((5, 6, 5)):
        desk.write("d.csv", f"id,made,sum,state\n1,2025-09-01,{amount},open\n")
        report = desk.run("deal", "d.csv", columns=DEAL, at=NOW + timedelta(days=number))
        assert report.added + report.changed == 1
    assert desk.rows(f"SELECT amount FROM ({current_sql(facts()['deal'])})") == [(Decimal(5),)]


def test_rows_older_than_what_is_known_are_left(desk: Desk) -> None:
    columns = {**DEAL, "modified_at": "changed"}
    desk.write("new.csv", "id,made,sum,state,changed\n1,2025-09-01,9,won,2025-09-09\n")
    desk.write("old.csv", "id,made,sum,state,changed\n1,2025-09-01,5,open,2025-09-02\n")
    desk.run("deal", "new.csv", columns=columns)
    report = desk.run("deal", "old.csv", columns=columns, at=LATER)
    assert counts(report) == (1, 0, 0, 1, 0)
    assert any("older than the version" in message for message in report.messages)
    assert desk.rows(f"SELECT amount FROM ({current_sql(facts()['deal'])})") == [(Decimal(9),)]


def test_equal_rows_with_one_key_count_once(desk: Desk) -> None:
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,5,won\n1,2025-09-01,5,won\n")
    report = desk.run("deal", "d.csv", columns=DEAL)
    assert counts(report) == (2, 1, 0, 1, 0)
    assert any("twice" in message for message in report.messages)


def test_one_key_with_different_content_keeps_the_first_and_quarantines_the_others(desk: Desk) -> None:
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,5,won\n2,2025-09-01,1,won\n1,2025-09-01,6,won\n")
    report = desk.run("deal", "d.csv", columns=DEAL)
    assert counts(report) == (3, 2, 0, 0, 1)
    assert desk.rows("SELECT amount FROM facts.deal WHERE deal_id = '1'") == [(Decimal(5),)]
    row, _, _, reason = desk.quarantine()[0]
    assert row == 4
    assert reason.startswith("rows 2 and 4 have the same key and different content")
    assert "modified_at" in reason
    assert desk.rows("SELECT raw->>'sum' FROM main.quarantine") == [("6",)]


def test_one_event_id_with_different_content_is_a_conflict_too(desk: Desk) -> None:
    desk.write("e.csv", "id,at,name\n1,2025-09-01,a\n1,2025-09-01,a\n1,2025-09-01,b\n2,2025-09-01,c\n")
    columns = {"event_id": "id", "happened_at": "at", "name": "name"}
    assert counts(desk.run("event", "e.csv", columns=columns)) == (4, 2, 0, 1, 1)
    assert desk.rows("SELECT event_id, name FROM facts.event ORDER BY 1") == [("1", "a"), ("2", "c")]


def test_of_a_history_the_newest_row_wins(desk: Desk) -> None:
    desk.write(
        "d.csv",
        "id,made,sum,state,changed\n1,2025-09-01,7,won,2025-09-05\n1,2025-09-01,5,open,2025-09-02\n1,2025-09-01,6,open,2025-09-03\n",
    )
    assert counts(desk.run("deal", "d.csv", columns={**DEAL, "modified_at": "changed"})) == (3, 1, 0, 2, 0)
    assert desk.rows("SELECT amount FROM facts.deal") == [(Decimal(7),)]


def test_events_never_get_a_second_version(desk: Desk) -> None:
    columns = {"event_id": "id", "happened_at": "at", "name": "name"}
    desk.write("e.csv", "id,at,name\n1,2025-09-01,a\n")
    desk.run("event", "e.csv", columns=columns)
    desk.write("e.csv", "id,at,name\n1,2025-09-01,b\n2,2025-09-01,b\n")
    assert counts(desk.run("event", "e.csv", columns=columns, at=LATER)) == (2, 1, 0, 1, 0)
    assert desk.rows("SELECT event_id, name FROM facts.event ORDER BY 1") == [("1", "a"), ("2", "b")]


def test_payments_without_an_id_are_told_apart_and_stay_the_same_payments(desk: Desk) -> None:
    columns = {"user_id": "who", "paid_at": "at", "amount": "sum"}
    desk.write("p.csv", "who,at,sum\n1,2025-09-01,5\n1,2025-09-01,5\n2,2025-09-01,5\n")
    assert counts(desk.run("payment", "p.csv", columns=columns)) == (3, 3, 0, 0, 0)
    assert desk.rows("SELECT count(DISTINCT payment_id), bool_and(payment_id LIKE 'auto-%') FROM facts.payment") == [
        (3, True)
    ]
    desk.write("p.csv", "who,at,sum\n2,2025-09-01,5\n1,2025-09-01,5\n3,2025-09-02,5\n1,2025-09-01,5\n1,2025-09-01,5\n")
    assert counts(desk.run("payment", "p.csv", columns=columns, at=LATER)) == (5, 2, 0, 3, 0)


def test_ids_mean_the_same_within_one_system_only(desk: Desk) -> None:
    desk.write("d.csv", "id,made,sum,state\n1,2025-09-01,5,won\n")
    desk.run("deal", "d.csv", name="a", columns=DEAL, system="crm")
    assert counts(desk.run("deal", "d.csv", name="b", columns=DEAL, system="crm"))[1:3] == (0, 1)
    assert counts(desk.run("deal", "d.csv", name="c", columns=DEAL)) == (1, 1, 0, 0, 0)
    assert desk.rows("SELECT count(DISTINCT key_hash) FROM facts.deal") == [(2,)]


def test_spend_is_keyed_by_all_that_cuts_it(desk: Desk) -> None:
    desk.write("s.csv", "day,campaign,clicks\n01.09.2025,a,5\n01.09.2025,b,6\n02.09.2025,a,7\n")
    columns = {"day_on": "day", "campaign": "campaign", "clicks": "clicks"}
    assert counts(desk.run("spend", "s.csv", columns=columns)) == (3, 3, 0, 0, 0)
    desk.write("s.csv", "day,campaign,clicks\n01.09.2025,a,8\n01.09.2025,b,6\n02.09.2025,a,7\n")
    assert counts(desk.run("spend", "s.csv", columns=columns, at=LATER)) == (3, 0, 1, 2, 0)


@pytest.mark.parametrize(
    ("columns", "constants", "expected"),
    [
        ({}, {}, ["RUB", "USD", "RUB"]),
        ({}, {"currency": "KZT"}, ["KZT", "KZT", "KZT"]),
        ({"currency": "cur"}, {}, ["EUR", None, "RUB"]),
    ],
)
def test_the_currency_of_an_amount(
    desk: Desk, columns: dict[str, str], constants: dict[str, str], expected: list[str | None]
) -> None:
    desk.write("p.csv", "id,at,sum,cur\n1,2025-09-01,5,€\n2,2025-09-01,$5,\n3,2025-09-01,5 руб.,руб\n")
    desk.run(
        "payment",
        "p.csv",
        columns={"payment_id": "id", "paid_at": "at", "amount": "sum", **columns},
        constants=constants,
    )
    assert [row[0] for row in desk.rows("SELECT currency FROM facts.payment ORDER BY payment_id")] == expected


def test_marks_and_click_ids_are_read_from_the_address(desk: Desk) -> None:
    desk.write(
        "e.csv",
        "id,at,name,url\n"
        "1,2025-09-01,page_view,https://shop.ru/a/b?utm_source=Yandex&utm_medium=CPC&utm_campaign=%D0%9B%D0%B5%D1%82%D0%BE+2025&yclid=123#top\n"
        "2,2025-09-01,page_view,https://shop.ru\n3,2025-09-01,page_view,/p?gbraid=g-1&utm_source=&utm_campaign=%FF\n",
    )
    desk.run("event", "e.csv", columns={"event_id": "id", "happened_at": "at", "name": "name", "url": "url"})
    assert desk.rows("SELECT source, medium, campaign, yclid, gclid, page FROM facts.event ORDER BY event_id") == [
        ("yandex", "cpc", "Лето 2025", "123", None, "/a/b"),
        (None, None, None, None, None, "/"),
        (None, None, "%FF", None, "g-1", "/p"),
    ]


def test_marks_that_are_mapped_are_not_read_from_the_address(desk: Desk) -> None:
    desk.write("l.csv", "id,at,page,src\n1,2025-09-01,https://a.ru/?utm_source=x&utm_medium=y,Сайт\n")
    desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at", "landing_page": "page", "source": "src"})
    assert desk.rows("SELECT source, medium FROM facts.lead") == [("Сайт", None)]


def test_outcomes_of_deals(desk: Desk) -> None:
    words = ["Успешно реализовано", "Закрыто и не реализовано", "C2:WON", "В работе", "closed lost", "Думает", "Купил"]
    lines = "".join(f"{number},2025-09-01,5,{word}\n" for number, word in enumerate(words))
    desk.write("d.csv", "id,made,sum,state\n" + lines)
    report = desk.run("deal", "d.csv", columns=DEAL, values={"status": {"купил": "won"}})
    assert [row[0] for row in desk.rows("SELECT status FROM facts.deal ORDER BY deal_id")] == [
        "won",
        "lost",
        "won",
        "open",
        "lost",
        None,
        "won",
    ]
    assert any('values.status."Думает"' in message for message in report.messages)


def test_the_outcome_of_a_deal_follows_from_its_stage_where_nothing_else_tells(desk: Desk) -> None:
    desk.write(
        "d.csv",
        "id,made,stage\n1,2025-09-01,Согласование\n2,2025-09-01,Сделка успешна\n3,2025-09-01,Сделка провалена\n",
    )
    desk.run("deal", "d.csv", columns={"deal_id": "id", "created_at": "made", "stage": "stage"})
    assert [row[0] for row in desk.rows("SELECT status FROM facts.deal ORDER BY deal_id")] == ["open", "won", "lost"]


def test_a_deal_without_its_own_date_has_that_of_its_close(desk: Desk) -> None:
    desk.write("d.csv", "id,won\n1,2025-09-03 10:00\n")
    desk.run("deal", "d.csv", columns={"deal_id": "id", "closed_at": "won"}, constants={"status": "won"})
    assert desk.rows("SELECT created_at, closed_at, status FROM facts.deal") == [
        (at(2025, 9, 3, 7), at(2025, 9, 3, 7), "won")
    ]


def test_refunds_are_positive_sums_of_their_own_kind(desk: Desk) -> None:
    desk.write("p.csv", "id,at,sum,kind\n1,2025-09-01,5,Оплата\n2,2025-09-01,-5,Оплата\n3,2025-09-01,5,Возврат\n")
    desk.run(
        "payment",
        "p.csv",
        columns={"payment_id": "id", "paid_at": "at", "amount": "sum", "kind": "kind"},
        values={"kind": {"Оплата": "payment", "Возврат": "refund"}},
    )
    assert desk.rows("SELECT kind, amount FROM facts.payment ORDER BY payment_id") == [
        ("payment", Decimal(5)),
        ("refund", Decimal(5)),
        ("refund", Decimal(5)),
    ]


def test_identifiers_have_one_spelling_and_several_columns_are_alternatives(desk: Desk) -> None:
    desk.write(
        "l.csv",
        "id,at,mail,work,home\n1,01.09.2025,IVAN@Mail.RU ,,8 (916) 123-45-67\n2,01.09.2025,n/a,89161234568,8 916 000-00-00\n",
    )
    desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at", "email": "mail", "phone": ["work", "home"]})
    assert desk.rows("SELECT email, phone FROM facts.lead ORDER BY lead_id") == [
        ("ivan@mail.ru", "+79161234567"),
        (None, "+79161234568"),
    ]


def test_links_are_spelt_by_their_kinds(desk: Desk) -> None:
    desk.write("l.csv", "user,phone\n5,8 (916) 123-45-67\n")
    desk.run(
        "identity_link",
        "l.csv",
        columns={"value_a": "user", "value_b": "phone"},
        constants={"kind_a": "user", "kind_b": "phone"},
    )
    assert desk.rows("SELECT kind_a, value_a, kind_b, value_b FROM facts.identity_link") == [
        ("user", "5", "phone", "+79161234567")
    ]


def test_further_columns_are_kept_under_props(desk: Desk) -> None:
    desk.write("l.csv", "id,at,Цвет,size\n1,01.09.2025,синий,\n")
    columns = {"lead_id": "id", "created_at": "at", "props": {"цвет": "Цвет", "size": "size"}}
    desk.run("lead", "l.csv", columns=columns, constants={"props": {"shop": "Тула"}})
    assert desk.rows("SELECT props FROM facts.lead") == [('{"цвет":"синий","size":null,"shop":"Тула"}',)]


def test_times_are_read_in_the_sources_own_zone(desk: Desk) -> None:
    desk.write("l.csv", "id,at\n1,01.09.2025 10:00\n")
    desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at"}, timezone="Asia/Vladivostok")
    assert desk.rows("SELECT created_at FROM facts.lead") == [(at(2025, 9, 1),)]
    desk.write("s.csv", "at,cost\n2025-09-01T22:30:00Z,5\n")
    desk.run("spend", "s.csv", columns={"day_on": "at", "cost": "cost"})
    assert desk.rows("SELECT day_on FROM facts.spend") == [(date(2025, 9, 2),)]


def test_a_changed_mapping_reads_the_file_again(desk: Desk) -> None:
    desk.write("l.csv", "id,at,src\n1,01.09.2025,a\n")
    desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at"})
    report = desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at", "source": "src"}, at=LATER)
    assert counts(report) == (1, 0, 1, 0, 0)
    desk.business = Business(currency="RUB", timezone="Asia/Tokyo")
    assert (
        desk.run("lead", "l.csv", columns={"lead_id": "id", "created_at": "at", "source": "src"}, at=LATER).changed == 1
    )


def test_progress_is_told(desk: Desk) -> None:
    from longfunnel.connect import import_source
    from longfunnel.core.settings import Source

    desk.write("l.csv", "id,at\n1,01.09.2025\n")
    heard: list[tuple[str, float]] = []
    source = Source(name="leads", fact="lead", path="l.csv", columns={"lead_id": "id", "created_at": "at"})
    import_source(
        desk.warehouse,
        source,
        business=desk.business,
        folder=desk.folder,
        recorded_at=NOW,
        progress=lambda what, share: heard.append((what, share)),
    )
    assert heard[-1] == ("leads: l.csv", 1.0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["1,2025-09-01,5", "2,2025-09-02,6"], (2, 2, 0, 0, 0)),
        (["1,2025-09-01,5", ",,", "2,2025-09-02,6"], (2, 2, 0, 0, 0)),
        (["1,2025-09-01,5", "2,never,6"], (2, 1, 0, 0, 1)),
        (["1,2025-09-01,5", "2,2025-09-02"], (2, 1, 0, 0, 1)),
        (["1,2025-09-01,5", "1,2025-09-01,5"], (2, 1, 0, 1, 0)),
        (["1,2025-09-01,5", "1,2025-09-01,6"], (2, 1, 0, 0, 1)),
        (["1,2025-09-01,5", "Итого,,5"], (1, 1, 0, 0, 0)),
    ],
)
def test_the_short_way_for_large_files_comes_to_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lines: list[str], expected: tuple[int, ...]
) -> None:
    desk.write("p.csv", "id,at,sum\n" + "\n".join(lines) + "\n")
    columns = {"payment_id": "id", "paid_at": "at", "amount": "sum"}
    answers = []
    for large in (1 << 40, 0):
        desk.warehouse.execute("DELETE FROM facts.payment; DELETE FROM main.imports; DELETE FROM main.quarantine")
        monkeypatch.setattr("longfunnel.connect._job._LARGE", large)
        assert counts(desk.run("payment", "p.csv", columns=columns)) == expected
        assert desk.rows("SELECT read, added, changed, same, quarantined FROM main.imports") == [expected]
        answers.append(desk.rows("SELECT * EXCLUDE (import_id) FROM facts.payment ORDER BY payment_id"))
    assert answers[0] == answers[1]


@pytest.mark.slow
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_without_versions_the_order_of_arrival_never_matters(desk: Desk, data: st.DataObject) -> None:
    rows = data.draw(
        st.lists(
            st.tuples(st.integers(1, 9), st.sampled_from("ab")), min_size=1, max_size=12, unique_by=lambda row: row[0]
        )
    )
    cuts = data.draw(st.lists(st.lists(st.sampled_from(rows), min_size=1), min_size=1, max_size=4))
    for source, order in (("one", cuts), ("two", data.draw(st.permutations(cuts)))):
        desk.warehouse.execute("DELETE FROM facts.lead; DELETE FROM main.imports; DELETE FROM main.quarantine")
        for number, part in enumerate(order):
            desk.write(f"{source}.csv", "id,at,src\n" + "".join(f"{id},01.09.2025,{src}\n" for id, src in part))  # noqa: A001
            desk.run(
                "lead",
                f"{source}.csv",
                columns={"lead_id": "id", "created_at": "at", "source": "src"},
                at=NOW + timedelta(hours=number),
            )
        known = {(row[0], row[1]) for row in desk.rows(f"SELECT lead_id, source FROM ({current_sql(facts()['lead'])})")}
        assert known == {(str(id), src) for id, src in itertools.chain(*cuts)}  # noqa: A001


def test_a_mapping_without_what_the_fact_needs_is_refused(desk: Desk) -> None:
    desk.write("l.csv", "id,at\n1,01.09.2025\n")
    with pytest.raises(SourceError, match=r"a lead needs, under columns or constants, created_at"):
        desk.run("lead", "l.csv", columns={"lead_id": "id"})
