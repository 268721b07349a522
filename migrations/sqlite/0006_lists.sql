-- What lists ask of a subject, kept beside it: how many versions it has, how many of them are not soft-deleted, and whether there are any.
-- Kept by triggers, so that they are right whoever writes, also a replica of the release before.
ALTER TABLE subjects ADD COLUMN versions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN live BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN is_live BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE subjects SET
    versions = (SELECT COUNT(*) FROM versions v WHERE v.subject_id = subjects.subject_id),
    live = (SELECT COUNT(*) FROM versions v WHERE v.subject_id = subjects.subject_id AND NOT v.deleted);
UPDATE subjects SET is_live = live > 0;

CREATE TRIGGER versions_inserted AFTER INSERT ON versions BEGIN
    UPDATE subjects SET versions = versions + 1, live = live + (NOT NEW.deleted), is_live = live + (NOT NEW.deleted) > 0
    WHERE subject_id = NEW.subject_id;
END;
CREATE TRIGGER versions_deleted AFTER DELETE ON versions BEGIN
    UPDATE subjects SET versions = versions - 1, live = live - (NOT OLD.deleted), is_live = live - (NOT OLD.deleted) > 0
    WHERE subject_id = OLD.subject_id;
END;
CREATE TRIGGER versions_marked AFTER UPDATE OF deleted ON versions WHEN NEW.deleted <> OLD.deleted BEGIN
    UPDATE subjects SET live = live + OLD.deleted - NEW.deleted, is_live = live + OLD.deleted - NEW.deleted > 0
    WHERE subject_id = NEW.subject_id;
END;

-- names are listed in their order, and counted on the way to where a page begins
CREATE INDEX subjects_live ON subjects (qualified, live) WHERE is_live;
