"""What an import says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    messages: list[str] = field(default_factory=list)


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
    def messages(self) -> list[str]:
        """What should be known, in the order of the files."""
        return [message for file in self.files for message in file.messages]
