-- A subject that is written together with its first version has that one counted already; the trigger finds here which change it was.
ALTER TABLE subjects ADD COLUMN counted BIGINT;
CREATE OR REPLACE FUNCTION count_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE subjects SET versions = versions + 1, live = live + (NOT NEW.deleted)::int, is_live = live + (NOT NEW.deleted)::int > 0
        WHERE subject_id = NEW.subject_id AND counted IS DISTINCT FROM NEW.written;
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
