-- Where each stream of each connected system was last read to, written in the same transaction as the rows that came from there.
CREATE TABLE main.cursors (
    source_system VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    place JSON NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

-- The newest form of each record as the outside system gave it: a better reading can be made of it without asking again.
CREATE TABLE main.raw_records (
    source_system VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    record_key VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    body VARCHAR NOT NULL         -- JSON
);

-- How far the webhooks of each connected system have been followed.
CREATE TABLE main.webhooks_followed (
    source_system VARCHAR NOT NULL,
    received_at TIMESTAMP NOT NULL,
    position VARCHAR NOT NULL
);

-- What was written into outside systems, value by value: what was there, what we put, and whether it is there still.
CREATE SEQUENCE main.write_ids;
CREATE TABLE main.writes (
    write_id BIGINT PRIMARY KEY,
    rule VARCHAR NOT NULL,        -- the [[write_back]]
    source_system VARCHAR NOT NULL,
    fact VARCHAR NOT NULL,        -- deal or lead
    record_id VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL, -- ours: source, medium …; conversion
    field VARCHAR NOT NULL,       -- theirs
    was VARCHAR,                  -- NULL: it was empty
    became VARCHAR NOT NULL,
    state VARCHAR NOT NULL,       -- intended, done, same (it was there already), kept (a person's own), failed, undone
    told VARCHAR NOT NULL,        -- why it failed, or the receipt
    written_at TIMESTAMP NOT NULL
);
