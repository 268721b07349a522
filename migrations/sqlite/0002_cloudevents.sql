-- SHA-256 of the text: the entity tag of the schema's document. Null for a schema that an older release stored, until it has been
-- computed and the schema's names have been filed.
ALTER TABLE schemas ADD COLUMN digest BLOB;
CREATE INDEX schemas_without_digest ON schemas (context_id, schema_id) WHERE digest IS NULL;

-- Under which names schemas can be found beside their ids: the $id of a JSON Schema ('id'), messages of a .proto file ('message').
CREATE TABLE schema_names (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    PRIMARY KEY (kind, name, context_id, schema_id),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id)
);
CREATE INDEX schema_names_by_schema ON schema_names (context_id, schema_id);

-- URIs that stand for a version of a subject (without a version: for its latest) or for a schema by guid.
CREATE TABLE aliases (
    uri TEXT NOT NULL PRIMARY KEY,
    context TEXT,
    subject TEXT,
    version BIGINT,
    guid BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((guid IS NULL) = (subject IS NOT NULL))
);

-- The schema of events of a type; a `*` in the pattern stands for any run of characters. Without a version the latest is meant.
CREATE TABLE type_bindings (
    pattern TEXT NOT NULL PRIMARY KEY,
    context TEXT NOT NULL,
    subject TEXT NOT NULL,
    version BIGINT,
    require_dataschema BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
