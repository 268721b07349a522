-- Words by which subjects and schemas are found. The row of a subject has its number; that of a schema has the number of its context, times
-- 2^32, plus its own. Words come in small letters with spaces between, so any run of other characters ends one.
CREATE VIRTUAL TABLE search_subjects USING fts5(words, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii');
CREATE VIRTUAL TABLE search_schemas USING fts5(
    names, fields, labels, texts, content = '', contentless_delete = 1, detail = 'column', tokenize = 'ascii'
);

-- Null for what an older release stored, until its words have been filed.
ALTER TABLE subjects ADD COLUMN is_searchable BOOLEAN;
ALTER TABLE schemas ADD COLUMN is_searchable BOOLEAN;
CREATE INDEX subjects_not_searchable ON subjects (subject_id) WHERE is_searchable IS NULL;
CREATE INDEX schemas_not_searchable ON schemas (context_id, schema_id) WHERE is_searchable IS NULL;

CREATE TRIGGER subjects_searched AFTER DELETE ON subjects BEGIN
    DELETE FROM search_subjects WHERE rowid = OLD.subject_id;
END;
CREATE TRIGGER schemas_searched AFTER DELETE ON schemas BEGIN
    DELETE FROM search_schemas WHERE rowid = OLD.context_id * 4294967296 + OLD.schema_id;
END;
