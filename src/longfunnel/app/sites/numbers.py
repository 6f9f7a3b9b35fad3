"""Numbers: how the pools of tracking numbers fare, by what was observed, and how large they should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.collect.calls.matching import prepare
from longfunnel.collect.calls.numbers import advised_size, pool_load
from longfunnel.collect.plan import Plan
from longfunnel.core.errors import NothingYetError, QuestionError, did_you_mean
from longfunnel.core.text import Text

if TYPE_CHECKING:
    import duckdb

    from longfunnel.app.business import Business
    from longfunnel.core.collecting import Site

LOOKED_AT = timedelta(days=28)
ENOUGH_CALLS = 20
USUAL_CALL_DELAY = 600.0
"""Seconds from the last sign of life of a visit to its call, where fewer than ENOUGH_CALLS were observed."""

_BUSIEST = """
SELECT max(visits) FROM (
    SELECT count(DISTINCT visitor_id) AS visits FROM facts.event
    WHERE source_system = $site AND name = 'page_view' AND excluded IS NULL AND happened_at >= $since
    GROUP BY date_trunc('hour', happened_at)
)
"""
_HELD = """
SELECT sum(held), count_if(is_new) FROM (
    SELECT epoch(least(until_at, coalesce(lead(leased_at) OVER visit, until_at))) - epoch(leased_at) AS held,
           coalesce(leased_at > lag(until_at) OVER visit, true) AS is_new
    FROM main.number_leases WHERE site = $site AND leased_at >= $since
    WINDOW visit AS (PARTITION BY number, visitor_id ORDER BY leased_at)
)
"""
"""Seconds for which numbers were held, and by how many visits: a visit that goes on prolongs its lease."""


@dataclass(frozen=True)
class PoolReport:
    """How the pool of one site fares in its busiest hour. Shares are 0..1; None is unknown."""

    site: str
    numbers: int
    visits_per_hour: float | None
    """Visitors in the busiest hour of the last 28 days."""
    lease_minutes: float
    """How long a visit keeps its number, on average."""
    call_delay_minutes: float
    """From a visit's last sign of life to its call, on average."""
    is_delay_observed: bool
    """False: too few calls were matched, and a usual delay is assumed."""
    load_erlangs: float | None
    unserved_share: float | None
    """Visits that find no number free and see the ordinary one."""
    wrong_share: float | None
    """Calls that are matched to another visit."""
    advised_numbers: int | None
    """The smallest pool with at most 1 % wrong matches and 2 % visits without a number."""
    calls: int
    """Calls of the last 28 days on the pool's numbers."""
    matched_calls: int


def number_pools(
    business: Business, site: str = "", *, visits_per_hour: float | None = None, call_delay: float | None = None
) -> list[PoolReport]:
    """One report for each site with a pool, or for ``site``. ``visits_per_hour`` and ``call_delay`` (seconds) stand in for what was observed.

    Raises NothingYetError when no site has tracking numbers, QuestionError for a site that is not there.
    """
    plan = Plan(business.settings)
    names = [known.name for known in plan.sites]
    if site and site not in names:
        raise QuestionError(
            Text("There is no site «{site}».", "Сайта «{site}» нет.").format(site=site) + did_you_mean(site, names)
        )
    chosen = [known for known in plan.sites if plan.pool(known.name) and site in ("", known.name)]
    if not chosen:
        raise NothingYetError(
            Text("No site has tracking numbers yet.", "Подменных номеров пока нет ни у одного сайта."),
            hint=Text(
                "Give a [[site]] numbers.pool and numbers.replaces in longfunnel.toml.",
                "Заполните numbers.pool и numbers.replaces у [[site]] в longfunnel.toml.",
            ),
        )
    return [_report(business.warehouse, plan, one, visits_per_hour, call_delay) for one in chosen]


def _report(
    connection: duckdb.DuckDBPyConnection, plan: Plan, site: Site, visits: float | None, call_delay: float | None
) -> PoolReport:
    since = now() - LOOKED_AT
    known = {"site": site.name, "since": since}
    size, lease = len(plan.pool(site.name)), site.numbers.minutes * 60
    if visits is None:
        visits = connection.execute(_BUSIEST, known).fetchall()[0][0]
    held, holders = connection.execute(_HELD, known).fetchall()[0]
    mean_lease = float(held) / holders if holders else lease
    matched_sql = prepare(connection, plan)
    matched, delay = connection.execute(
        f"SELECT count(*), avg(epoch(started_at) - epoch(leased_at)) FROM ({matched_sql}) WHERE site = $site AND started_at >= $since",
        known,
    ).fetchall()[0]
    calls = connection.execute(
        """SELECT count(DISTINCT c.key_hash) FROM facts.call c JOIN called_numbers n ON n.called = c.tracking_number
        WHERE n.number IN (SELECT unnest($pool)) AND c.started_at >= $since""",
        {"pool": list(plan.pool(site.name)), "since": since},
    ).fetchall()[0][0]
    is_observed = call_delay is not None or matched >= ENOUGH_CALLS
    seconds = call_delay if call_delay is not None else float(delay) if is_observed else USUAL_CALL_DELAY
    fares = advised = None
    if visits is not None:
        fares = pool_load(size, visits, lease=lease, call_delay=seconds, mean_lease=mean_lease)
        advised = advised_size(visits, lease=lease, call_delay=seconds, mean_lease=mean_lease)
    return PoolReport(
        site=site.name,
        numbers=size,
        visits_per_hour=visits,
        lease_minutes=mean_lease / 60,
        call_delay_minutes=seconds / 60,
        is_delay_observed=is_observed,
        load_erlangs=fares.offered if fares else None,
        unserved_share=fares.unserved_share if fares else None,
        wrong_share=fares.wrong_share if fares else None,
        advised_numbers=advised.size if advised else None,
        calls=calls,
        matched_calls=matched,
    )
