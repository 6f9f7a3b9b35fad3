-- What a person wrote instead of a cell of a file that could not be understood. The file and its row stay as they are: the row is
-- read as ``mended`` wherever the source's files hold it as ``raw``. The newest of those with one ``raw`` holds.
CREATE TABLE main.corrections (
    source_system VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,   -- as a spreadsheet shows it, in that file
    raw JSON NOT NULL,            -- the whole row as it stands in the file: header → text
    mended JSON NOT NULL,         -- the whole row as it is read instead
    corrected_at TIMESTAMP NOT NULL,
    corrected_by VARCHAR NOT NULL
);
