"""Finding the files of a source, and making each one ready for the engine: unpacked, in UTF-8, with its digest.

One pass reads every byte: the digest that makes a second import of the same file nothing, and the proof that text is UTF-8.
What the engine cannot read itself (other encodings, zip archives) is streamed into a temporary file.
"""

from __future__ import annotations

import codecs
import glob
import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from charset_normalizer import from_bytes

from longfunnel.core.errors import SourceError, did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["text", "workbook", "json", "lines", "parquet"]
_CHUNK = 1 << 20
_LEGACY_SAMPLE = 1 << 18
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
EXPORT_AGAIN = Text("Export it again.", "Выгрузите его заново.")
EXPORT_OTHERWISE = Text("Export it again, or as CSV.", "Выгрузите его заново или в CSV.")
NO_TEXT = Text("{file} is empty: it holds no text.", "{file} пуст: в нём нет текста.")
_DOWNLOAD_AGAIN = Text("Download or export it again.", "Скачайте или выгрузите его заново.")
_RUSSIAN = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф")


@dataclass(frozen=True)
class Readable:
    """A file that the engine can read."""

    file: Path
    """As the person knows it."""
    path: Path
    """What to read: the file itself, or a temporary copy in UTF-8."""
    kind: Kind
    encoding: str
    digest: str
    """SHA-256 of the file's own bytes."""
    size: int

    @property
    def compression(self) -> str:
        """What the engine should unpack: a name's ending says nothing sure."""
        return "gzip" if _is_packed(self.path) else "uncompressed"


def find_files(path: str, folder: Path, source: str) -> list[Path]:
    """The files that a source's ``path`` names (a glob takes many), sorted by name. Raises SourceError when there are none."""
    pattern = str(folder / Path(path).expanduser())
    if glob.has_magic(pattern) and not Path(pattern).exists():
        found = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if Path(name).is_file())  # noqa: PTH207 - absolute patterns
        if found:
            return found
        raise SourceError(
            Text(
                "[[source]] «{source}»: no file matches {path} in {folder}.",
                "[[source]] «{source}»: в {folder} нет файлов по шаблону {path}.",
            ).format(source=source, path=path, folder=folder),
            hint=Text("Check the folder and the spelling of path.", "Проверьте папку и написание path."),
        )
    file = Path(pattern)
    if file.is_dir():
        raise SourceError(
            Text("[[source]] «{source}»: {path} is a folder.", "[[source]] «{source}»: {path} — это папка.").format(
                source=source, path=path
            ),
            hint=Text(
                'To take its files, write path = "{path}/*.csv".',
                'Чтобы взять её файлы, напишите path = "{path}/*.csv".',
            ).format(path=path.rstrip("/")),
        )
    if not file.exists():
        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        raise SourceError(
            Text(
                "[[source]] «{source}»: there is no file {path} in {folder}.",
                "[[source]] «{source}»: в {folder} нет файла {path}.",
            ).format(source=source, path=path, folder=folder)
            + did_you_mean(file.name, beside)
        )
    return [file]


def make_readable(file: Path, work: Path, *, encoding: str = "") -> Readable:
    """Read ``file`` once and make it ready. Temporary copies go to ``work``, which the caller clears.

    Raises SourceError for a file that is empty, locked, a web page, or no table at all.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(_CHUNK)
    except PermissionError as error:
        raise SourceError(
            Text(
                "{file} cannot be opened: it is locked, or may not be read.",
                "{file} не открывается: он занят или его нельзя читать.",
            ).format(file=file),
            hint=Text(
                "Close the program that holds it, or allow reading it, and run again.",
                "Закройте программу, которая его держит, или разрешите чтение и запустите снова.",
            ),
        ) from error
    except OSError as error:
        raise SourceError(
            Text("{file} cannot be read: {why}.", "{file} не читается: {why}.").format(
                file=file, why=error.strerror or error
            )
        ) from error
    if not head:
        raise SourceError(
            Text("{file} is empty: it has no bytes at all.", "{file} пуст: в нём нет ни байта.").format(file=file),
            hint=EXPORT_AGAIN,
        )
    kind, inner = _kind(file, head)
    if kind == "archive":
        return _from_archive(file, work, encoding)
    if kind in ("workbook", "parquet"):
        return Readable(file, file, cast("Kind", kind), "", _digest(file), file.stat().st_size)
    return _text(file, work, kind, encoding, inner)


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when it is gzip."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if _is_packed(path) else path.open("rb")


def _is_packed(path: Path) -> bool:
    with path.open("rb") as opened:
        return opened.read(2) == b"\x1f\x8b"


def _kind(file: Path, head: bytes) -> tuple[Kind | Literal["archive"], bytes]:
    """What the bytes are, and the first of them unpacked. A name's ending only tells kinds of text apart."""
    if head[:4] == b"PAR1":
        return "parquet", head
    if head[:4] == b"\xd0\xcf\x11\xe0":
        return "workbook", head
    if head[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(file) as archive:
                is_workbook = any(name.startswith(("xl/", "content.xml")) for name in archive.namelist())
        except zipfile.BadZipFile as error:
            raise SourceError(
                Text("{file} is damaged: {why}.", "{file} повреждён: {why}.").format(file=file, why=error),
                hint=_DOWNLOAD_AGAIN,
            ) from error
        return ("workbook" if is_workbook else "archive"), head
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if head[:2] == b"\x1f\x8b":
        try:
            with gzip.open(file, "rb") as opened:
                head = opened.read(_CHUNK)
        except (OSError, EOFError) as error:
            raise SourceError(
                Text("{file} is a damaged gzip file: {why}.", "{file} — повреждённый файл gzip: {why}.").format(
                    file=file, why=error
                ),
                hint=_DOWNLOAD_AGAIN,
            ) from error
        suffixes = [suffix for suffix in suffixes if suffix != ".gz"]
    if head[:5] == b"%PDF-":
        raise SourceError(
            Text("{file} is a PDF, not a table.", "{file} — это PDF, а не таблица.").format(file=file),
            hint=Text("Export it as CSV or XLSX.", "Выгрузите его в CSV или XLSX."),
        )
    start = head[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise SourceError(NO_TEXT.format(file=file), hint=EXPORT_AGAIN)
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<table", b"<meta", b"<div")):
        what = (
            Text("an XML file", "файл XML")
            if start.startswith(b"<?xml")
            else Text("a web page (HTML)", "веб-страница (HTML)")
        )
        raise SourceError(
            Text(
                "{file} is {what}, not a table. A login page saved instead of a download looks like this.",
                "{file} — это {what}, а не таблица. Так бывает, когда вместо файла сохранилась страница входа.",
            ).format(file=file, what=what),
            hint=Text(
                "Open it to see, then export it again as CSV or XLSX.",
                "Откройте его и посмотрите, потом выгрузите заново в CSV или XLSX.",
            ),
        )
    suffix = suffixes[-1] if suffixes else ""
    if suffix in (".jsonl", ".ndjson"):
        return "lines", head
    if start[:1] in (b"[", b"{") and suffix in (".json", "", ".txt"):
        return ("json" if suffix == ".json" or start[:1] == b"[" else "lines"), head
    return "text", head


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _from_archive(file: Path, work: Path, encoding: str) -> Readable:
    with zipfile.ZipFile(file) as archive:
        members = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not Path(info.filename).name.startswith(("._", "__MACOSX"))
        ]
        if len(members) != 1:
            names = ", ".join(info.filename for info in members[:5])
            raise SourceError(
                Text(
                    "{file} is an archive of {many} files ({names} …), not of one.",
                    "{file} — архив, в котором не один файл, а {many} ({names} …).",
                ).format(file=file, many=len(members), names=names),
                hint=Text("Unpack it and name the files.", "Распакуйте его и укажите файлы."),
            )
        if members[0].flag_bits & 1:
            raise SourceError(
                Text("{file} is locked with a password.", "{file} закрыт паролем.").format(file=file),
                hint=Text("Unpack it and name the file inside.", "Распакуйте его и укажите файл внутри."),
            )
        inside = work / Path(members[0].filename).name
        with archive.open(members[0]) as packed, inside.open("wb") as target:
            while chunk := packed.read(_CHUNK):
                target.write(chunk)
    readable = make_readable(inside, work, encoding=encoding)
    return Readable(file, readable.path, readable.kind, readable.encoding, _digest(file), file.stat().st_size)


def _text(file: Path, work: Path, kind: Kind, encoding: str, head: bytes) -> Readable:
    known = encoding or _marked_encoding(head)
    scanned = _scan(file, known)
    settled = known or ("utf-8" if scanned.foreign is None else _guess(scanned.foreign, file))
    path = file
    if _lookup(settled, file) != "utf-8" or scanned.has_mixed_lines:
        path = _transcode(file, work, settled)
    return Readable(file, path, kind, settled, scanned.digest, file.stat().st_size)


def _lookup(encoding: str, file: Path) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise SourceError(
            Text("{file}: there is no encoding «{encoding}».", "{file}: нет кодировки «{encoding}».").format(
                file=file, encoding=encoding
            ),
            hint=Text('Such as "utf-8", "cp1251", "utf-16".', 'Например, "utf-8", "cp1251", "utf-16".'),
        ) from error


def _marked_encoding(head: bytes) -> str:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return "utf-8" if name == "utf-8-sig" and not head.startswith(b"\xef\xbb\xbf\xef\xbb\xbf") else name
    # UTF-16 without its mark: every other byte of Latin letters, digits and delimiters is zero
    sample = head[:4000]
    if sample.count(0) > len(sample) // 5:
        return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"
    return ""


@dataclass
class _Scan:
    """What one pass over a text file finds."""

    digest: str = ""
    foreign: bytes | None = None
    """A sample of the lines that are not plain ASCII, where the text is no UTF-8."""
    has_mixed_lines: bool = False
    """Whether lines end in more than one way: the engine takes only one. (Line breaks inside cells count.)"""


def _scan(file: Path, known: str) -> _Scan:
    """Read all bytes once (packed ones twice)."""
    digest = hashlib.sha256()
    found = _Scan()
    foreign = bytearray()
    decoder = None if known else codecs.getincrementaldecoder("utf-8")()
    feeds = returns = pairs = 0
    last = b""
    packed = _is_packed(file)
    if packed:
        digest = hashlib.new("sha256", _digest(file).encode())
    with open_bytes(file) as opened:
        for chunk in iter(lambda: opened.read(_CHUNK), b""):
            if not packed:
                digest.update(chunk)
            if b"\r" in chunk or returns:
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
                returns += chunk.count(b"\r")
            feeds += chunk.count(b"\n")
            last = chunk[-1:]
            if decoder and found.foreign is None and not _decodes(decoder, chunk):
                found.foreign = b""
            if decoder and len(foreign) < _LEGACY_SAMPLE and not chunk.isascii():
                lines = chunk.split(b"\n")
                foreign += b"\n".join(line for line in lines[1:-1] or lines if not line.isascii())[:_LEGACY_SAMPLE]
    found.digest = digest.hexdigest()
    found.has_mixed_lines = (feeds, returns) not in ((pairs, pairs), (feeds, 0), (0, returns))
    if found.foreign is not None:
        found.foreign = bytes(foreign)
    return found


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _guess(foreign: bytes, file: Path) -> str:
    lines = foreign.split(b"\n")
    good = sum(_is_utf8(line) for line in lines)
    if good * 2 > len(lines):
        return "utf-8"  # a few broken lines in a UTF-8 file: those rows go to the quarantine
    cyrillic = foreign.decode("cp1251", "replace").lower()
    letters = [letter for letter in cyrillic if ord(letter) > 127]
    if letters and sum(letter in _RUSSIAN for letter in letters) > 0.8 * len(letters):
        return "cp1251"
    best = from_bytes(foreign).best()
    if best is None:
        raise SourceError(
            Text(
                "{file} is text in an encoding that cannot be recognised.",
                "{file}: кодировку текста не удалось узнать.",
            ).format(file=file),
            hint=Text('Name it in the source: encoding = "cp1251".', 'Укажите её у источника: encoding = "cp1251".'),
        )
    return best.encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _transcode(file: Path, work: Path, encoding: str) -> Path:
    """A copy in UTF-8 whose lines all end in one way."""
    target = work / f"{len(list(work.iterdir()))}-{file.stem}.txt"
    try:
        with target.open("wb") as written:
            written.writelines(_decoded(file, encoding))
    except UnicodeDecodeError as error:
        raise SourceError(
            Text(
                "{file} is not text in {encoding}: byte {byte} is not.",
                "{file} — текст не в кодировке {encoding}: в ней нет байта {byte}.",
            ).format(file=file, encoding=encoding, byte=error.start),
            hint=Text("Name the right encoding in the source.", "Укажите у источника верную кодировку."),
        ) from error
    return target


def _decoded(file: Path, encoding: str) -> Iterator[bytes]:
    # broken bytes of UTF-8 pass through, so that their row alone goes to the quarantine; an undefined byte in an 8-bit
    # encoding spoils one letter, not the file
    errors = {"utf-8": "surrogateescape", "utf-16": "strict"}.get(encoding[:6], "replace")
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    kept = "surrogateescape" if errors == "surrogateescape" else "strict"
    with open_bytes(file) as opened:
        for chunk in iter(lambda: opened.read(_CHUNK), b""):
            yield decoder.decode(chunk).encode("utf-8", kept)
        yield decoder.decode(b"", final=True).encode("utf-8", kept)
