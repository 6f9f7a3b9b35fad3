"""Pull: what brings facts in from outside systems. Importing files is one of the connectors."""

from __future__ import annotations

from longfunnel.connect._connectors import (
    check_source,
    connector_named,
    connector_names,
    credentials_of,
    missing_credentials,
    variable,
)
from longfunnel.connect._corrections import Cells, Correction, corrections_of
from longfunnel.connect._preview import columns_of, preview
from longfunnel.connect._propose import Proposal, propose
from longfunnel.connect._quarantine import quarantined
from longfunnel.connect._report import FileReport, ImportReport
from longfunnel.connect.file import import_source

__all__ = [
    "Cells",
    "Correction",
    "FileReport",
    "ImportReport",
    "Proposal",
    "check_source",
    "columns_of",
    "connector_named",
    "connector_names",
    "corrections_of",
    "credentials_of",
    "import_source",
    "missing_credentials",
    "preview",
    "propose",
    "quarantined",
    "variable",
]
