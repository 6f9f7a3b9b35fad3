"""Longfunnel: one long funnel from the first impression to the repeat purchase, person by person.

import longfunnel

business = longfunnel.open("my-company")
business.sync()                       # import what is new in the files
business.build()                      # people and journeys
answer = business.ask("long_funnel", by=["channel"], since="2025-01-01", until="2025-12-31")
answer.rows                           # list of dicts;  answer.to_arrow(), answer.sql, answer.caveats
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.app.business import Business

__all__ = ["__version__", "open"]

__version__ = "0.1.0"


def open(folder: str | Path = ".", *, memory: str = "") -> Business:  # noqa: A001 - the name that reads best: longfunnel.open("folder")
    """The business in ``folder``; ``memory`` bounds its warehouse ("2GB"). Raises NothingYetError when there is no such folder."""
    from longfunnel.app.business import open_business  # the program's parts are loaded when they are needed

    return open_business(folder, memory=memory)
