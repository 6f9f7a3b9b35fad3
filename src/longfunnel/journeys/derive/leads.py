"""Leads: one request is one lead, however many systems tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from longfunnel.journeys.derive.stage import Build, take_table
from longfunnel.journeys.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME_ID: Final = "same_id"
SAME_PERSON: Final = "same_person"
_INHERITED: Final = ("quality", "manager", "product", "audience", "region", "device", "kind")
"""What the lead that counts takes from its copies where it does not say itself: a form knows no manager, the CRM does."""


@kernel
def join_requests(
    person: NDArray[np.uint64], at: NDArray[np.int64], source: NDArray[np.int64], within: int
) -> NDArray[np.int64]:
    """Index of the lead that stands for each lead; leads are sorted by person, time and key.

    A lead joins the earliest earlier request of its person that began at most ``within`` (microseconds, inclusive) before
    and that its source has not told of yet; else it is a request of its own. So two forms an hour apart stay two requests,
    and each takes its own copy from the CRM.
    """
    stands = np.arange(len(person), dtype=np.int64)
    previous = np.full(len(person), -1, dtype=np.int64)  # the copy before, in the same request
    newest = np.arange(len(person), dtype=np.int64)  # of a request's first lead: its latest copy
    begin = 0
    for i in range(len(person)):
        if i > 0 and person[i] != person[i - 1]:
            begin = i
        while begin < i and at[i] - at[begin] > within:
            begin += 1
        for j in range(begin, i):
            if stands[j] != j:
                continue
            member = newest[j]
            while member >= 0 and source[member] != source[i]:
                member = previous[member]
            if member < 0:
                stands[i] = j
                previous[i] = newest[j]
                newest[j] = i
                break
    return stands


def join_leads(build: Build) -> None:
    """Temp table ``lead_joins(lead_key, stand, because)``: which lead stands for each lead that is not deleted.

    First by id: the same id within one system is one lead, whatever source brings it; the earliest stands. Then by person
    and time, from different sources (``join_requests``).
    """
    build.run(
        """CREATE OR REPLACE TEMP TABLE lead_ids AS
        SELECT key_hash AS lead_key, person_id, created_at, source_system,
            first_value(key_hash) OVER (PARTITION BY coalesce(system, ''), lead_id ORDER BY created_at, key_hash) AS first_key
        FROM now_lead WHERE NOT coalesce(is_deleted, FALSE)"""
    )
    got = build.run(
        """SELECT lead_key, coalesce(person_id, lead_key) AS person, epoch_us(created_at) AS at,
            dense_rank() OVER (ORDER BY source_system) AS source
        FROM lead_ids WHERE lead_key = first_key ORDER BY person, "at", lead_key"""
    ).fetchnumpy()
    hours = build.settings.counting.lead_join_hours
    stands = join_requests(got["person"], got["at"], got["source"], hours * 3_600_000_000)
    take_table(build, "requests", pa.table({"lead_key": got["lead_key"], "stand": got["lead_key"][stands]}))
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE lead_joins AS
        SELECT l.lead_key, r.stand, CASE WHEN l.lead_key = r.stand THEN NULL
            WHEN l.lead_key <> l.first_key THEN '{SAME_ID}' ELSE '{SAME_PERSON}' END AS because
        FROM lead_ids l JOIN requests r ON r.lead_key = l.first_key"""
    )
    build.run("DROP TABLE lead_ids; DROP TABLE requests")


def build_leads(build: Build) -> None:
    """Fill ``leads``; needs ``lead_joins``, ``touches``, ``deal_leads`` and ``stage_entries``."""
    live = build.live
    inherited = ", ".join(
        f"arg_min(n.{name}, (n.created_at, n.key_hash)) FILTER (n.{name} IS NOT NULL) AS {name}" for name in _INHERITED
    )
    own_or_copies = ", ".join(f"coalesce(n.{name}, c.{name}) AS {name}" for name in _INHERITED)
    stages = list(build.settings.counting.qualified_stages)
    build.replace(
        "leads",
        f"""
        WITH copies AS (
            SELECT j.stand, {inherited}, bool_or(n.is_qualified) AS is_qualified
            FROM lead_joins j JOIN now_lead n ON n.key_hash = j.lead_key GROUP BY j.stand HAVING count(*) > 1
        ),
        qualified AS (
            SELECT DISTINCT d.lead_key FROM deal_leads d JOIN {live}.stage_entries s ON s.deal_key = d.deal_key
            WHERE list_contains($stages, s.stage)
        ),
        first_touches AS (
            SELECT n.key_hash AS lead_key, min(t.at) AS first_touch_at
            FROM now_lead n JOIN {live}.touches t ON t.person_id = n.person_id AND t.at <= n.created_at GROUP BY n.key_hash
        )
        SELECT n.key_hash AS lead_key, n.source_system, n.system, n.lead_id, n.person_id,
            n.created_at, {build.day("n.created_at")} AS created_on, {own_or_copies},
            CASE WHEN q.lead_key IS NOT NULL THEN TRUE WHEN c.stand IS NOT NULL THEN c.is_qualified ELSE n.is_qualified END AS is_qualified,
            n.props, j.lead_key IS NOT NULL AND j.stand = j.lead_key AS is_counted,
            CASE WHEN j.stand <> j.lead_key THEN j.stand END AS joined_to, j.because AS joined_because,
            coalesce(n.is_deleted, FALSE) AS is_deleted, f.first_touch_at, n.is_shared
        FROM now_lead n
        LEFT JOIN lead_joins j ON j.lead_key = n.key_hash
        LEFT JOIN copies c ON c.stand = n.key_hash
        LEFT JOIN qualified q ON q.lead_key = n.key_hash
        LEFT JOIN first_touches f ON f.lead_key = n.key_hash""",
        stages=stages,
    )
