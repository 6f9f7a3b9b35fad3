"""Money in the business's currency: the last rate on or before the day, and the reason where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.journeys.reasons import Reason
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import current_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build


def load_rates(build: Build) -> None:
    """Temp table ``rates``: units of the business's currency for one of the foreign, by currency and day, and the source of it.

    Of several sources that know a day, the one that was recorded last.
    """
    values = {"as_of": build.as_of} if build.as_of else {}
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE rates AS
        SELECT upper(currency) AS currency, day_on, CAST(arg_max(rate, (recorded_at, import_id)) AS DECIMAL(20,10)) AS rate,
            arg_max(source_system, (recorded_at, import_id)) AS source_system
        FROM ({current_sql(facts()["fx_rate"], as_of=bool(values))}) WHERE rate > 0 GROUP BY ALL""",
        **values,
    )


def price(build: Build, table: str, day: str, *amounts: str) -> None:
    """Add to a temp table of fact rows ``rate``, ``rate_on``, ``rate_source`` and ``money_reason``; ``day`` is SQL of the row's day over alias ``t``.

    ``rate`` is 1 in the business's own currency. On a day without a rate (a weekend) the last one before it holds; ``rate_on`` and
    ``rate_source`` say which day it is of and where it came from. A row without a currency is in the business's own, unless other rows of
    its source name one: then its currency is missing. Rows whose ``amounts`` are all empty need no rate.
    """
    given = f"coalesce({', '.join(f't.{amount}' for amount in amounts)}) IS NOT NULL"
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE {table} AS
        WITH naming AS (SELECT DISTINCT source_system FROM {table} WHERE currency IS NOT NULL),
        asked AS (
            SELECT t.*, {day} AS rate_day, upper(t.currency) AS code,
                t.currency IS NULL AND t.source_system IN (SELECT source_system FROM naming) AS is_missing
            FROM {table} t
        )
        SELECT t.* EXCLUDE (rate_day, code, is_missing),
            CASE WHEN is_missing THEN NULL WHEN coalesce(code, $own) = $own THEN CAST(1 AS DECIMAL(20,10)) ELSE r.rate END AS rate,
            CASE WHEN code <> $own THEN r.day_on END AS rate_on, CASE WHEN code <> $own THEN r.source_system END AS rate_source,
            CASE WHEN NOT ({given}) THEN NULL WHEN is_missing THEN '{Reason.CURRENCY_MISSING}'
                WHEN coalesce(code, $own) <> $own AND r.rate IS NULL THEN '{Reason.NO_EXCHANGE_RATE}' END AS money_reason
        FROM asked t ASOF LEFT JOIN rates r ON r.currency = t.code AND r.day_on <= t.rate_day""",
        own=build.settings.business.currency,
    )


def converted(amount: str, rate: str = "rate") -> str:
    """SQL of an amount in the business's currency, rounded half away from zero to 0.0001; NULL where the rate is not known."""
    return f"CAST({amount} * {rate} AS DECIMAL(18,4))"
