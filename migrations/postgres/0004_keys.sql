-- Key encryption keys. A revision is the sequence of the change that wrote the row: nothing else ever has it.
CREATE TABLE keks (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kms_type TEXT COLLATE "C" NOT NULL,
    kms_key_id TEXT COLLATE "C" NOT NULL,
    -- a JSON object of texts
    kms_props TEXT COLLATE "C" NOT NULL,
    doc TEXT COLLATE "C",
    shared BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    written_at BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

-- Data encryption keys, wrapped by their KEK. One key for a version, whoever asks for it first.
CREATE TABLE deks (
    kek TEXT COLLATE "C" NOT NULL,
    context TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    algorithm TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    -- the subject as it was written, which lists and answers repeat
    written_subject TEXT COLLATE "C" NOT NULL,
    encrypted_key_material TEXT COLLATE "C" NOT NULL,
    deleted BOOLEAN NOT NULL,
    written_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (kek, context, subject, algorithm, version)
);
