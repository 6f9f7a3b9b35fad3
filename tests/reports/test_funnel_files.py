"""The timeline's columns in files give the answers that the timeline itself gives, and are of the last build only."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.derived import fill
from tests.reports.timelines import Did, page, put, visit

from longfunnel.core.settings import Settings
from longfunnel.journeys import store as store_module
from longfunnel.journeys.column_files import FOLDER, column_files, forget_columns
from longfunnel.reports import answer, read_question
from longfunnel.warehouse.migrate import migrate

ORIGINS = {"origins": [{"origin_id": 1, "channel": "Email"}, {"origin_id": 2, "channel": "Direct"}]}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with duckdb.connect(str(tmp_path_factory.mktemp("business") / "warehouse.duckdb")) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        migrate(opened)
        opened.execute("USE live")
        for name in ("tables.sql", "staging.sql"):
            text = files("longfunnel.journeys.derive").joinpath(name).read_text("utf-8")
            opened.execute(re.sub(r"(?<= )at TIMESTAMP", '"at" TIMESTAMP', text))
        opened.execute("USE warehouse.main")
        fill(opened, ORIGINS)
        yield opened


def built(connection: Any, rows: list[Did]) -> None:
    """As a build leaves the timeline."""
    put(connection, rows)
    connection.execute("DELETE FROM live.builds")
    connection.execute("INSERT INTO live.builds (version) VALUES (?)", [uuid4().hex])


def rows_of(connection: Any, question: dict[str, str], *, in_files: bool) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        if not in_files:
            patch.setattr(store_module, "column_files", lambda *_: None)
        return list(answer(connection, Settings(), read_question("funnel", question)).rows)


_ACTS = st.one_of(
    st.builds(
        Did,
        person=st.sampled_from([1, 2, 65, 66, 2**63 + 1]),
        at=st.integers(0, 8).map(lambda n: n * 21_600.0),
        name=st.sampled_from("abc"),
        amount=st.sampled_from([None, "10", "-3.5"]),
    ),
    st.builds(visit, st.sampled_from([1, 2, 65]), st.integers(0, 8).map(lambda n: n * 21_600.0), st.sampled_from([None, 1, 2])),
    st.builds(page, st.sampled_from([1, 66]), st.integers(0, 8).map(lambda n: n * 21_600.0), st.just("/p")),
)  # fmt: skip
_QUESTIONS = st.fixed_dictionaries(
    {
        "steps": st.sampled_from(
            ["event:a, event:b, event:c", "event:a, event:a", "event:a | event:b, event:b | event:c", "event:a, event:b[amount>0]", "visit, page:/p", "event:a, event:nothing"]
        ),
        "window": st.sampled_from(["1h", "6h", "1d", "30d"]),
    },
    optional={
        "ties": st.sampled_from(["either", "recorded", "after"]),
        "order": st.sampled_from(["ordered", "strict", "any"]),
        "by": st.sampled_from(["channel", "source_system"]),
        "count": st.sampled_from(["persons", "attempts", "sessions"]),
        "exclude": st.just("page:*"),
        "since": st.just("2026-01-01"),
        "until": st.just("2026-01-01"),
        "grain": st.just("day"),
        "breakdown_at": st.sampled_from(["first", "last", "2"]),
    },
)  # fmt: skip


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ACTS, min_size=1, max_size=25), question=_QUESTIONS)
def test_files_and_the_timeline_answer_alike(connection: Any, rows: list[Did], question: dict[str, str]) -> None:
    built(connection, rows)
    assert rows_of(connection, question, in_files=True) == rows_of(connection, question, in_files=False)
    assert column_files(connection, "live") is not None


def folder_of(connection: Any) -> Path:
    return Path(connection.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchall()[0][0]).parent


def test_files_are_of_the_last_build_only(connection: Any) -> None:
    question = {"steps": "event:a, event:b"}
    built(connection, [Did(1, 0, name="a"), Did(1, 60, name="b")])
    assert rows_of(connection, question, in_files=True)[1]["count"] == 1
    built(connection, [Did(1, 0, name="a"), Did(2, 60, name="b")])
    assert rows_of(connection, question, in_files=True)[1]["count"] == 0
    versions = list((folder_of(connection) / FOLDER / "live").iterdir())
    assert len(versions) == 1
    forget_columns(connection, "live")
    assert not (folder_of(connection) / FOLDER / "live").exists()
    assert rows_of(connection, question, in_files=True)[0]["count"] == 1  # made again


def test_without_room_for_files_the_timeline_itself_is_read(connection: Any) -> None:
    built(connection, [Did(1, 0, name="a"), Did(1, 60, name="b")])
    forget_columns(connection, "live")
    (folder_of(connection) / FOLDER).rmdir()
    (folder_of(connection) / FOLDER).write_text("in the way")
    try:
        assert column_files(connection, "live") is None
        assert rows_of(connection, {"steps": "event:a, event:b"}, in_files=True)[1]["count"] == 1
    finally:
        (folder_of(connection) / FOLDER).unlink()
