-- What transactions lock where the database has no advisory locks (postgres-locks=rows): a key is the row of its bucket. The first is that
-- of the settings, which all registrations share.
CREATE TABLE locks (bucket BIGINT PRIMARY KEY);
INSERT INTO locks (bucket) SELECT generate_series(0, 1023);
