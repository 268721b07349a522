//! How much there is of what.

use crate::types::{SchemaId, SchemaType, Subject};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    pub subjects: i64,
    /// Those of them that have a version that is not soft-deleted.
    pub live_subjects: i64,
    pub versions: i64,
    pub live_versions: i64,
    /// By context and type, the most first; so many at most.
    pub schemas: Vec<SchemaCount>,
    /// The largest texts, the largest first.
    pub largest: Vec<SizedSchema>,
    /// The subjects that most schemas refer to.
    pub most_referenced: Vec<SubjectCount>,
    /// Subjects with the most versions.
    pub most_versions: Vec<SubjectCount>,
    /// Versions by the day on which they were registered, in days since 1970, oldest first.
    pub by_day: Vec<(i64, i64)>,
    /// Subjects whose versions nobody has read; `None` where reads were never counted.
    pub never_read: Option<NeverRead>,
}

/// Subjects with a version that is not soft-deleted, none of whose versions has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverRead {
    /// Since when reads are counted, in milliseconds since 1970.
    pub since: i64,
    pub subjects: i64,
    /// The oldest of them.
    pub oldest: Vec<Subject>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaCount {
    pub context: String,
    pub schema_type: SchemaType,
    pub schemas: i64,
    /// Bytes of their texts.
    pub bytes: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizedSchema {
    pub context: String,
    pub id: SchemaId,
    pub schema_type: SchemaType,
    pub bytes: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectCount {
    pub subject: Subject,
    pub count: i64,
}
