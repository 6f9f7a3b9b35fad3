-- facts: append-only rows as sources assert them; the tables themselves follow the declarations in warehouse/facts/.
CREATE SCHEMA facts;
-- live: everything derived from the facts; can be dropped and built again at any time.
CREATE SCHEMA live;

-- One row per import that was carried out, in the same transaction as its rows.
CREATE SEQUENCE main.import_ids;
CREATE TABLE main.imports (
    import_id BIGINT PRIMARY KEY,
    source_system VARCHAR NOT NULL,
    fact VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL, -- of the file's bytes and the mapping: the same again is nothing to do
    recorded_at TIMESTAMP NOT NULL,
    read BIGINT NOT NULL,         -- rows in the file
    added BIGINT NOT NULL,        -- new keys
    changed BIGINT NOT NULL,      -- new versions of known keys
    same BIGINT NOT NULL,         -- rows already known
    quarantined BIGINT NOT NULL
);

-- Rows that could not be understood: kept whole, shown with the reason, tried again at the next import of their source.
CREATE TABLE main.quarantine (
    import_id BIGINT NOT NULL,
    source_system VARCHAR NOT NULL,
    fact VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,   -- as a spreadsheet shows it: the header is row 1
    column_name VARCHAR,          -- their header
    value VARCHAR,
    reason VARCHAR NOT NULL,
    raw JSON NOT NULL             -- the whole row, header → text
);
