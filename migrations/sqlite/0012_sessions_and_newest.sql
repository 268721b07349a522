-- What sessions of the web pages are sealed with: 32 bytes, made when they are first needed.
ALTER TABLE registry ADD COLUMN session_key BLOB;

-- Versions from the newest on, of all and of a context, in an order in which any of them has its place: pages of search go on from there.
DROP INDEX versions_by_time;
CREATE INDEX versions_newest ON versions (created_at, subject_id, version);
CREATE INDEX versions_newest_of_context ON versions (context_id, created_at, subject_id, version);
