//! Stricter policies than Confluent's, which a config may ask for (protobuf 5.4). They are Buf's categories of breaking changes.
//!
//! `WIRE` adds what breaks the binary encoding, `WIRE_JSON` what breaks the binary or the JSON encoding, `FILE` what breaks code
//! generated from the file. Elements of the file itself are compared, matched by name; a referenced file is compared when it is
//! registered itself. Rule ids are Buf's.

mod breach;
mod enums;
mod fields;
mod files;
mod messages;
mod reserved;
mod services;

use self::breach::{Breach, Policy};
use super::rules::ComparedFile;
use crate::schema::budget::{Budget, Exhausted};
use crate::schema::format::CheckOptions;

/// The breaches of the policy's own rules.
pub(super) fn check(old: ComparedFile<'_>, new: ComparedFile<'_>, options: &CheckOptions) -> Result<Vec<Breach>, Exhausted> {
    let budget = Budget::new(options.work_budget);
    let mut policy = Policy { old, new, level: options.protobuf_policy, breaches: Vec::new(), budget };
    files::compare(&mut policy)?;
    Ok(policy.breaches)
}
