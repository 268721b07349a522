//! About what is remembered takes in memory.

use crate::store::{DocumentTag, Holder, NamedSchema, ScopeSettings, StoredSchema, SubjectState, VersionRow};
use crate::types::{Alias, Association, Dek, Kek, SchemaId, SchemaType, Subject, TypeBinding};

/// What can be remembered.
pub(super) trait Rememberable: Weighed + Clone + PartialEq + Send + Sync + 'static {}

impl<T: Weighed + Clone + PartialEq + Send + Sync + 'static> Rememberable for T {}

/// What a fact takes, in bytes.
pub(super) trait Weighed {
    fn bytes(&self) -> usize;
}

/// What is about as large each time: itself, and the texts that it has.
macro_rules! about {
    ($texts:literal: $($fact:ty),*) => { $(
        impl Weighed for $fact {
            fn bytes(&self) -> usize {
                size_of::<Self>() + $texts
            }
        }
    )* };
}
about!(64: bool, SchemaId, String, VersionRow, Holder, NamedSchema, DocumentTag, Subject);
about!(64: ScopeSettings, (String, SchemaId), (String, SchemaId, SchemaType));
about!(512: Association, Alias, TypeBinding);

impl Weighed for Kek {
    fn bytes(&self) -> usize {
        let texts = [&self.name, &self.kms_type, &self.kms_key_id].map(String::len).iter().sum::<usize>();
        let props: usize =
            self.kms_props.iter().map(|(key, value)| key.0.len() + value.as_ref().map_or(0, String::len) + 64).sum();
        size_of::<Self>() + texts + props + self.doc.as_ref().map_or(0, String::len)
    }
}

impl Weighed for Dek {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.kek.len() + self.name.written_subject.len() + self.encrypted_key_material.len()
    }
}

impl Weighed for StoredSchema {
    /// Its text is that of the schema in the registry's cache for as long as it is there, too.
    fn bytes(&self) -> usize {
        self.content.text.len() + 256
    }
}

impl Weighed for SubjectState {
    fn bytes(&self) -> usize {
        self.rows.len() * size_of::<VersionRow>() + 32
    }
}

impl<T: Weighed> Weighed for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(8, Weighed::bytes)
    }
}

impl<T: Weighed> Weighed for Vec<T> {
    fn bytes(&self) -> usize {
        self.iter().map(Weighed::bytes).sum::<usize>() + 24
    }
}
