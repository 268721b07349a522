//! Checking the chain, entry by entry.

use std::fmt;

use super::{AuditChain, AuditEntry, ReadEntry};

/// The operation of the entry that says that older ones were removed for their age.
pub(in crate::store) const PRUNED: &str = "audit.pruned";

/// A place in the chain and its hash, as they were once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub position: i64,
    pub hash: String,
}

/// What is wrong with the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainBreak {
    /// What the entry says is not what was sealed.
    Changed { position: i64 },
    /// What stands there is no entry.
    Unreadable { position: i64 },
    /// Entries are not there, from the first to the last of these places.
    Missing { from: i64, to: i64 },
    /// There are entries where none should be: before the beginning or behind the end.
    Inserted { position: i64 },
    /// Entries without a place in the chain, where every one gets its place with its change.
    Unsealed { count: i64 },
    /// Hash or place of the end are not those of the last entry.
    WrongEnd { position: i64 },
    /// Entries were removed, and the one that would say so is not there or says something else.
    WrongBeginning { position: i64 },
    /// The entry is not the one that was there when the checkpoint was made.
    NotTheCheckpoint { position: i64 },
    /// The chain ends before the checkpoint.
    BeforeCheckpoint { position: i64, end: i64 },
}

impl fmt::Display for ChainBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { position } => {
                write!(f, "entry {position} was changed: its hash is not that of what it says behind entry {}", position - 1)
            }
            Self::Unreadable { position } => write!(f, "entry {position} was changed: it can't be read"),
            Self::Missing { from, to } if from == to => write!(f, "entry {from} was removed"),
            Self::Missing { from, to } => write!(f, "entries {from} to {to} were removed"),
            Self::Inserted { position } => write!(f, "entry {position} was inserted: the chain does not reach there"),
            Self::Unsealed { count } => write!(f, "entries were inserted that have no place in the chain: {count}"),
            Self::WrongEnd { position } => write!(f, "the end of the chain was changed: it is not what entry {position} says"),
            Self::WrongBeginning { position } => write!(
                f,
                "the beginning of the chain was changed: no entry says that those up to {position} were removed for their age"
            ),
            Self::NotTheCheckpoint { position } => {
                write!(f, "the chain was written anew: entry {position} is not the one of the checkpoint")
            }
            Self::BeforeCheckpoint { position, end } => {
                write!(f, "entries were removed: the chain ends at {end}, and the checkpoint says that it went to {position}")
            }
        }
    }
}

/// Most findings that are kept; what is beyond that is counted.
const MOST: usize = 1000;

/// Takes the entries of a chain one after the other, and says what is wrong with it.
pub struct ChainCheck {
    chain: AuditChain,
    checkpoints: Vec<Checkpoint>,
    /// The last place, and the hashes that the next entry may begin with: the one that is stored, and the one that would be right.
    last: i64,
    hashes: Vec<String>,
    /// What the last entry about removed ones says.
    pruned: Option<(i64, String)>,
    findings: Vec<ChainBreak>,
    further: usize,
}

impl ChainCheck {
    pub fn new(chain: AuditChain, checkpoints: Vec<Checkpoint>) -> Self {
        let (last, hashes) = (chain.removed_position, vec![chain.removed_hash.clone()]);
        let mut check = Self { chain, checkpoints, last, hashes, pruned: None, findings: Vec::new(), further: 0 };
        let removed = Checkpoint { position: last, hash: check.chain.removed_hash.clone() };
        check.compare(removed.position, &removed.hash);
        check
    }

    fn find(&mut self, finding: ChainBreak) {
        if self.findings.len() < MOST {
            self.findings.push(finding);
        } else {
            self.further += 1;
        }
    }

    /// Holds an entry to the checkpoints.
    fn compare(&mut self, position: i64, hash: &str) {
        if self.checkpoints.iter().any(|checkpoint| checkpoint.position == position && checkpoint.hash != hash) {
            self.find(ChainBreak::NotTheCheckpoint { position });
        }
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &ReadEntry) {
        let position = entry.position();
        if position <= self.chain.removed_position || position > self.chain.position {
            self.find(ChainBreak::Inserted { position });
            return;
        }
        if position > self.last + 1 {
            self.find(ChainBreak::Missing { from: self.last + 1, to: position - 1 });
            // nothing tells what the entry before had for a hash
            self.hashes.clear();
        }
        self.last = position;
        match entry {
            ReadEntry::Entry(entry) => self.follow(entry),
            ReadEntry::Unreadable { hash, .. } => {
                self.find(ChainBreak::Unreadable { position });
                self.hashes = hash.iter().cloned().collect();
            }
        }
    }

    fn follow(&mut self, entry: &AuditEntry) {
        self.compare(entry.position, &entry.hash);
        let right: Vec<String> = self.hashes.iter().map(|previous| entry.hash_after(previous)).collect();
        if self.hashes.is_empty() || right.contains(&entry.hash) {
            self.hashes = vec![entry.hash.clone()];
        } else {
            self.find(ChainBreak::Changed { position: entry.position });
            self.hashes = right;
            self.hashes.push(entry.hash.clone());
        }
        if entry.operation == PRUNED {
            self.pruned = entry.details.as_deref().and_then(removed_to);
        }
    }

    /// Says what was found, and how many findings there are beside those.
    pub fn finish(mut self, unsealed: i64) -> (Vec<ChainBreak>, usize) {
        let AuditChain { position: end, ref hash, removed_position, ref removed_hash } = self.chain;
        let (hash, removed) = (hash.clone(), (removed_position, removed_hash.clone()));
        if self.last < end {
            self.find(ChainBreak::Missing { from: self.last + 1, to: end });
        } else if !self.hashes.contains(&hash) {
            self.find(ChainBreak::WrongEnd { position: end });
        }
        if removed.0 > 0 && self.pruned.as_ref() != Some(&removed) {
            self.find(ChainBreak::WrongBeginning { position: removed.0 });
        }
        for Checkpoint { position, .. } in self.checkpoints.clone() {
            if position > end {
                self.find(ChainBreak::BeforeCheckpoint { position, end });
            }
        }
        if unsealed > 0 {
            self.find(ChainBreak::Unsealed { count: unsealed });
        }
        (self.findings, self.further)
    }
}

/// What an entry says about those that were removed: the last of them.
fn removed_to(details: &str) -> Option<(i64, String)> {
    let details: serde_json::Value = serde_json::from_str(details).ok()?;
    Some((details.get("position")?.as_i64()?, details.get("hash")?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Subject;

    fn entry(operation: &str) -> AuditEntry {
        AuditEntry {
            position: 0,
            at: 1_764_340_200_000,
            operation: operation.to_owned(),
            actor: "user:alice".to_owned(),
            login: "basic".to_owned(),
            address: None,
            user_agent: None,
            request_id: "r".to_owned(),
            reason: None,
            subject: Subject::plain("orders"),
            version: Some(1),
            schema_id: Some(1),
            guid_before: None,
            guid_after: None,
            details: None,
            hash: String::new(),
        }
    }

    fn chain(count: i64) -> (AuditChain, Vec<AuditEntry>) {
        let mut hash = "begin".to_owned();
        let mut entries = Vec::new();
        for position in 1..=count {
            entries.push(entry("schema.registered").sealed_after(position, &hash));
            hash.clone_from(&entries.last().unwrap().hash);
        }
        (AuditChain { position: count, hash, removed_position: 0, removed_hash: "begin".to_owned() }, entries)
    }

    fn found(chain: &AuditChain, entries: &[AuditEntry], checkpoints: &[Checkpoint]) -> Vec<ChainBreak> {
        let mut check = ChainCheck::new(chain.clone(), checkpoints.to_vec());
        for entry in entries {
            check.take(&ReadEntry::Entry(Box::new(entry.clone())));
        }
        check.finish(0).0
    }

    #[test]
    fn a_chain_as_it_was_sealed_has_no_findings() {
        let (chain, entries) = chain(5);
        let checkpoint = Checkpoint { position: 3, hash: entries[2].hash.clone() };
        assert_eq!(found(&chain, &entries, &[checkpoint]), []);
        assert_eq!(found(&super::tests::chain(0).0, &[], &[]), []);
    }

    #[test]
    fn what_was_done_to_a_chain_is_found_where_it_was_done() {
        let (chain, entries) = chain(5);
        let with = |change: fn(&mut Vec<AuditEntry>)| {
            let mut entries = entries.clone();
            change(&mut entries);
            found(&chain, &entries, &[])
        };
        let changed = |position| vec![ChainBreak::Changed { position }];
        assert_eq!(with(|entries| entries[2].actor = "user:mallory".to_owned()), changed(3));
        assert_eq!(with(|entries| entries[2].details = Some(" ".to_owned())), changed(3));
        assert_eq!(with(|entries| entries[2].hash = "x".to_owned()), changed(3));
        assert_eq!(with(|entries| entries[4].at += 1), changed(5));
        // whoever computes the hash of what was changed has to go on to the end
        let rehashed = with(|entries| {
            entries[2].actor = "user:mallory".to_owned();
            entries[2] = entries[2].clone().sealed_after(3, &entries[1].hash.clone());
        });
        assert_eq!(rehashed, changed(4));
        assert_eq!(with(|entries| drop(entries.remove(2))), [ChainBreak::Missing { from: 3, to: 3 }]);
        assert_eq!(with(|entries| drop(entries.drain(..2))), [ChainBreak::Missing { from: 1, to: 2 }]);
        assert_eq!(with(|entries| drop(entries.pop())), [ChainBreak::Missing { from: 5, to: 5 }]);
        let inserted = with(|entries| {
            let forged = entry("schema.deleted").sealed_after(6, &entries[4].hash.clone());
            entries.push(forged);
        });
        assert_eq!(inserted, [ChainBreak::Inserted { position: 6 }]);
    }

    #[test]
    fn a_chain_that_was_written_anew_is_not_the_one_of_the_checkpoint() {
        let (old, entries) = chain(5);
        let checkpoint = |at: usize| Checkpoint { position: entries[at - 1].position, hash: entries[at - 1].hash.clone() };
        let mut hash = "begin".to_owned();
        let mut forged = entries.clone();
        forged[1].actor = "user:mallory".to_owned();
        for (entry, position) in forged.iter_mut().zip(1..) {
            *entry = entry.clone().sealed_after(position, &hash);
            hash.clone_from(&entry.hash);
        }
        let new = AuditChain { hash, ..old.clone() };
        assert_eq!(found(&new, &forged, &[]), []);
        assert_eq!(found(&new, &forged, &[checkpoint(1), checkpoint(4)]), [ChainBreak::NotTheCheckpoint { position: 4 }]);
        let cut = AuditChain { position: 3, hash: entries[2].hash.clone(), ..old };
        assert_eq!(found(&cut, &entries[..3], &[checkpoint(5)]), [ChainBreak::BeforeCheckpoint { position: 5, end: 3 }]);
    }
}
