-- What each build of the derived tables stands on, so that one with nothing new to do is nothing to do.
CREATE TABLE main.builds (
    schema_name VARCHAR PRIMARY KEY,  -- live, or the schema of an earlier state
    fingerprint VARCHAR NOT NULL,     -- of the newest import, the settings, the decisions and the program's version
    built_at TIMESTAMP NOT NULL
);
