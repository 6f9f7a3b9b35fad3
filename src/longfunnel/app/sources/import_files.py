"""Import: look at a file, propose what its columns mean, write the source into longfunnel.toml on agreement."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from longfunnel.app.settings_file import write_settings
from longfunnel.connect import propose

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.connect import Proposal
    from longfunnel.core.settings import Source


def propose_source(business: Business, file: Path, *, fact: str = "") -> Proposal:
    """What Longfunnel makes of ``file``: the fact, the mapping and the first rows as understood. Nothing is written.
    ``fact`` names what the rows are, where the guess would be wrong.

    Raises SourceError when the file is not a table that can be read.
    """
    settings = business.settings
    return propose(
        _inside(business, file),
        folder=business.folder,
        business=settings.business,
        known_sources=settings.source,
        fact=fact,
    )


def source_of(business: Business, file: Path) -> str:
    """The name of the source that reads ``file`` already; empty when none does."""
    inside = _inside(business, file)
    for source in business.settings.source:
        if source.type == "file" and (str(inside) == source.path or inside in _matching(business, source.path)):
            return source.name
    return ""


def files_of(business: Business, source: Source) -> list[Path]:
    """The files that the source reads now, as the settings would name each, by name."""
    return sorted(path for path in _matching(business, source.path) if (business.folder / path).is_file())


def _matching(business: Business, pattern: str) -> list[Path]:
    """The files of a source, as the settings would name each."""
    full = os.path.join(business.folder, os.path.expanduser(pattern))  # noqa: PTH111, PTH118 - a pattern is no path
    return [_inside(business, Path(name)) for name in glob.glob(full, recursive=True)]  # noqa: PTH207 - it may be absolute


def add_source(business: Business, proposal: Proposal) -> str:
    """Append the proposed ``[[source]]`` to longfunnel.toml and return its name. The file is replaced in one step, so a
    kill leaves either the old or the new one."""
    text = business.settings_file.read_text("utf-8").rstrip("\n") + "\n\n" + proposal.to_toml().strip("\n") + "\n"
    write_settings(business, text)
    return proposal.source.name


def _inside(business: Business, file: Path) -> Path:
    """The path as the settings should name it: relative where the file lies in the business's folder, so that the folder can move."""
    full = Path(os.path.abspath(file.expanduser()))  # noqa: PTH100 - a link stays a link
    return full.relative_to(business.folder) if full.is_relative_to(business.folder) else full
