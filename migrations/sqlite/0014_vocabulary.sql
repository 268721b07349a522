-- The words that each index has, in their order: which of them begin with what is searched for is looked up here, so that what is asked of
-- the index is a few whole words. The beginning of a word makes it gather all rows of all such words first.
CREATE VIRTUAL TABLE subject_vocabulary USING fts5vocab(search_subjects, instance);
CREATE VIRTUAL TABLE schema_vocabulary USING fts5vocab(search_schemas, instance);
