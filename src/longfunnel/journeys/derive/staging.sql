-- Tables that only the build reads. They let a build after a few new facts leave the millions of others alone.

-- One event, narrowed to what the walk through a person's events needs.
CREATE TABLE event_rows (
    node UBIGINT,                 -- identity node; NULL where the event names nobody
    "at" TIMESTAMP,
    fact_key UBIGINT,
    recorded UBIGINT,             -- place in the fact table: the order in which events of one instant were recorded
    act_id UBIGINT,
    campaign UBIGINT,             -- hash of source, medium, campaign and click id; NULL where the event carries none
    session UBIGINT,              -- hash of the source's own session; NULL where the source has not cut sessions
    is_page BOOLEAN
);

-- What events can be: the part of `acts` that never shrinks.
CREATE TABLE event_acts (
    act_id UBIGINT, kind VARCHAR, name VARCHAR, detail VARCHAR
);

-- One visit imported ready-made, latest version.
CREATE TABLE visit_rows (
    node UBIGINT, fact_key UBIGINT, "at" TIMESTAMP, ended_at TIMESTAMP, mark_id UBIGINT, has_mark BOOLEAN, source_system VARCHAR,
    visit_ref UBIGINT, pages BIGINT, duration_seconds BIGINT, is_bounce BOOLEAN, device VARCHAR, region VARCHAR
);

-- Where something came from, word for word as it was recorded; `origins` is this with channels and campaign names.
CREATE TABLE marks (
    mark_id UBIGINT,
    kind VARCHAR,                 -- visit: watched on the site; silent: a visit whose source never says; said: by a lead, call or deal; spend
    source VARCHAR, medium VARCHAR, campaign VARCHAR, content VARCHAR, term VARCHAR,
    landing_page VARCHAR, referrer_host VARCHAR, click_id VARCHAR,
    campaign_id VARCHAR, ad_group VARCHAR, ad VARCHAR
);

-- What the tables were last built from.
CREATE TABLE builds (
    import_id BIGINT,             -- the last import that was taken in
    rules UBIGINT,                -- hash of everything whose change needs a full build
    version VARCHAR,              -- another one for each build: what is derived from the tables says by it which build it is of
    appended BIGINT               -- rows of `timeline` that stand behind the sorted part
);

-- Identifiers that were shared at the last build: rows that stood under one shared since then must find another.
CREATE TABLE shared_before (
    node UBIGINT
);
