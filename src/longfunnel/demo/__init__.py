"""The invented business: a furniture maker's exports, as its ad cabinets, site, phones, CRMs and bank would give them.

The demo has no private way in: it writes files and a ``longfunnel.toml`` that says how to read them, and keeps beside
them the truth that an honest reading of the files should find again.
"""

from __future__ import annotations

from longfunnel.demo.scale import Language, ScaleName
from longfunnel.demo.truth import Truth
from longfunnel.demo.write import write_business

__all__ = ["Language", "ScaleName", "Truth", "write_business"]
