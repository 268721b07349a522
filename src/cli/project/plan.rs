//! A plan: what is to be done, what it was decided on, and what speaks against it. It is also the file that `apply --plan` takes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::api::ScopeSetting;
use crate::cli::exit::Exit;

/// The form of the file; another one is refused.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) format: u32,
    pub(super) registry: String,
    pub(super) configs: Vec<ConfigChange>,
    /// In the order of references.
    pub(super) registrations: Vec<PlannedRegistration>,
    pub(super) deletions: Vec<Deletion>,
    pub(super) unchanged: Vec<Unchanged>,
    /// Versions beside the latest that a file has.
    #[serde(default)]
    pub(super) old: Vec<Old>,
}

/// What a subject was when the plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SeenSubject {
    pub(super) versions: Vec<i64>,
    /// The id of the latest: a version that was removed for good and registered anew has another one.
    pub(super) latest_id: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConfigChange {
    /// Config or mode.
    #[serde(default)]
    pub(super) setting: ScopeSetting,
    /// None for the registry as a whole.
    pub(super) subject: Option<String>,
    pub(super) set: Value,
    /// What is set now; null where nothing is.
    pub(super) seen: Option<Value>,
    /// Only with --enable-configs.
    pub(super) held_back: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlannedRegistration {
    pub(super) subject: String,
    pub(super) file: String,
    /// The request. A reference without version is to what this plan registers.
    pub(super) body: Value,
    pub(super) normalize: bool,
    /// Registrations with one number refer to one another: all of them or none.
    pub(super) tree: usize,
    /// The version that it becomes, where the registry tells.
    pub(super) version: Option<i64>,
    pub(super) seen: SeenSubject,
    /// Why it is refused; empty when it is not.
    pub(super) refusals: Vec<String>,
    /// What the engines found, as `?explain=true` shows it.
    pub(super) findings: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Deletion {
    pub(super) subject: String,
    pub(super) seen: SeenSubject,
    /// Subjects that stay, and refer to this one.
    pub(super) referred_by: Vec<String>,
    /// Only with --enable-deletes.
    pub(super) held_back: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Unchanged {
    pub(super) subject: String,
    pub(super) file: String,
    /// The version that is the file's text.
    pub(super) version: i64,
    /// The latest version, where it is another one: no file has it.
    pub(super) later: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Old {
    pub(super) subject: String,
    pub(super) version: i32,
    pub(super) file: String,
    /// What is otherwise in the registry; applying can't help there.
    pub(super) difference: Option<String>,
}

impl ConfigChange {
    /// Whether it comes before registrations. A mode that keeps them off comes after them.
    pub(super) fn comes_first(&self) -> bool {
        self.setting == ScopeSetting::Config || self.set.get("mode").and_then(Value::as_str) == Some("READWRITE")
    }
}

impl Plan {
    pub(super) fn is_refused(&self) -> bool {
        let refused = |registration: &PlannedRegistration| !registration.refusals.is_empty();
        self.registrations.iter().any(refused) || self.deletions().any(|deletion| !deletion.referred_by.is_empty())
    }

    pub(super) fn exit(&self) -> Exit {
        if self.is_refused() {
            Exit::Refused
        } else if self.has_changes() {
            Exit::Changes
        } else {
            Exit::Success
        }
    }

    /// What is to be changed, and not held back.
    pub(super) fn configs(&self) -> impl Iterator<Item = &ConfigChange> {
        self.configs.iter().filter(|change| !change.held_back)
    }

    pub(super) fn deletions(&self) -> impl Iterator<Item = &Deletion> {
        self.deletions.iter().filter(|deletion| !deletion.held_back)
    }

    /// Whether applying it would do anything.
    pub(super) fn has_changes(&self) -> bool {
        !self.registrations.is_empty() || self.configs().next().is_some() || self.deletions().next().is_some()
    }

    /// Whether the registry is not what the files say, in whatever way; what no file is about does not count.
    pub(super) fn has_drift(&self) -> bool {
        let later = self.unchanged.iter().any(|unchanged| unchanged.later.is_some())
            || self.old.iter().any(|old| old.difference.is_some());
        !self.registrations.is_empty() || !self.configs.is_empty() || later || self.deletions().next().is_some()
    }

    /// The last line of reports.
    pub(super) fn sum(&self) -> String {
        let count = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let refused = self.registrations.iter().filter(|registration| !registration.refusals.is_empty()).count()
            + self.deletions().filter(|deletion| !deletion.referred_by.is_empty()).count();
        let fine = self.registrations.iter().filter(|registration| registration.refusals.is_empty()).count();
        let changes = |setting| self.configs().filter(|change| change.setting == setting).count();
        let old = self.old.iter().filter(|old| old.difference.is_none()).count();
        let parts = [
            count(refused, "refused", "refused"),
            count(fine, "to register", "to register"),
            count(changes(ScopeSetting::Config), "config to change", "configs to change"),
            count(changes(ScopeSetting::Mode), "mode to change", "modes to change"),
            count(self.deletions().count(), "to delete", "to delete"),
            count(self.unchanged.len(), "unchanged", "unchanged"),
            count(old, "old version unchanged", "old versions unchanged"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
    }
}
