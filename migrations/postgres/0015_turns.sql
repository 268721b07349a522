-- Whose turn it is to register under a subject, until when: one who was overtaken again and again by writers of other replicas. There is a
-- row for as long as somebody has the turn; of one who died in it, until the next replica starts.
CREATE TABLE subject_turns (
    qualified TEXT COLLATE "C" PRIMARY KEY,
    holder BIGINT NOT NULL,
    until TIMESTAMPTZ NOT NULL
);
