-- How far the collector's log has been loaded: one row, written in the same transaction as the rows that came from there.
CREATE TABLE main.collected (
    segment BIGINT NOT NULL,
    byte_offset BIGINT NOT NULL,
    recorded_at TIMESTAMP
);
INSERT INTO main.collected VALUES (0, 0, NULL);

-- Webhooks as they came, whatever their mapping made of them.
CREATE TABLE main.webhooks (
    received_at TIMESTAMP NOT NULL,
    source_system VARCHAR NOT NULL,
    position VARCHAR NOT NULL,    -- segment:byte in the collector's log
    content_type VARCHAR NOT NULL,
    raw VARCHAR NOT NULL          -- the body; bytes that are no UTF-8 are shown as replacement characters
);

-- Which visit was shown which tracking number, and until when.
CREATE TABLE main.number_leases (
    site VARCHAR NOT NULL,
    number VARCHAR NOT NULL,      -- E.164
    visitor_id VARCHAR NOT NULL,
    leased_at TIMESTAMP NOT NULL,
    until_at TIMESTAMP NOT NULL
);
