-- Counts the changes of configs and modes: a write that was decided under other settings is decided again.
ALTER TABLE registry ADD COLUMN settings BIGINT NOT NULL DEFAULT 0;
