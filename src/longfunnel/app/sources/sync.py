"""Sync: bring in what is new in every source. Nothing new is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.collect.calls.matching import record_matches
from longfunnel.collect.loading.retrying import retry_hooks
from longfunnel.collect.plan import WEBHOOK, Plan
from longfunnel.connect import FileReport, ImportReport, import_source
from longfunnel.connect.dlt import import_dlt
from longfunnel.core.errors import NothingYetError, QuestionError, SourceError, did_you_mean, together, words_of
from longfunnel.core.text import NOTHING, Text, spoken
from longfunnel.warehouse.database import transaction

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.business import Business
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import Source


class SyncError(SourceError):
    """Some sources could not be imported; ``reports`` are those of the others."""

    def __init__(self, message: str | Text, reports: list[ImportReport]) -> None:
        super().__init__(message)
        self.reports = reports


def sync(business: Business, names: list[str] | None = None, *, progress: Progress | None = None) -> list[ImportReport]:
    """Import the sources of longfunnel.toml, all or those in ``names``; one report each.

    A source that cannot be read does not stop the others: after all of them were tried, SyncError tells of those that
    failed (what was imported stays). Webhooks in the quarantine are tried again. Raises QuestionError for a name that no source has.
    """
    settings = business.settings
    known = [source.name for source in settings.source]
    if not known:
        raise NothingYetError(
            Text("No source is set up yet.", "Источников пока нет."),
            hint=Text("Add a file with: longfunnel import FILE", "Добавьте файл: longfunnel import ФАЙЛ"),
        )
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise QuestionError(
            together(
                [
                    Text("There is no source «{name}».", "Нет источника «{name}».").format(name=name)
                    + did_you_mean(name, known)
                    for name in unknown
                ],
                Text("Not synced:", "Не загружено:"),
            )
        )
    reports: list[ImportReport] = []
    failures: list[Text] = []
    recorded_at = now()
    plan = Plan(settings)
    chosen = [source for source in settings.source if not names or source.name in names]
    connected = [source for source in chosen if source.is_connected]
    if connected:
        from longfunnel.app.sources.connected import (
            sync_connected,
        )  # the HTTP client takes as long to load as a small file to import

        with business.interruptible():
            outcome = sync_connected(
                business, connected, recorded_at, progress or (lambda *_: None), is_asked=bool(names)
            )
        reports += outcome.reports
        failures += outcome.failures
    for source in chosen:
        if source in connected:
            continue
        if source.type == WEBHOOK:
            again = _again(business, plan, source, recorded_at)
            reports += [again] if again.read else []
            continue
        bring = import_dlt if source.type == "dlt" else import_source
        try:
            with business.interruptible():
                reports.append(
                    bring(
                        business.warehouse,
                        source,
                        business=settings.business,
                        folder=business.folder,
                        recorded_at=recorded_at,
                        progress=progress,
                    )
                )
        except SourceError as error:
            failures.append(spoken(f"{source.name}: ") + words_of(error))
            _note(business, source, "trouble", words_of(error))
        else:
            _note(business, source, "good", NOTHING)
    if any("call" in report.fact.split() and report.added + report.changed for report in reports):
        with business.interruptible(), transaction(business.warehouse):
            record_matches(business.warehouse, plan, recorded_at)
    if failures:
        intro = Text(
            "{failed} of {all} sources could not be imported.", "Не удалось загрузить источников: {failed} из {all}."
        ).format(failed=len(failures), all=len(failures) + len(reports))
        if reports:
            intro += Text(" The other {many} were imported.", " Остальные ({many}) загружены.").format(
                many=len(reports)
            )
        raise SyncError(together(failures, intro), reports)
    return reports


def _note(business: Business, source: Source, state: str, told: Text) -> None:
    """How a source that reaches an outside system fared; a file's import tells that itself."""
    if source.type == "dlt":
        business.state.connections.note(source.name, state, told, now())


def _again(business: Business, plan: Plan, source: Source, recorded_at: datetime) -> ImportReport:
    """What has come of the quarantined webhooks of a source under the mapping of now."""
    with business.interruptible(), transaction(business.warehouse):
        retried = retry_hooks(business.warehouse, plan, source.name, recorded_at)
    told = FileReport(
        "quarantine", retried.rows, added=retried.news, same=retried.rows - retried.news - retried.quarantined
    )
    told.quarantined = retried.quarantined
    return ImportReport(source.name, source.fact, [told])
