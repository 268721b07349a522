//! A checkpoint: one line that says how far the chain goes and with which hash, to be kept where nobody who can write to the database can.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::store::{AuditChain, Checkpoint};
use crate::types::{hex, timestamp};

/// How the line begins, wherever in a line of a log that may be.
const MARK: &str = "accordant-audit-checkpoint v1 ";

/// What signs checkpoints.
pub(in crate::cli) struct Key(Hmac<Sha256>);

impl Key {
    /// Reads the key from its file; white space around it does not count.
    pub(in crate::cli) fn read(path: &Path) -> Result<Self, String> {
        let refused = |why: String| format!("{}: {why}", path.display());
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let text = text.trim_ascii();
        if text.len() < 16 {
            return Err(refused("a key has at least 16 characters".to_owned()));
        }
        Hmac::new_from_slice(text).map(Self).map_err(|error| refused(error.to_string()))
    }

    fn sign(&self, text: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

/// The line of a checkpoint.
pub(in crate::cli) fn line(cluster_id: &str, chain: &AuditChain, at: i64, key: Option<&Key>) -> String {
    let AuditChain { position, hash, .. } = chain;
    let line = format!("{MARK}cluster={cluster_id} position={position} hash={hash} at={}", timestamp(at));
    match key {
        Some(key) => format!("{line} mac={}", key.sign(&line)),
        None => line,
    }
}

/// Reads the checkpoints of a text, which may be a log. With a key all must be signed with it.
pub(super) fn parse(text: &str, cluster_id: &str, key: Option<&Key>) -> Result<Vec<Checkpoint>, String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(start) = line.find(MARK) else { continue };
        let line = line.get(start..).unwrap_or_default();
        let refused = |why: &str| format!("line {}: {why}", number + 1);
        let value = |name: &str| {
            let from = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
            // in a log that is JSON more follows without a space
            from.split(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c))).next()
        };
        let (Some(cluster), Some(position), Some(hash)) =
            (value("cluster"), value("position").and_then(|text| text.parse().ok()), value("hash"))
        else {
            return Err(refused("the checkpoint is not whole"));
        };
        if cluster != cluster_id {
            return Err(refused(&format!("the checkpoint is of another registry ({cluster}; this one is {cluster_id})")));
        }
        if let Some(key) = key {
            let signed = line.split_once(" mac=").map_or(line, |(signed, _)| signed);
            let mac = value("mac").ok_or_else(|| refused("the checkpoint is not signed"))?;
            if !bool::from(key.sign(signed).as_bytes().ct_eq(mac.as_bytes())) {
                return Err(refused("the checkpoint is not signed with this key"));
            }
        }
        found.push(Checkpoint { position, hash: hash.to_owned() });
    }
    if found.is_empty() { Err("there is no checkpoint in it".to_owned()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> AuditChain {
        AuditChain { position: 7, hash: "ab12".to_owned(), removed_position: 0, removed_hash: String::new() }
    }

    #[test]
    fn a_checkpoint_is_found_in_a_log() {
        let line = line("c-1", &chain(), 0, None);
        let wanted = Ok(vec![Checkpoint { position: 7, hash: "ab12".to_owned() }]);
        assert_eq!(parse(&line, "c-1", None), wanted);
        assert_eq!(parse(&format!("x\n{{\"message\":\"{line}\",\"level\":\"INFO\"}}\n"), "c-1", None), wanted);
        assert!(parse(&line, "c-2", None).unwrap_err().contains("another registry"));
        assert!(parse("nothing", "c-1", None).is_err());
        assert!(parse(&format!("{MARK}cluster=c-1"), "c-1", None).is_err());
    }

    #[test]
    fn a_signed_checkpoint_can_not_be_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let key = Key::read(&file).unwrap();
        let line = line("c-1", &chain(), 0, Some(&key));
        assert!(parse(&format!("{{\"message\":\"{line}\"}}"), "c-1", Some(&key)).is_ok());
        assert!(parse(&line.replace("position=7", "position=8"), "c-1", Some(&key)).is_err());
        assert!(parse(line.split_once(" mac=").unwrap().0, "c-1", Some(&key)).is_err());
        std::fs::write(&file, "short").unwrap();
        assert!(Key::read(&file).is_err());
    }
}
