-- Words by which subjects and schemas are found. Those of a schema have a weight: A its names, B its fields, C tags and metadata, D texts.
CREATE TABLE search_subjects (
    subject_id BIGINT PRIMARY KEY REFERENCES subjects (subject_id) ON DELETE CASCADE,
    words TSVECTOR NOT NULL
);
CREATE INDEX search_subjects_by_word ON search_subjects USING gin (words);
CREATE TABLE search_schemas (
    context_id BIGINT NOT NULL,
    schema_id BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (context_id, schema_id),
    FOREIGN KEY (context_id, schema_id) REFERENCES schemas (context_id, schema_id) ON DELETE CASCADE
);
CREATE INDEX search_schemas_by_word ON search_schemas USING gin (words);

-- Null for what an older release stored, until its words have been filed.
ALTER TABLE subjects ADD COLUMN is_searchable BOOLEAN;
ALTER TABLE schemas ADD COLUMN is_searchable BOOLEAN;
CREATE INDEX subjects_not_searchable ON subjects (subject_id) WHERE is_searchable IS NULL;
CREATE INDEX schemas_not_searchable ON schemas (context_id, schema_id) WHERE is_searchable IS NULL;
