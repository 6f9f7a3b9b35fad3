"""Origins: the distinct marks of visits, leads, calls, deals and spend, with their channel and their campaign's name."""

from __future__ import annotations

import pyarrow as pa

from longfunnel.journeys.channel_rules import UNASSIGNED
from longfunnel.journeys.channels import Mark, explain
from longfunnel.journeys.derive.marks import stage_marks
from longfunnel.journeys.derive.stage import Build, take_table
from longfunnel.journeys.matching.join import stage_levels, stage_matches
from longfunnel.warehouse.facts import Column, Fact, Type, facts

SAYING = ("lead", "call", "deal")
"""Facts that may say in words of their own where their person came from."""

_MESSAGE = Fact(
    name="message",
    one_row_is="a message that its reader clicked or answered",
    key=("message_id",),
    columns=tuple(Column(name, Type.TEXT, "") for name in ("source", "medium", "campaign")),
    at="happened_at",
)
"""A message as something that says where its reader came from."""


def stage_said(build: Build) -> None:
    """Temp table ``said(fact_key, mark_id)``: what leads, calls, deals and messages say of their origin, where they do."""
    build.run("CREATE OR REPLACE TEMP TABLE said (fact_key UBIGINT, mark_id UBIGINT)")
    # a message is its own mark: how it came is the medium, and a messenger is its own source
    build.run(
        """CREATE OR REPLACE TEMP TABLE answers AS
        SELECT key_hash, coalesce(medium, source_system) AS source, medium, campaign FROM now_message WHERE kind IN ('clicked', 'answered')"""
    )
    said_by = {name: facts()[name] for name in SAYING}
    for fact, table in [*((fact, f"now_{name}") for name, fact in said_by.items()), (_MESSAGE, "answers")]:
        if not build.one(f"SELECT count(*) FROM {table}"):
            continue
        stage_marks(build, "saying", fact, f"{table} f", "'said'", "f.key_hash AS fact_key")
        build.run("INSERT INTO said SELECT fact_key, mark_id FROM saying WHERE has_mark; DROP TABLE saying")
    build.run("DROP TABLE answers")


def stage_spend_marks(build: Build) -> None:
    """Temp table ``spend_marks(fact_key, mark_id)``; a spend that names nothing at all has the empty mark of spend."""
    stage_marks(build, "spend_marks", facts()["spend"], "now_spend f", "'spend'", "f.key_hash AS fact_key")


def build_origins(build: Build) -> None:
    """Fill ``origins`` from the marks in use, and temp ``spend_levels``; needs ``visits``, ``said`` and ``spend_marks``.

    What a link's marks mean by the match rules (see ``matching``) bears the names that the spend has for it now. A mark that
    meets spend by a rule of the business's own is at the same place, in the same channel; by a default rule it keeps its own.
    """
    live = build.live
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE used_marks AS
        WITH used AS (
            SELECT origin_id AS mark_id FROM {live}.visits UNION SELECT mark_id FROM said UNION SELECT mark_id FROM spend_marks
        )
        SELECT m.* FROM {live}.marks m SEMI JOIN used USING (mark_id)"""
    )
    _judge(build)
    stage_matches(build)
    build.run(
        f"CREATE OR REPLACE TEMP TABLE origins_before AS SELECT origin_id, is_paid, is_direct FROM {live}.origins"
    )
    names = ("source", "medium", "campaign_id", "content", "term", "ad_group", "ad")
    words = ", ".join(f"coalesce(n.{name}, m.{name}) AS {name}" for name in names)
    build.replace(
        "origins",
        f"""
        WITH places AS (
            SELECT n.campaign_number, any_value(v.channel) AS channel FROM named_marks n JOIN verdicts v USING (mark_id)
            WHERE n.is_spend AND v.channel <> '{UNASSIGNED}' GROUP BY ALL HAVING count(DISTINCT v.channel) = 1
        ),
        judged AS (
            SELECT m.mark_id, m.landing_page, m.referrer_host, m.click_id, n.matched_by, {words},
                coalesce(n.campaign, m.campaign, m.campaign_id) AS campaign, coalesce(p.channel, v.channel) AS channel,
                p.channel IS NOT NULL OR v.is_paid AS is_paid, p.channel IS NULL AND v.is_direct AS is_direct
            FROM used_marks m JOIN verdicts v USING (mark_id) LEFT JOIN named_marks n USING (mark_id)
            LEFT JOIN places p ON n.is_own AND p.campaign_number = n.campaign_number
        )
        SELECT * EXCLUDE (mark_id), mark_id AS origin_id,
            CASE WHEN channel IS NOT NULL THEN dense_rank() OVER (ORDER BY channel NULLS LAST) END AS channel_code
        FROM judged""",
    )
    stage_levels(build)
    build.run("DROP TABLE used_marks; DROP TABLE verdicts; DROP TABLE named_marks")


def _judge(build: Build) -> None:
    """Temp table ``verdicts``: the channel of each used mark. Rules run once per distinct set of the words they read."""
    words = "kind, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, ''), coalesce(click_id, ''), coalesce(referrer_host, '')"
    build.run(
        f"CREATE OR REPLACE TEMP TABLE words AS SELECT *, (row_number() OVER ())::BIGINT AS number "
        f"FROM (SELECT DISTINCT {words} FROM used_marks) w(kind, source, medium, campaign, click_id, referrer_host)"
    )
    own = build.settings.channel
    numbers, channels, paid, direct = [], [], [], []
    for kind, source, medium, campaign, click_id, host, number in build.run("SELECT * FROM words").fetchall():
        verdict = explain(
            Mark(source, medium, campaign, click_id, host, is_visit=kind == "visit", is_spend=kind == "spend"), own
        )
        numbers.append(number)
        channels.append(verdict.channel)
        paid.append(verdict.is_paid)
        direct.append(verdict.is_direct)
    judged = pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "channel": pa.array(channels, pa.string()),
            "is_paid": pa.array(paid, pa.bool_()),
            "is_direct": pa.array(direct, pa.bool_()),
        }
    )
    take_table(build, "judged", judged)
    build.run(
        """CREATE OR REPLACE TEMP TABLE verdicts AS
        SELECT m.mark_id, j.channel, j.is_paid, j.is_direct
        FROM used_marks m JOIN words w ON w.kind = m.kind AND w.source = coalesce(m.source, '') AND w.medium = coalesce(m.medium, '')
            AND w.campaign = coalesce(m.campaign, '') AND w.click_id = coalesce(m.click_id, '') AND w.referrer_host = coalesce(m.referrer_host, '')
        JOIN judged j ON j.number = w.number"""
    )
    build.run("DROP TABLE words; DROP TABLE judged")
