//! A checkpoint: one line that says how far the chain goes and with which hash, to be kept where nobody who can write to the database can.

use std::path::Path;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::store::{AuditChain, Checkpoint};
use crate::types::{hex, timestamp};

/// How the line begins, wherever in a line of a log that may be.
const MARK: &str = "accordant-audit-checkpoint v1 ";

/// What stands before the 32 bytes of an Ed25519 key in a PEM file with `BEGIN PUBLIC KEY` (RFC 8410).
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What signs checkpoints, or holds signatures against them.
pub(in crate::cli) enum CheckpointKey {
    /// A secret: whoever can verify can also sign.
    Secret(Hmac<Sha256>),
    Pair(Box<Ed25519KeyPair>),
    /// Of a pair: it verifies, and signs nothing.
    Public(Box<[u8]>),
}

impl CheckpointKey {
    /// Reads the key from its file: a private or public Ed25519 key in PEM, or a secret, around which white space does not count.
    pub(in crate::cli) fn read(path: &Path) -> Result<Self, String> {
        let refused = |why: String| format!("{}: {why}", path.display());
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let text = text.trim_ascii();
        if text.starts_with(b"-----BEGIN ") {
            return Self::from_pem(text).map_err(|why| refused(why.to_owned()));
        }
        if text.len() < 16 {
            return Err(refused("a key has at least 16 characters".to_owned()));
        }
        Hmac::new_from_slice(text).map(Self::Secret).map_err(|error| refused(error.to_string()))
    }

    fn from_pem(text: &[u8]) -> Result<Self, &'static str> {
        const WANTED: &str = "neither a private nor a public Ed25519 key";
        if let Some(public) = pem(text, "PUBLIC KEY") {
            let key = public.strip_prefix(&ED25519_INFO).filter(|key| key.len() == 32).ok_or(WANTED)?;
            return Ok(Self::Public(key.into()));
        }
        let private = pem(text, "PRIVATE KEY").ok_or(WANTED)?;
        // openssl writes no public key beside the private one
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private).map_err(|_| WANTED)?;
        Ok(Self::Pair(Box::new(pair)))
    }

    /// Whether it is a key that can sign.
    pub(super) fn signs(&self) -> bool {
        !matches!(self, Self::Public(_))
    }

    /// How the signature is called in the line.
    fn mark(&self) -> &'static str {
        if matches!(self, Self::Secret(_)) { "mac" } else { "ed25519" }
    }

    /// The signature of a text; `None` of a key that only verifies.
    fn sign(&self, text: &str) -> Option<String> {
        match self {
            Self::Secret(mac) => Some(authentication_code(mac, text)),
            Self::Pair(pair) => Some(hex(pair.sign(text.as_bytes()).as_ref())),
            Self::Public(_) => None,
        }
    }

    fn verifies(&self, text: &str, signature: &str) -> bool {
        let is_of = |public: &[u8]| {
            bytes(signature).is_some_and(|bytes| UnparsedPublicKey::new(&ED25519, public).verify(text.as_bytes(), &bytes).is_ok())
        };
        match self {
            Self::Secret(mac) => authentication_code(mac, text).as_bytes().ct_eq(signature.as_bytes()).into(),
            Self::Pair(pair) => is_of(pair.public_key().as_ref()),
            Self::Public(key) => is_of(key),
        }
    }
}

/// The content of a PEM file that holds one thing of this kind and nothing else.
fn pem(text: &[u8], kind: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.strip_prefix(&format!("-----BEGIN {kind}-----"))?.strip_suffix(&format!("-----END {kind}-----"))?;
    STANDARD.decode(inner.split_ascii_whitespace().collect::<String>()).ok()
}

fn authentication_code(mac: &Hmac<Sha256>, text: &str) -> String {
    let mut mac = mac.clone();
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// What is written in hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits?.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

/// The line of a checkpoint.
pub(in crate::cli) fn line(cluster_id: &str, chain: &AuditChain, at: i64, key: Option<&CheckpointKey>) -> String {
    let AuditChain { position, hash, .. } = chain;
    let line = format!("{MARK}cluster={cluster_id} position={position} hash={hash} at={}", timestamp(at));
    match key.and_then(|key| Some((key.mark(), key.sign(&line)?))) {
        Some((mark, signature)) => format!("{line} {mark}={signature}"),
        None => line,
    }
}

/// Reads the checkpoints of a text, which may be a log. With a key all must be signed with it.
pub(super) fn parse(text: &str, cluster_id: &str, key: Option<&CheckpointKey>) -> Result<Vec<Checkpoint>, String> {
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
            let signed = line.split_once(&format!(" {}=", key.mark())).map_or(line, |(signed, _)| signed);
            let signature = value(key.mark()).ok_or_else(|| refused("the checkpoint is not signed with a key of this kind"))?;
            if !key.verifies(signed, signature) {
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
        let key = CheckpointKey::read(&file).unwrap();
        let line = line("c-1", &chain(), 0, Some(&key));
        assert!(parse(&format!("{{\"message\":\"{line}\"}}"), "c-1", Some(&key)).is_ok());
        assert!(parse(&line.replace("position=7", "position=8"), "c-1", Some(&key)).is_err());
        assert!(parse(line.split_once(" mac=").unwrap().0, "c-1", Some(&key)).is_err());
        std::fs::write(&file, "short").unwrap();
        assert!(CheckpointKey::read(&file).is_err());
    }

    /// Of `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDJA1ZLLYn8YHs+G+lHigFtRnVi3uWHhHFZgzGdKbZoo\n-----END PRIVATE KEY-----";
    const PUBLIC: &str =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAQFJ0acG4H2XegqTaNitFRCGa8T6tga7Mpeu4VZ+JboU=\n-----END PUBLIC KEY-----";

    #[test]
    fn who_has_the_public_key_can_verify_and_not_sign() {
        let read = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("key.pem");
            std::fs::write(&file, text).unwrap();
            CheckpointKey::read(&file)
        };
        let (pair, public) = (read(PRIVATE).unwrap(), read(PUBLIC).unwrap());
        assert!(pair.signs() && !public.signs());
        let signed = line("c-1", &chain(), 0, Some(&pair));
        assert!(signed.contains(" ed25519="), "{signed}");
        for key in [&pair, &public] {
            assert!(parse(&format!("{{\"message\":\"{signed}\"}}"), "c-1", Some(key)).is_ok());
            assert!(parse(&signed.replace("position=7", "position=8"), "c-1", Some(key)).is_err());
            for cut in ["ed25519=", "ed25519=0"] {
                let (line, _) = signed.split_once(" ed25519=").unwrap();
                assert!(parse(&format!("{line} {cut}"), "c-1", Some(key)).is_err());
            }
        }
        assert!(!line("c-1", &chain(), 0, Some(&public)).contains("ed25519="));
        let secret = read("0123456789abcdef").unwrap();
        assert!(parse(&signed, "c-1", Some(&secret)).is_err(), "a signature of another kind");
        assert!(parse(&line("c-1", &chain(), 0, Some(&secret)), "c-1", Some(&public)).is_err());
        for broken in ["-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
            assert!(read(broken).is_err());
        }
        assert!(read(&PUBLIC.replace("MCowBQYDK2Vw", "MCowBQYDK2Vu")).is_err(), "another curve");
    }
}
