"""An invented amoCRM account: the wardrobe department of the company, by the API of version 4."""

from __future__ import annotations

from longfunnel.demo.systems.amocrm._account import Account, waiting_causes
from longfunnel.demo.systems.amocrm._records import CATALOG, FIRST_STAGE, PIPELINE, SERVICE, UNSORTED
from longfunnel.demo.systems.amocrm._serving import Amocrm, Knobs, app

__all__ = [
    "CATALOG",
    "FIRST_STAGE",
    "PIPELINE",
    "SERVICE",
    "UNSORTED",
    "Account",
    "Amocrm",
    "Knobs",
    "app",
    "waiting_causes",
]
