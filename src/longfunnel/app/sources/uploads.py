"""Files that come through the browser: kept in the business's data folder under a safe name, never executed, never overwritten."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import IO, TYPE_CHECKING

from longfunnel.core.errors import SourceError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.app.business import Business

FOLDER = "data"
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zip")
LARGEST = 2 << 30
"""Bytes of one file."""
_CHUNK = 1 << 20
_LONGEST_STEM = 80


def keep_upload(business: Business, content: IO[bytes], name: str) -> Path:
    """Write what is read from ``content`` into the data folder; its path, seen from the business's folder.

    A file that is there already under the name, byte by byte, is that file; another one gets a number. Raises SourceError
    for what is no kind of table, is empty, or is too large.
    """
    safe = safe_name(name)
    if not safe.lower().endswith(ENDINGS):
        raise SourceError(
            Text("«{name}» is no table that can be read.", "«{name}» — не таблица, которую можно прочитать.").format(
                name=name
            ),
            hint=Text("These can: {endings}.", "Подойдут: {endings}.").format(endings=", ".join(ENDINGS)),
        )
    folder = business.folder / FOLDER
    folder.mkdir(exist_ok=True)
    partial = folder / f".{os.urandom(8).hex()}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with partial.open("xb") as written:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                if size > LARGEST:
                    raise SourceError(
                        Text("«{name}» is larger than {most} GB.", "«{name}» больше {most} ГБ.").format(
                            name=name, most=LARGEST >> 30
                        ),
                        hint=Text(
                            "Split it, or put it into the folder and run: longfunnel import.",
                            "Разделите его или положите в папку и выполните: longfunnel import.",
                        ),
                    )
                digest.update(chunk)
                written.write(chunk)
            written.flush()
            os.fsync(written.fileno())
        if not size:
            raise SourceError(Text("«{name}» is empty.", "Файл «{name}» пуст.").format(name=name))
        target = _place(folder, safe, digest.hexdigest())
        if not target.exists():
            partial.rename(target)
            target.chmod(0o640)
    finally:
        partial.unlink(missing_ok=True)
    return target.relative_to(business.folder)


def safe_name(name: str) -> str:
    """The file's name without folders and without signs that mean something to a shell or a pattern."""
    plain = unicodedata.normalize("NFC", re.split(r"[\\/]", name)[-1])
    plain = re.sub(r"[^\w.() -]", "_", plain).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:_LONGEST_STEM]}{dot}{ending}" if dot else plain[:_LONGEST_STEM]


def uploaded(business: Business, text: str) -> Path | None:
    """The path, seen from the business's folder, of a file in the data folder that ``text`` names; None for any other."""
    full = (business.folder / text).resolve()
    inside = full.is_relative_to((business.folder / FOLDER).resolve()) and full.is_file()
    return full.relative_to(business.folder.resolve()) if inside and full.suffix.lower() in ENDINGS else None


def _place(folder: Path, name: str, digest: str) -> Path:
    stem, _, ending = name.rpartition(".")
    target, number = folder / name, 2
    while target.exists() and _digest(target) != digest:
        target, number = folder / f"{stem}_{number}.{ending}", number + 1
    return target


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
