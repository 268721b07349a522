-- SQLite's index is asked for whole words, and has its vocabulary listed for that. Postgres's takes the beginnings of words.
SELECT 1;
