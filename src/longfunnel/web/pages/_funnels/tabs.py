"""The two kinds of funnels: of one's own steps, and of the CRM's stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.web.page import READERS
from longfunnel.web.strip import Choice

if TYPE_CHECKING:
    from longfunnel.web.visit import Visit


def funnel_tabs(visit: Visit) -> list[Choice]:
    """Funnels and pipeline, each with the present days and filters; nothing where only one is open to the reader."""
    if visit.user is None or visit.user.role not in READERS:
        return []
    base, path = visit.address.of_question(), visit.address.path
    return [
        Choice(visit.text(Text("Own steps", "Свои шаги")), str(base.to("/funnels")), path == "/funnels"),
        Choice(
            visit.text(Text("CRM pipeline", "Этапы CRM")),
            str(base.to("/funnels/pipeline")),
            path == "/funnels/pipeline",
        ),
    ]
