//! Keys of client-side encryption (encryption 1.2).

use bytes::Bytes;
use serde::Serialize;
use serde_with::skip_serializing_none;
use zeroize::Zeroizing;

use crate::kms::wiped;
use crate::registry::ReadDek;
use crate::types::{self, DekAlgorithm, KmsProps};

#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Kek<'k> {
    name: &'k str,
    kms_type: &'k str,
    kms_key_id: &'k str,
    kms_props: &'k KmsProps,
    doc: Option<&'k str>,
    shared: bool,
    ts: i64,
    deleted: Option<bool>,
}

impl<'k> From<&'k types::Kek> for Kek<'k> {
    fn from(kek: &'k types::Kek) -> Self {
        Self {
            name: &kek.name,
            kms_type: &kek.kms_type,
            kms_key_id: &kek.kms_key_id,
            kms_props: &kek.kms_props,
            doc: kek.doc.as_deref(),
            shared: kek.shared,
            ts: kek.written_at,
            deleted: kek.deleted.then_some(true),
        }
    }
}

/// A KEK as Confluent stores it, which is what a test of it answers.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct TestedKek<'k> {
    name: &'k str,
    kms_type: &'k str,
    kms_key_id: &'k str,
    kms_props: &'k KmsProps,
    doc: Option<&'k str>,
    shared: bool,
    deleted: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    /// There it is the position in a topic; here what else differs with every change.
    offset: i64,
    ts: i64,
}

impl<'k> From<&'k types::Kek> for TestedKek<'k> {
    fn from(kek: &'k types::Kek) -> Self {
        Self {
            name: &kek.name,
            kms_type: &kek.kms_type,
            kms_key_id: &kek.kms_key_id,
            kms_props: &kek.kms_props,
            doc: kek.doc.as_deref(),
            shared: kek.shared,
            deleted: kek.deleted,
            kind: "KEK",
            offset: kek.revision,
            ts: kek.written_at,
        }
    }
}

#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Dek<'d> {
    kek_name: &'d str,
    subject: &'d str,
    version: i32,
    #[serde(serialize_with = "wire_name")]
    algorithm: DekAlgorithm,
    encrypted_key_material: &'d str,
    key_material: Option<&'d str>,
    ts: i64,
    deleted: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn wire_name<S: serde::Serializer>(algorithm: &DekAlgorithm, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(algorithm.as_str())
}

impl<'d> From<&'d ReadDek> for Dek<'d> {
    fn from(read: &'d ReadDek) -> Self {
        let dek = &read.dek;
        Self {
            kek_name: &dek.name.kek,
            subject: &dek.name.written_subject,
            version: dek.version,
            algorithm: dek.name.algorithm,
            encrypted_key_material: &dek.encrypted_key_material,
            key_material: read.key_material.as_ref().map(|material| material.as_str()),
            ts: dek.written_at,
            deleted: dek.deleted.then_some(true),
        }
    }
}

impl Dek<'_> {
    /// As JSON that is wiped from memory once it is sent.
    pub(in crate::http) fn to_bytes(&self) -> Bytes {
        // large enough from the start: no copy is left where it grew
        let texts = self.kek_name.len() + self.subject.len() + self.encrypted_key_material.len();
        let mut json = Zeroizing::new(Vec::with_capacity(texts * 6 + self.key_material.map_or(0, str::len) + 256));
        match serde_json::to_writer(&mut *json, self) {
            Ok(()) => wiped(json),
            Err(_) => Bytes::from_static(b"null"),
        }
    }
}
