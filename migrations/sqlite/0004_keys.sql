-- Key encryption keys. A revision is the sequence of the change that wrote the row: nothing else ever has it.
CREATE TABLE keks (
    name TEXT NOT NULL PRIMARY KEY,
    kms_type TEXT NOT NULL,
    kms_key_id TEXT NOT NULL,
    -- a JSON object of texts
    kms_props TEXT NOT NULL,
    doc TEXT,
    shared BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    written_at BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

-- Data encryption keys, wrapped by their KEK. One key for a version, whoever asks for it first.
CREATE TABLE deks (
    kek TEXT NOT NULL,
    context TEXT NOT NULL,
    subject TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- the subject as it was written, which lists and answers repeat
    written_subject TEXT NOT NULL,
    encrypted_key_material TEXT NOT NULL,
    deleted BOOLEAN NOT NULL,
    written_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (kek, context, subject, algorithm, version)
);
