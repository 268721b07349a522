-- SHA-256 of the text: the entity tag of the schema's document. Null for a schema that an older release stored, until it has been
-- computed and the schema's names have been filed.
ALTER TABLE schemas ADD COLUMN digest BYTEA;
CREATE INDEX schemas_without_digest ON schemas (context_id, schema_id) WHERE digest IS NULL;

-- Under which names schemas can be found beside their ids: the $id of a JSON Schema ('id'), messages of a .proto file ('message').
CREATE TABLE schema_names (
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    PRIMARY KEY (kind, name, context_id, schema_id),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id)
);
CREATE INDEX schema_names_by_schema ON schema_names (context_id, schema_id);

-- URIs that stand for a version of a subject (without a version: for its latest) or for a schema by guid.
CREATE TABLE aliases (
    uri TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    context TEXT COLLATE "C",
    subject TEXT COLLATE "C",
    version BIGINT,
    guid BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((guid IS NULL) = (subject IS NOT NULL))
);

-- The schema of events of a type; a `*` in the pattern stands for any run of characters. Without a version the latest is meant.
CREATE TABLE type_bindings (
    pattern TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT,
    require_dataschema BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
