-- One row per person that turned out to be another one: which person stays, and the link that showed it.
CREATE TABLE main.merge_log (
    noticed_at TIMESTAMP NOT NULL,
    import_id BIGINT NOT NULL,      -- the last import that the build had seen
    person_id UBIGINT NOT NULL,     -- the person that stays
    merged_person_id UBIGINT NOT NULL,
    kind_a VARCHAR NOT NULL,        -- the identifier inside the merged person
    value_a VARCHAR NOT NULL,
    system_a VARCHAR NOT NULL,
    kind_b VARCHAR NOT NULL,        -- the identifier outside it
    value_b VARCHAR NOT NULL,
    system_b VARCHAR NOT NULL,
    fact VARCHAR NOT NULL,          -- what asserts the link; 'decision' for a join that somebody decided
    source_system VARCHAR NOT NULL
);
