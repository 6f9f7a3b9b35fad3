"""Jobs of a server: what is kept of them when it ends, and when it is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import longfunnel
from longfunnel.app.serving.jobs import Jobs
from longfunnel.connect import ImportReport
from longfunnel.connect._report import FileReport
from longfunnel.core.errors import SourceError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longfunnel.app.business import Business


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    (tmp_path / "longfunnel.toml").write_text("", "utf-8")
    with longfunnel.open(tmp_path) as opened:
        yield opened


def test_results_and_troubles_outlive_the_server(business: Business) -> None:
    jobs = Jobs(business)
    report = ImportReport("leads", "lead", [FileReport("a.csv", read=2, added=2, said=[Text("One.", "Раз.")])])

    def fail(*_: object) -> None:
        raise SourceError(Text("No file.", "Нет файла."), hint=Text("Bring it.", "Принесите."))

    good = jobs.begin("import", "leads", lambda *_: [report], by="anna@cedar.test")
    said = jobs.begin("remove", "leads", lambda *_: Text("Gone.", "Убрано."))
    bad = jobs.begin("sync", "leads", fail)
    jobs._worker.shutdown()  # all is done
    again = Jobs(business)
    assert [(job.number, job.state) for job in again.all()] == [
        (bad.number, "failed"), (said.number, "done"), (good.number, "done"),
    ]  # fmt: skip
    first, second, third = (again.get(one.number) for one in (good, said, bad))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.result == [report]
    assert (first.by, first.started_at is not None, first.ended_at is not None) == ("anna@cedar.test", True, True)
    assert second.result == Text("Gone.", "Убрано.")
    assert (third.trouble, third.hint) == (Text("No file.", "Нет файла."), Text("Bring it.", "Принесите."))
    assert again.get(bad.number + 1) is None
    assert again.get(1 << 70) is None


def test_a_job_of_a_killed_server_is_interrupted(business: Business) -> None:
    number = business.state.jobs.add("sync", "leads", "", longfunnel.app.business.now())
    jobs = Jobs(business)
    kept = jobs.get(number)
    assert kept
    assert (kept.state, kept.is_over) == ("interrupted", True)
    assert jobs.running("leads") is None


def test_what_waits_when_the_server_ends_is_stopped(business: Business) -> None:
    import threading

    jobs, begun = Jobs(business), threading.Event()

    def wait(own: object, tell: object) -> None:
        begun.set()
        while True:
            tell("", 0.1)  # type: ignore[operator]

    running, waiting = jobs.begin("sync", "a", wait), jobs.begin("sync", "b", wait)
    assert begun.wait(60)
    jobs.end()
    assert [job.state for job in (running, waiting)] == ["stopped", "stopped"]
    assert [job.state for job in Jobs(business).all()] == ["stopped", "stopped"]
