-- Who changed what: an entry for every change, written in the transaction of the change; and summaries of what was refused.
CREATE TABLE audit (
    entry INTEGER PRIMARY KEY,
    -- in milliseconds since 1970
    at BIGINT NOT NULL,
    operation TEXT NOT NULL,
    actor TEXT NOT NULL,
    login TEXT NOT NULL,
    address TEXT,
    user_agent TEXT,
    request_id TEXT NOT NULL,
    reason TEXT,
    context TEXT NOT NULL,
    subject TEXT NOT NULL,
    version BIGINT,
    schema_id BIGINT,
    guid_before BLOB,
    guid_after BLOB,
    -- more, as JSON
    details TEXT,
    -- place in the chain, without gaps in the order of commits, and SHA-256 of the hash before it and of all that is here; null until
    -- the entry is sealed
    position BIGINT,
    hash TEXT
);
-- what is not sealed yet is in the first alone: a write has little to do for it
CREATE INDEX audit_unsealed ON audit (entry) WHERE position IS NULL;
CREATE UNIQUE INDEX audit_by_position ON audit (position) WHERE position IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (context, subject, position) WHERE position IS NOT NULL;

-- The end of the chain, and where it begins since old entries were removed: one row.
CREATE TABLE audit_chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position BIGINT NOT NULL,
    hash TEXT NOT NULL,
    removed_position BIGINT NOT NULL,
    removed_hash TEXT NOT NULL
);
