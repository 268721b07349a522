//! What the store's writes of keys take, and how they end.

use crate::types::{Dek, DekName, Kek};

/// A change of keys: one transaction.
#[derive(Debug, Clone)]
pub enum KeyChange {
    /// Stores a KEK in the place of what was there.
    PutKek {
        /// Its revision and time are those that it gets.
        kek: Kek,
        /// The revision of what was there when the decision was made.
        expected: Option<i64>,
    },
    /// Stores a DEK in the place of what was there.
    PutDek {
        dek: Dek,
        /// The revision of what was there when the decision was made.
        expected: Option<i64>,
        /// That of the KEK.
        expected_kek: i64,
    },
    DeleteKek {
        name: String,
        permanent: bool,
    },
    UndeleteKek {
        name: String,
    },
    /// Deletes all listed versions, or one.
    DeleteDeks {
        name: DekName,
        version: Option<i32>,
        permanent: bool,
    },
    UndeleteDeks {
        name: DekName,
        version: Option<i32>,
    },
}

impl KeyChange {
    /// The KEK that it is about.
    pub(super) fn kek(&self) -> &str {
        match self {
            Self::PutKek { kek, .. } => &kek.name,
            Self::PutDek { dek, .. } => &dek.name.kek,
            Self::DeleteKek { name, .. } | Self::UndeleteKek { name } => name,
            Self::DeleteDeks { name, .. } | Self::UndeleteDeks { name, .. } => &name.kek,
        }
    }
}

/// How a change of keys ended. All but [`KeyOutcome::Done`] have changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOutcome {
    /// The revision that was written; 0 where nothing had to be.
    Done(i64),
    /// What was decided on has changed: decide again.
    Moved,
    KekNotFound,
    DekNotFound,
    /// What is to be removed for good is not deleted yet.
    NotDeleted,
    /// The KEK of what is to be undeleted is deleted.
    KekDeleted,
    /// The KEK has DEKs.
    Referenced,
}
