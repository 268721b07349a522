-- The registry as a whole: one row. Its epoch is the sequence of the last change (a counter here would serialise all writers).
CREATE TABLE registry (
    one SMALLINT PRIMARY KEY CHECK (one = 1),
    cluster_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- counts the changes that can alter an answer about something that existed before: deletions, config, mode, import
    generation BIGINT NOT NULL,
    -- counts the changes after which an id may stand for something else than before: purges and imports
    meanings BIGINT NOT NULL
);

-- A context is an id space. max_id is the highest id ever handed out in it.
CREATE TABLE contexts (
    context_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    max_id BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL DEFAULT 0
);

-- xreg_id is the subject's id in the xRegistry view, made once at creation; xreg_key is its lower case.
CREATE TABLE subjects (
    subject_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    context_id BIGINT NOT NULL REFERENCES contexts (context_id),
    name TEXT COLLATE "C" NOT NULL,
    -- the name as clients see it, with its context: what lists are sorted by
    qualified TEXT COLLATE "C" NOT NULL UNIQUE,
    xreg_id TEXT COLLATE "C" NOT NULL,
    xreg_key TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- counts every change to the subject's versions: what an optimistic registration compares
    epoch BIGINT NOT NULL DEFAULT 0,
    UNIQUE (context_id, name),
    UNIQUE (context_id, xreg_key)
);

-- What an id means; immutable. The guid is no unique key: IMPORT may file equal content under two ids.
CREATE TABLE schemas (
    context_id BIGINT NOT NULL REFERENCES contexts (context_id),
    schema_id BIGINT NOT NULL,
    guid BYTEA NOT NULL,
    schema_type TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    refs TEXT COLLATE "C",
    metadata TEXT COLLATE "C",
    rule_set TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (context_id, schema_id)
);
-- guid first; the context behind it, so that no planner prefers to walk the context
CREATE INDEX schemas_by_guid ON schemas (guid, context_id);

CREATE TABLE versions (
    subject_id BIGINT NOT NULL REFERENCES subjects (subject_id),
    version BIGINT NOT NULL,
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    -- sequence of the change that wrote the row: tells the oldest and the newest holder of an id
    written BIGINT NOT NULL,
    PRIMARY KEY (subject_id, version),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id)
);
CREATE INDEX versions_by_schema ON versions (context_id, schema_id, written);

-- The references of a schema, resolved to contexts, for look-ups in the other direction.
CREATE TABLE schema_references (
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    target_context TEXT COLLATE "C" NOT NULL,
    target_subject TEXT COLLATE "C" NOT NULL,
    target_version BIGINT NOT NULL,
    PRIMARY KEY (context_id, schema_id, position),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id)
);
CREATE INDEX references_by_target ON schema_references (target_context, target_subject, target_version);

-- Config and mode of a scope: a subject, a context (empty subject), or the whole registry (default context, empty subject).
CREATE TABLE configs (
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    config TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (context, subject)
);
CREATE TABLE modes (
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (context, subject)
);

-- Which subject holds the schemas of a resource (a Kafka topic).
CREATE TABLE associations (
    guid TEXT COLLATE "C" PRIMARY KEY,
    resource_name TEXT COLLATE "C" NOT NULL,
    resource_namespace TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    association_type TEXT COLLATE "C" NOT NULL,
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    lifecycle TEXT COLLATE "C" NOT NULL,
    frozen BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (resource_id, resource_type, association_type)
);
CREATE INDEX associations_by_subject ON associations (context, subject);
CREATE INDEX associations_by_name ON associations (resource_namespace, resource_name);

-- The outbox: every change in the order in which it was made.
CREATE TABLE changes (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT,
    schema_id BIGINT,
    payload TEXT COLLATE "C",
    created_at BIGINT NOT NULL
);
