"""What an import says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.warehouse.load import Loaded


def told_of(loaded: Loaded, read: int, totals: int) -> list[Text]:
    """What became of the rows of a file that were understood, where it is not what one expects: in sentences."""
    said = [
        (not read, Text("there is a header and no rows.", "есть только заголовок, строк нет.")),
        (
            loaded.repeated,
            Text(
                "{n:,} rows stand in the file twice; each was counted once.",
                "строк, что повторяются в файле, {n:,}; каждая учтена один раз.",
            ),
        ),
        (
            loaded.superseded,
            Text(
                "{n:,} rows are earlier versions of others in the file; the newest was taken.",
                "строк, что в файле есть и новее, {n:,}; взята самая новая.",
            ),
        ),
        (
            loaded.stale,
            Text(
                "{n:,} rows are older than the version that is known already, and were left.",
                "строк старше уже известной версии {n:,}; они пропущены.",
            ),
        ),
        (totals, Text("{n:,} rows of totals were left out.", "итоговых строк пропущено: {n:,}.")),
    ]
    return [text.format(n=int(many)) for many, text in said if many]


@dataclass
class FileReport:
    """One file's import, in rows. ``read = added + changed + same + quarantined`` always holds."""

    file: str
    read: int = 0
    """Rows of data in the file; blank rows and rows of totals are none."""
    added: int = 0
    changed: int = 0
    same: int = 0
    quarantined: int = 0
    unchanged: bool = False
    """Whether the file and its mapping were imported before, so that there was nothing to do."""
    said: list[Text] = field(default_factory=list)
    """What should be known, in sentences."""


@dataclass
class ImportReport:
    """A source's import: the sums over its files, each file, and what should be known."""

    source: str
    fact: str
    files: list[FileReport] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Rows of data in all the files."""
        return sum(file.read for file in self.files)

    @property
    def added(self) -> int:
        """Rows whose key was not known."""
        return sum(file.added for file in self.files)

    @property
    def changed(self) -> int:
        """New versions of known keys."""
        return sum(file.changed for file in self.files)

    @property
    def same(self) -> int:
        """Rows that are known already."""
        return sum(file.same for file in self.files)

    @property
    def quarantined(self) -> int:
        """Rows that could not be understood; they are kept in the quarantine."""
        return sum(file.quarantined for file in self.files)

    @property
    def said(self) -> list[Text]:
        """What should be known, in the order of the files."""
        return [text for file in self.files for text in file.said]

    @property
    def messages(self) -> list[str]:
        """The same in English."""
        return [text.en for text in self.said]
