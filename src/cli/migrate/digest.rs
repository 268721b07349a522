//! One number for all that a registry says.
//!
//! It is the SHA-256 of a line for each version, config, mode, KEK and DEK, in the order of their names. Which modes there are is left out
//! where it is the usual one, and guids are left out, because not every registry has them: they follow from the rest. The line of a version
//! has a hash in place of what the version says, so that who compares two registries needs to remember that alone.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::content::{Rest, StoredVersion};
use super::marks::Mark;
use super::values::VersionKey;
use crate::types::hex;

/// The mode of what has none of its own.
pub(super) const USUAL: &str = "READWRITE";

/// The number, while versions are told in their order.
#[derive(Debug, Default, Clone)]
pub(super) struct Digest {
    sha: Sha256,
    counts: DigestCounts,
    last: Option<String>,
}

#[derive(Debug, Default, Clone, Copy)]
struct DigestCounts {
    subjects: usize,
    versions: usize,
    deleted: usize,
}

/// What a registry says, in short.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) digest: String,
    counts: DigestCounts,
    configs: usize,
    keks: usize,
    deks: usize,
    pub(super) withheld: Vec<String>,
}

impl Digest {
    pub(super) fn version(&mut self, key: &VersionKey, mark: &Mark) {
        self.count(key, mark.is_deleted);
        let line = json!(["version", key.0, key.1, mark.id, mark.is_deleted, hex(&mark.content)]);
        self.sha.update(format!("{line}\n"));
    }

    /// The same as bundles up to format 2 were made of.
    pub(super) fn whole_version(&mut self, key: &VersionKey, stored: &StoredVersion) {
        self.count(key, stored.is_deleted);
        let member = |key: &str| stored.body.get(key).cloned().unwrap_or_default();
        let line = json!([
            "version",
            key.0,
            key.1,
            stored.id,
            stored.is_deleted,
            member("schemaType"),
            stored.text(),
            member("references"),
            member("metadata"),
            member("ruleSet"),
        ]);
        self.sha.update(format!("{line}\n"));
    }

    fn count(&mut self, (subject, _): &VersionKey, is_deleted: bool) {
        self.counts.versions += 1;
        self.counts.deleted += usize::from(is_deleted);
        // those of a subject come one after the other
        if self.last.as_deref() != Some(subject) {
            self.counts.subjects += 1;
            self.last = Some(subject.clone());
        }
    }

    pub(super) fn versions(&self) -> usize {
        self.counts.versions
    }

    /// With all else that the registry says.
    pub(super) fn end(mut self, rest: &Rest) -> Summary {
        let mut line = |line: Value| self.sha.update(format!("{line}\n"));
        for (scope, config) in &rest.configs {
            line(json!(["config", scope, config]));
        }
        for (scope, mode) in rest.modes.iter().filter(|(_, mode)| *mode != USUAL) {
            line(json!(["mode", scope, mode]));
        }
        for (name, kek) in rest.keys.iter().flat_map(|keys| &keys.keks) {
            let member = |key: &str| kek.body.get(key).cloned().unwrap_or_default();
            line(json!([
                "kek",
                name,
                kek.is_deleted,
                member("kmsType"),
                member("kmsKeyId"),
                member("kmsProps"),
                member("doc"),
                member("shared"),
            ]));
        }
        for ((kek, subject, algorithm, version), dek) in rest.keys.iter().flat_map(|keys| &keys.deks) {
            line(json!(["dek", kek, subject, algorithm, version, dek.is_deleted, dek.material]));
        }
        let (keks, deks) = rest.keys.as_ref().map_or((0, 0), |keys| (keys.keks.len(), keys.deks.len()));
        Summary {
            digest: hex(&self.sha.finalize()),
            counts: self.counts,
            configs: rest.configs.len(),
            keks,
            deks,
            withheld: rest.withheld.clone(),
        }
    }
}

impl Summary {
    pub(super) fn counts(&self) -> String {
        let DigestCounts { subjects, versions, deleted } = self.counts;
        let keys = if self.keks + self.deks > 0 { format!(", {} KEKs, {} DEKs", self.keks, self.deks) } else { String::new() };
        format!("{subjects} subjects, {versions} versions, {deleted} of them deleted, {} configs{keys}", self.configs)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "digest": self.digest,
            "subjects": self.counts.subjects,
            "versions": self.counts.versions,
            "deletedVersions": self.counts.deleted,
            "configs": self.configs,
            "keks": self.keks,
            "deks": self.deks,
            "withheld": self.withheld,
        })
    }
}
