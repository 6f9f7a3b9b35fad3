"""Backups: made in the background, kept in the business's own folder, downloaded by owners."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from litestar.response import File

from longfunnel.app.backup import backup
from longfunnel.app.business import OWN_FOLDER, now
from longfunnel.app.serving.jobs import jobs_of
from longfunnel.core.text import Text
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Response

    from longfunnel.web.visit import Visit

FOLDER = "backups"
_NAME = re.compile(r"backup-[0-9-]+\.zip")


def show(visit: Visit) -> Response[Any]:
    """What there is, newest first."""
    folder = _folder(visit)
    files = sorted(folder.glob("backup-*.zip"), reverse=True) if folder.is_dir() else []
    return visit.show(
        "pages/settings_backup.html",
        title=visit.text(Text("Backup", "Резервные копии")),
        sections=sections(visit, "backup"),
        files=[
            (
                file.name,
                datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None),
                file.stat().st_size / 1e6,
            )
            for file in files
        ],
        folder=folder,
        running=next((job for job in jobs_of(visit.business).all() if job.kind == "backup" and not job.is_over), None),
    )


def make(visit: Visit) -> Response[Any]:
    """Make one in the background."""
    target = _folder(visit) / f"backup-{now():%Y-%m-%d-%H%M%S}.zip"
    job = jobs_of(visit.business).begin(
        "backup",
        target.name,
        lambda own, tell: str(backup(own, target, progress=tell)),
        by=visit.user.email if visit.user else "",
    )
    visit.audit("backup_made", target.name)
    return visit.redirect(f"/jobs/{job.number}")


def download(visit: Visit) -> Response[Any]:
    """One of them, as a file, streamed."""
    name = visit.path["name"]
    file = _folder(visit) / name
    if not _NAME.fullmatch(name) or not file.is_file():
        raise visit.missing()
    visit.audit("backup_downloaded", name)
    return File(path=file, filename=name, media_type="application/zip")


def _folder(visit: Visit) -> Path:
    return visit.business.folder / OWN_FOLDER / FOLDER
