"""Retention: facts are kept no longer than longfunnel.toml says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.collect.privacy import apply_retention

if TYPE_CHECKING:
    from longfunnel.app.business import Business


def retain(business: Business) -> dict[str, int]:
    """Delete what is older than its days in ``[retention]`` and build anew; rows deleted, by fact. Nothing set is nothing deleted.

    Raises SettingsError for a name that is no fact.
    """
    days = business.settings.retention
    if not days:
        return {}
    with business.interruptible():
        gone = apply_retention(business.warehouse, days, now=now())
    if any(number for name, number in gone.items() if name != "webhook"):
        business.build(full=True)
    return gone
