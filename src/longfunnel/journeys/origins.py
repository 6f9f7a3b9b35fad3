"""Origins: the distinct marks of visits, leads, calls, deals and spend, with their channel and their campaign's name."""

from __future__ import annotations

import pyarrow as pa

from longfunnel.journeys.channels import Mark, explain
from longfunnel.journeys.marks import stage_marks
from longfunnel.journeys.stage import Build, take_table
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
    """Fill ``origins`` from the marks in use; needs ``visits``, ``said`` and ``spend_marks``.

    A link often carries a campaign's id. Where spend names that campaign, origins of both kinds bear its id and its latest
    name: looked up by source and id, then by an id that only one campaign has, then by a name that only one id has.
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
    build.run(
        f"CREATE OR REPLACE TEMP TABLE origins_before AS SELECT origin_id, is_paid, is_direct FROM {live}.origins"
    )
    names = """
        SELECT lower(m.source) AS source, m.campaign_id, arg_max(m.campaign, (s.day_on, m.campaign)) AS campaign
        FROM now_spend s JOIN spend_marks k ON k.fact_key = s.key_hash JOIN used_marks m ON m.mark_id = k.mark_id
        WHERE m.campaign_id IS NOT NULL AND m.campaign IS NOT NULL GROUP BY ALL"""
    build.replace(
        "origins",
        f"""
        WITH names AS ({names}),
        by_id AS (SELECT campaign_id, any_value(campaign) AS campaign FROM names GROUP BY campaign_id HAVING count(DISTINCT campaign) = 1),
        by_name AS (SELECT campaign, any_value(campaign_id) AS campaign_id FROM names GROUP BY campaign HAVING count(DISTINCT campaign_id) = 1)
        SELECT m.mark_id AS origin_id, v.channel, m.source, m.medium,
            CASE WHEN v.channel IS NOT NULL THEN dense_rank() OVER (ORDER BY v.channel NULLS LAST) END AS channel_code,
            coalesce(here.campaign, anywhere.campaign, m.campaign, m.campaign_id) AS campaign,
            CASE WHEN here.campaign IS NOT NULL OR anywhere.campaign IS NOT NULL THEN coalesce(m.campaign_id, m.campaign)
                ELSE coalesce(m.campaign_id, by_name.campaign_id) END AS campaign_id,
            m.content, m.term, m.ad_group, m.ad, m.landing_page, m.referrer_host, m.click_id, v.is_paid, v.is_direct
        FROM used_marks m
        JOIN verdicts v ON v.mark_id = m.mark_id
        LEFT JOIN names here ON here.source = lower(m.source) AND here.campaign_id = coalesce(m.campaign_id, m.campaign)
        LEFT JOIN by_id anywhere ON anywhere.campaign_id = coalesce(m.campaign_id, m.campaign)
        LEFT JOIN by_name ON by_name.campaign = m.campaign""",
    )
    build.run("DROP TABLE used_marks; DROP TABLE verdicts")


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
