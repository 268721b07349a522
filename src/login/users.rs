//! Files of users.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use serde::Deserialize;

use super::LoginFileError;
use super::password::PasswordHash;
use crate::access::{AccessRules, KarapacePermission};

/// Users with the hashes of their passwords.
#[derive(Debug, Default)]
pub struct Users {
    by_name: HashMap<Box<str>, usize>,
    hashes: Vec<PasswordHash>,
    /// Chooses what is computed for users that are not there.
    decoys: RandomState,
}

#[derive(Deserialize)]
struct KarapaceUser {
    username: String,
    algorithm: String,
    salt: String,
    #[serde(alias = "password")]
    password_hash: String,
}

#[derive(Deserialize)]
struct KarapaceFile {
    users: Vec<KarapaceUser>,
    #[serde(default, alias = "acls")]
    permissions: Option<Vec<KarapacePermission>>,
}

/// Refuses names that could not be told from something else.
///
/// # Errors
/// The name is empty, or has a colon or a control character in it.
pub fn check_name(name: &str) -> Result<(), LoginFileError> {
    if name.is_empty() || name.contains(|c: char| c == ':' || c.is_control()) {
        return Err(LoginFileError("a name is empty, or has a colon or a control character in it".to_owned()));
    }
    Ok(())
}

impl Users {
    /// Reads a file: lines `NAME:HASH`, with empty ones and comments (`#`), or Karapace's JSON, which brings rules along.
    ///
    /// # Errors
    /// [`LoginFileError`], with the line but without what stands in it.
    pub fn parse(text: &str, file: &Arc<str>) -> Result<(Self, Option<AccessRules>), LoginFileError> {
        if text.trim_start().starts_with('{') {
            return Self::parse_karapace(text, file);
        }
        let mut users = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let said = |error: LoginFileError| LoginFileError(format!("line {}: {}", at + 1, error.0));
            let (name, hash) = line.split_once(':').ok_or_else(|| said(LoginFileError("no colon behind the name".to_owned())))?;
            users.add(name, PasswordHash::parse(hash.trim()).map_err(said)?).map_err(said)?;
        }
        Ok((users, None))
    }

    fn parse_karapace(text: &str, file: &Arc<str>) -> Result<(Self, Option<AccessRules>), LoginFileError> {
        // the message of the reader could show a hash
        let form: KarapaceFile = serde_json::from_str(text)
            .map_err(|error| LoginFileError(format!("line {}: not what Karapace reads: users and permissions", error.line())))?;
        let mut users = Self::default();
        for (at, user) in form.users.iter().enumerate() {
            let said = |error: LoginFileError| LoginFileError(format!("user {}: {}", at + 1, error.0));
            let hash = PasswordHash::karapace(&user.algorithm, &user.salt, &user.password_hash).map_err(said)?;
            users.add(&user.username, hash).map_err(said)?;
        }
        let rules = AccessRules::from_karapace(form.permissions.as_deref().unwrap_or_default(), file);
        Ok((users, Some(rules.map_err(|error| LoginFileError(error.0))?)))
    }

    fn add(&mut self, name: &str, hash: PasswordHash) -> Result<(), LoginFileError> {
        check_name(name)?;
        if self.by_name.insert(name.into(), self.hashes.len()).is_some() {
            return Err(LoginFileError("the same name for a second time".to_owned()));
        }
        self.hashes.push(hash);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether a password is a user's. For a name that is not there another user's hash is computed, always the same one for the same
    /// name: how long the answer takes does not tell which names there are, also where hashes of several kinds are in use.
    pub fn verify(&self, name: &str, password: &[u8]) -> bool {
        let is_right = self.hash_for(name).is_some_and(|hash| hash.verify(password));
        self.by_name.contains_key(name) && is_right
    }

    /// What is stored of a user's password; `None` where there is no such user.
    pub fn stored(&self, name: &str) -> Option<Vec<u8>> {
        Some(self.hashes.get(*self.by_name.get(name)?)?.stored())
    }

    /// The hash that a password is held against: the user's own, or the one that stands in for it.
    pub fn hash_for(&self, name: &str) -> Option<&PasswordHash> {
        let count = u64::try_from(self.hashes.len().max(1)).unwrap_or(1);
        let decoy = usize::try_from(self.decoys.hash_one(name) % count).unwrap_or(0);
        self.hashes.get(self.by_name.get(name).copied().unwrap_or(decoy))
    }
}
