-- What lists ask of a subject, kept beside it: how many versions it has, how many of them are not soft-deleted, and whether there are any.
-- Kept by triggers, so that they are right whoever writes, also a replica of the release before.
ALTER TABLE subjects ADD COLUMN versions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN live BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN is_live BOOLEAN NOT NULL DEFAULT FALSE;

CREATE FUNCTION count_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE subjects SET versions = versions + 1, live = live + (NOT NEW.deleted)::int, is_live = live + (NOT NEW.deleted)::int > 0
        WHERE subject_id = NEW.subject_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE subjects SET versions = versions - 1, live = live - (NOT OLD.deleted)::int, is_live = live - (NOT OLD.deleted)::int > 0
        WHERE subject_id = OLD.subject_id;
    ELSE
        UPDATE subjects SET live = live + OLD.deleted::int - NEW.deleted::int,
            is_live = live + OLD.deleted::int - NEW.deleted::int > 0
        WHERE subject_id = NEW.subject_id;
    END IF;
    RETURN NULL;
END
$$;
-- from here on nobody writes until the counts are there: what was counted before would be missing
CREATE TRIGGER versions_changed AFTER INSERT OR DELETE ON versions FOR EACH ROW EXECUTE FUNCTION count_versions();
CREATE TRIGGER versions_marked AFTER UPDATE OF deleted ON versions FOR EACH ROW WHEN (OLD.deleted IS DISTINCT FROM NEW.deleted)
    EXECUTE FUNCTION count_versions();
UPDATE subjects SET versions = c.versions, live = c.live, is_live = c.live > 0 FROM (
    SELECT subject_id, COUNT(*) AS versions, COUNT(*) FILTER (WHERE NOT deleted) AS live FROM versions GROUP BY subject_id
) c WHERE c.subject_id = subjects.subject_id;

-- names are listed in their order
CREATE INDEX subjects_live ON subjects (qualified) INCLUDE (name, context_id) WHERE is_live;
