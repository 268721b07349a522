-- Exporters: what is copied into another registry, and how far that has got.
CREATE TABLE exporters (
    name TEXT NOT NULL PRIMARY KEY,
    -- what its user defined, as JSON; secrets in it are sealed where a key is configured
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    -- the sequence of the last change that was copied; below 0 where all is still to be copied
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    -- what went wrong last
    trace TEXT NOT NULL,
    -- the sequence of the change by which its user wrote it
    revision BIGINT NOT NULL,
    -- the replica that runs it, and until when that is so without another word of it
    holder TEXT,
    held_until BIGINT NOT NULL
);
