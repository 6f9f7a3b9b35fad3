"""The business's own files: which of them mention a person. They are searched, never changed."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from longfunnel.app.business import OWN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.warehouse.identifiers import Identifier

_BETWEEN = rb"[\s().+\xa0\xc2-]{0,4}"
_SEPARATORS = b" \t\n\r\x0b\x0c().+\xa0\xc2-"
"""What may stand between the digits of a phone: the same bytes."""
_CHUNK = 1 << 20
_OVERLAP = 256
_ZIPPED = (".xlsx", ".zip", ".ods")


@dataclass(frozen=True)
class _Sought:
    """What is looked for in the bytes of a file."""

    words: tuple[bytes, ...]
    """In lower case."""
    numbers: tuple[bytes, ...]
    """The last digits of phones."""
    pattern: re.Pattern[bytes] | None
    """The phones as people write them: exact, and a hundred times slower than looking for the digits alone."""

    def is_in(self, piece: bytes) -> bool:
        """Whether the piece has any of it."""
        if self.words:
            lower = piece.lower()
            if any(word in lower for word in self.words):
                return True
        if self.pattern is None:
            return False
        bare = piece.translate(None, _SEPARATORS)
        return any(number in bare for number in self.numbers) and self.pattern.search(piece) is not None


def files_that_mention(business: Business, identifiers: Iterable[Identifier]) -> Iterator[Path]:
    """Files in the business's folder that have an e-mail or phone of the person, or a long machine id; packed ones are looked into."""
    sought = _sought(identifiers)
    if not sought.words and sought.pattern is None:
        return
    for file in sorted(business.folder.rglob("*")):
        relative = file.relative_to(business.folder)
        if file.is_file() and not file.is_symlink() and relative.parts[0] != OWN_FOLDER and _mentions(file, sought):
            yield relative


def _sought(identifiers: Iterable[Identifier]) -> _Sought:
    words, numbers, parts = [], [], []
    for one in identifiers:
        if one.kind == "phone":
            digits = one.value[-10:].encode()
            numbers.append(digits.translate(None, _SEPARATORS))
            spread = _BETWEEN.join(re.escape(digits[place : place + 1]) for place in range(len(digits)))
            parts.append(rb"(?<!\d)\+?\d{0,3}" + _BETWEEN + spread + rb"(?!\d)")
        elif one.kind == "email" or (len(one.value) >= 16 and any(letter.isdigit() for letter in one.value)):
            words.append(one.value.encode().lower())
    return _Sought(tuple(words), tuple(numbers), re.compile(b"|".join(parts)) if parts else None)


def _mentions(file: Path, sought: _Sought) -> bool:
    try:
        if file.suffix.lower() in _ZIPPED:
            with zipfile.ZipFile(file) as archive:
                return any(sought.is_in(archive.read(name)) for name in archive.namelist())
        if file.suffix.lower() == ".parquet":
            with duckdb.connect() as reader:
                rows = reader.execute("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?)", [str(file)])
                while some := rows.fetchmany(10_000):
                    if any(value and sought.is_in(value.encode()) for row in some for value in row):
                        return True
            return False
        return any(sought.is_in(chunk) for chunk in _chunks(file))
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, duckdb.Error):
        return False  # a file that nobody can read tells nobody anything


def _chunks(file: Path) -> Iterator[bytes]:
    """The bytes of a text file, piece by piece, with the end of each in the next."""
    with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as opened:
        tail = b""
        first = True
        is_wide = False
        while piece := opened.read(_CHUNK):
            if first:
                is_wide, first = piece.startswith((b"\xff\xfe", b"\xfe\xff")), False
            if is_wide:  # UTF-16: digits and Latin letters are there with a zero beside each
                piece = piece.replace(b"\0", b"")
            yield tail + piece
            tail = (tail + piece)[-_OVERLAP:]
