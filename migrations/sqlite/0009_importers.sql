-- Importers: what is copied out of another registry. The columns are those of exporters.
CREATE TABLE importers (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    -- how many changes were made; below 0 where everything is to be compared once more
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    trace TEXT NOT NULL,
    revision BIGINT NOT NULL,
    holder TEXT,
    held_until BIGINT NOT NULL
);
