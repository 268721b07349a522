-- Who changed what: an entry for every change, written in the transaction of the change; and summaries of what was refused.
CREATE TABLE audit (
    entry BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- in milliseconds since 1970
    at BIGINT NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    login TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C",
    user_agent TEXT COLLATE "C",
    request_id TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT,
    schema_id BIGINT,
    guid_before BYTEA,
    guid_after BYTEA,
    -- more, as JSON
    details TEXT COLLATE "C",
    -- place in the chain, without gaps in the order of commits, and SHA-256 of the hash before it and of all that is here; null until
    -- the entry is sealed
    position BIGINT,
    hash TEXT COLLATE "C"
);
-- what is not sealed yet is in the first alone: a write has little to do for it
CREATE INDEX audit_unsealed ON audit (entry) WHERE position IS NULL;
CREATE UNIQUE INDEX audit_by_position ON audit (position) WHERE position IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (context, subject, position) WHERE position IS NOT NULL;

-- The end of the chain, and where it begins since old entries were removed: one row.
CREATE TABLE audit_chain (
    one SMALLINT PRIMARY KEY CHECK (one = 1),
    position BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    removed_position BIGINT NOT NULL,
    removed_hash TEXT COLLATE "C" NOT NULL
);
