"""Backup and restore: one file holds the settings and both databases. The exported files themselves are the user's."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from longfunnel.app.access.sealing import KEY_FILE
from longfunnel.app.business import OWN_FOLDER, SETTINGS_FILE, STATE_FILE, Business
from longfunnel.app.privacy.erasure import TOMBSTONES_FILE, reapply_erasures
from longfunnel.core.errors import LongfunnelError, SettingsError
from longfunnel.core.text import Text
from longfunnel.warehouse.database import FILE as WAREHOUSE_FILE

if TYPE_CHECKING:
    from longfunnel.core.progress import Progress

_KEY = f"{OWN_FOLDER}/{KEY_FILE}"
"""What seals the secrets inside the state: without it they could not be read again."""
_PARTS = {SETTINGS_FILE, f"{OWN_FOLDER}/{WAREHOUSE_FILE}", f"{OWN_FOLDER}/{STATE_FILE}", _KEY}


def backup(business: Business, target: Path, *, progress: Progress | None = None) -> Path:
    """Write everything the business has to ``target`` (a .zip only its owner may read), consistent as of now. Never overwrites.

    The file appears under its name only when it is whole and on disk.
    """
    if target.exists():
        raise SettingsError(
            Text("{file} is there already and stays as it is.", "{file} уже есть и остаётся как есть.").format(
                file=target
            ),
            hint=Text("Choose another name.", "Выберите другое имя."),
        )
    business.warehouse.execute(
        "CHECKPOINT"
    )  # everything acknowledged is in the file itself; we hold it, so nobody writes meanwhile
    target.parent.mkdir(parents=True, exist_ok=True)
    parts = [business.settings_file, business.folder / OWN_FOLDER / WAREHOUSE_FILE]
    parts += [key] if (key := business.folder / _KEY).exists() else []
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as work:
        state = business.folder / OWN_FOLDER / STATE_FILE
        copies = {part.relative_to(business.folder).as_posix(): part for part in parts}
        if state.exists():
            copies[f"{OWN_FOLDER}/{STATE_FILE}"] = _copy_sqlite(state, Path(work) / STATE_FILE)
        whole = Path(work) / "whole.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, (name, part) in enumerate(copies.items()):
                if progress:
                    progress(Text("backing up {file}", "копируем {file}").format(file=name), number / len(copies))
                archive.write(part, name)
        whole.chmod(0o600)  # it holds secrets and the key to them
        whole.rename(target)
    return target


def restore(archive_file: Path, folder: Path, *, erasures: Path | None = None) -> Business:
    """Bring a backup back into ``folder``, which must not hold a business yet. A damaged archive changes nothing.

    Whoever was erased since the backup is erased again: as ``erasures`` says (erased.jsonl of the business's own folder),
    or such a file that lies in ``folder`` already.
    """
    own = folder / OWN_FOLDER
    tombstones = own / TOMBSTONES_FILE
    if erasures and not erasures.is_file():
        raise SettingsError(Text("There is no file {file}.", "Файла {file} нет.").format(file=erasures))
    if (folder / SETTINGS_FILE).exists() or (
        own.exists() and {file.name for file in own.iterdir()} - {TOMBSTONES_FILE}
    ):
        raise SettingsError(
            Text(
                "{folder} already holds a business; it stays as it is.",
                "В {folder} уже есть бизнес; он остаётся как есть.",
            ).format(folder=folder),
            hint=Text("Restore into an empty folder with -C.", "Восстановите в пустую папку: -C ПАПКА."),
        )
    try:
        with zipfile.ZipFile(archive_file) as archive:
            names = set(archive.namelist())
            if not names <= _PARTS or SETTINGS_FILE not in names or archive.testzip() is not None:
                raise LongfunnelError(
                    Text(
                        "{file} is not a whole Longfunnel backup.", "{file} — не целая резервная копия Longfunnel."
                    ).format(file=archive_file),
                    hint=Text("Take another one.", "Возьмите другую."),
                )
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as work:
                archive.extractall(work)
                own.mkdir(exist_ok=True)
                if erasures:
                    shutil.copy(erasures, tombstones)
                for part in (Path(work) / OWN_FOLDER).iterdir():
                    if part.name == KEY_FILE:
                        part.chmod(0o600)
                    shutil.move(str(part), own / part.name)
                shutil.move(str(Path(work) / SETTINGS_FILE), folder / SETTINGS_FILE)
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise LongfunnelError(
            Text(
                "{file} cannot be read as a backup: {error}.", "{file} не читается как резервная копия: {error}."
            ).format(file=archive_file, error=error),
            hint=Text(
                "Name a file that `longfunnel backup` wrote.",
                "Назовите файл, который записала команда `longfunnel backup`.",
            ),
        ) from error
    business = Business(folder.resolve())
    if tombstones.exists():
        reapply_erasures(business)
    return business


def _copy_sqlite(source: Path, target: Path) -> Path:
    with sqlite3.connect(source) as live, sqlite3.connect(target) as copy:
        live.backup(copy)
    live.close()
    copy.close()
    return target
