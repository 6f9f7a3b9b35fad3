"""A job's page: how far it is, a way to stop it, and at its end the result in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar import Response
from litestar.enums import MediaType

from longfunnel.app.privacy.erasure import call_off
from longfunnel.app.serving.jobs import Job, jobs_of
from longfunnel.app.sources.status import facts_held
from longfunnel.connect import ImportReport
from longfunnel.core.text import Text
from longfunnel.web.pages._sources.words import ADDS, FACTS
from longfunnel.web.rendering import render

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit

TITLES = {
    "import": Text("Importing «{name}»", "Загрузка «{name}»"),
    "sync": Text("Looking for what is new: {name}", "Проверка нового: {name}"),
    "erase": Text("Erasing", "Стирание"),
    "identity": Text("Working out who is who", "Разбираемся, кто есть кто"),
    "backup": Text("Backup", "Резервная копия"),
    "remove": Text("Taking out «{name}»", "Удаление «{name}»"),
    "write_back": Text("Sending back: {name}", "Отправка обратно: {name}"),
    "write_back_undo": Text("Taking back what was sent: {name}", "Отмена отправленного: {name}"),
    "retention": Text("Deleting what is too old", "Удаление устаревшего"),
}
_BACK = {"write_back": "/write-back/{name}", "write_back_undo": "/write-back/{name}"}
"""Where a job's end leads."""
STATES = {
    "waiting": Text("Waits for the job before it", "Ждёт предыдущей задачи"),
    "running": Text("Under way", "Идёт"),
    "done": Text("Done", "Готово"),
    "failed": Text("Failed", "Не удалось"),
    "stopped": Text("Stopped", "Остановлено"),
    "interrupted": Text("Interrupted", "Прервано"),
}


def show(visit: Visit) -> Response[Any]:
    """The page of a job."""
    job = _job(visit)
    return visit.show("pages/job.html", title=title_of(visit, job), **_shown(visit, job))


def state(visit: Visit) -> Response[Any]:
    """The part of the page that changes, for the page's own script."""
    job = _job(visit)
    return Response(render(visit, "parts/job.html", _shown(visit, job)), media_type=MediaType.HTML)


def stop(visit: Visit) -> Response[Any]:
    """End the job; what it had not committed is as before."""
    job = _job(visit)
    job.stop()
    if job.kind == "erase":
        call_off(visit.business, job.subject)
    visit.audit("job_stopped", f"{job.kind} {job.subject}")
    return visit.redirect(f"/jobs/{job.number}")


def title_of(visit: Visit, job: Job) -> str:
    """What the job is, in words."""
    title = TITLES.get(job.kind, Text(job.kind, job.kind)).format(
        name=job.subject or visit.text(Text("all sources", "все источники"))
    )
    return visit.text(title)


def reports_of(visit: Visit, job: Job) -> list[dict[str, Any]]:
    """What an import brought, source by source."""
    found = job.result if isinstance(job.result, list) else []
    return [
        {
            "source": report.source,
            "fact": visit.text(FACTS[report.fact]) if report.fact in FACTS else report.fact,
            "read": report.read,
            "added": report.added,
            "changed": report.changed,
            "same": report.same,
            "quarantined": report.quarantined,
            "is_same": all(file.unchanged for file in report.files),
            "messages": [visit.text(text) for text in report.said if "quarantine" not in text.en],
        }
        for report in found
        if isinstance(report, ImportReport)
    ]


def missing_facts(visit: Visit) -> list[str]:
    """What is not connected yet and would add to the funnel, in words."""
    connection = visit.business.warehouse.cursor()
    try:
        held = facts_held(connection)
    finally:
        connection.close()
    held |= {"visit"} if "event" in held else set()
    return [visit.text(words) for fact, words in ADDS.items() if fact not in held]


def _job(visit: Visit) -> Job:
    job = jobs_of(visit.business).get(visit.path["number"])
    if job is None:
        raise visit.missing()
    return job


def _shown(visit: Visit, job: Job) -> dict[str, Any]:
    is_import = job.kind in ("import", "sync")
    if job.is_over and is_import:
        visit.site.answering.refresh()
    reports = reports_of(visit, job)
    names = {source.name for source in visit.settings.source}
    return {
        "job": job,
        "state": visit.text(STATES[job.state]),
        "doing": visit.text(job.what),
        "trouble": visit.text(job.trouble),
        "hint": visit.text(job.hint),
        "reports": reports,
        "said": visit.text(job.result) if isinstance(job.result, Text) else "",
        "back": _BACK.get(job.kind, "").format(name=quote(job.subject, safe="")),
        "missing": missing_facts(visit) if job.state == "done" and is_import else [],
        "is_import": is_import,
        "quarantined": sum(report["quarantined"] for report in reports),
        "may_mend_at": f"/sources/{quote(job.subject, safe='')}" if job.subject in names else "",
        "is_first": is_import and len(names) == 1,
    }
