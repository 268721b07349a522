-- Postgres has a table of turns under this number, for replicas. SQLite's file has one process, which keeps its turns in memory.
SELECT 1;
