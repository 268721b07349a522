-- Who read which schema: a row for each schema and client. Counts of several replicas add up. What is older than is kept is removed, and
-- with a schema all that is known of its readers.
CREATE TABLE schema_usage (
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    -- as in the audit; what the client calls itself, and its User-Agent; empty where there is none
    principal TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    reads BIGINT NOT NULL,
    -- in milliseconds since 1970
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (context_id, schema_id, principal, client, agent),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id) ON DELETE CASCADE
);
CREATE INDEX schema_usage_by_time ON schema_usage (last_at);

-- Since when it is known who read what: one row.
CREATE TABLE usage_since (
    one SMALLINT PRIMARY KEY CHECK (one = 1),
    since BIGINT NOT NULL
);

-- Versions by the time of their registration, and registrations by who made them.
CREATE INDEX versions_by_time ON versions (created_at);
CREATE INDEX audit_registrations ON audit (actor, context, subject, version) WHERE operation IN ('schema.registered', 'schema.imported');
