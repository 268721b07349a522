//! Keys of client-side encryption: key encryption keys (KEKs), which a KMS holds, and the data encryption keys (DEKs) that they wrap.

use std::collections::BTreeMap;

use super::contract::JavaStr;
use super::subject::Subject;

/// What a DEK is for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[expect(non_camel_case_types, reason = "as the wire spells them")]
pub enum DekAlgorithm {
    AES128_GCM,
    #[default]
    AES256_GCM,
    /// Deterministic: equal texts have equal ciphertexts.
    AES256_SIV,
}

impl DekAlgorithm {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name, letter case included.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// Properties for the KMS. Confluent keeps those that are `null`.
pub type KmsProps = BTreeMap<JavaStr, Option<String>>;

/// A key encryption key: what a key of a KMS is called here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kek {
    pub name: String,
    pub kms_type: String,
    pub kms_key_id: String,
    pub kms_props: KmsProps,
    pub doc: Option<String>,
    /// The registry itself wraps and unwraps DEKs, for clients that may not use the KMS.
    pub shared: bool,
    pub deleted: bool,
    /// When it was written last, in milliseconds since 1970.
    pub written_at: i64,
    /// Differs for everything that was ever written under the name.
    pub revision: i64,
}

impl Kek {
    /// Whether two say the same; deleted or not is not looked at.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kms_type == other.kms_type
            && self.kms_key_id == other.kms_key_id
            && self.kms_props == other.kms_props
            && self.doc == other.doc
            && self.shared == other.shared
    }
}

/// Which DEKs are meant: all versions of a subject for one algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DekName {
    pub kek: String,
    /// The subject as it is written, which answers repeat.
    pub written_subject: String,
    pub algorithm: DekAlgorithm,
}

impl DekName {
    /// The subject that is meant.
    pub fn subject(&self) -> Subject {
        Subject::parse(&self.written_subject)
    }
}

/// Versions that lists and `latest` know of. Others can be stored, as with Confluent, and are read by number alone.
pub const LISTED_DEK_VERSIONS: std::ops::Range<i32> = 1..i32::MAX;

/// A data encryption key, wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dek {
    pub name: DekName,
    pub version: i32,
    /// Base64 of what the KMS made of the key.
    pub encrypted_key_material: String,
    pub deleted: bool,
    /// When it was written last, in milliseconds since 1970.
    pub written_at: i64,
    /// Differs for everything that was ever written under the name and version.
    pub revision: i64,
}
