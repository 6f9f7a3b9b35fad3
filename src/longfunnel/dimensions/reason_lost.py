"""Why the deal was lost, as the CRM says it."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Reason lost", "Причина отказа"),
    meaning=Text("Why the deal was lost, as the CRM says it.", "Почему сделка проиграна, по данным CRM."),
    columns=of_row("reason_lost", "deals"),
)
