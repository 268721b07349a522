-- Postgres has a table of locks under this number. SQLite has one writer, so nothing is locked.
SELECT 1;
