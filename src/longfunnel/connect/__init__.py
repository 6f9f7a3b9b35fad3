"""Pull: what brings facts in from outside systems. Importing files is one of the connectors."""

from __future__ import annotations

from longfunnel.connect._preview import columns_of, preview
from longfunnel.connect._propose import Proposal, propose
from longfunnel.connect._quarantine import quarantined
from longfunnel.connect._report import FileReport, ImportReport
from longfunnel.connect.file import import_source

__all__ = [
    "FileReport",
    "ImportReport",
    "Proposal",
    "columns_of",
    "import_source",
    "preview",
    "propose",
    "quarantined",
]
