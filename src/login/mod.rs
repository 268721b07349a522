//! RING 0: who may log in, and how that is proven. Files are read from texts, and a proof is a function of what was sent and what is
//! stored; where and how often that is computed is decided outside (`http/gate`).
//!
//! | file | what |
//! | --- | --- |
//! | `certificate` | what a certificate says |
//! | `principal_mapping` | from a name in a certificate to the name of a user |
//! | `oidc/` | tokens of an issuer, and its keys |
//! | `password` | hashes of passwords: reading them, holding a password against one, making one |
//! | `users` | files of users: `NAME:HASH` a line, or Karapace's |
//! | `token` | static tokens, stored as hashes |

mod certificate;
mod oidc;
mod password;
mod principal_mapping;
mod token;
mod users;

pub use certificate::{Certificate, NameSource, revocation_list_expires};
pub use oidc::{ClaimPath, Identity, KeySet, KeySetError, OidcSettings, SignatureAlgorithm, TokenFault, claimed_issuer};
pub use password::{PasswordHash, hash_password};
pub use principal_mapping::{CertificateLogin, PrincipalMapping};
pub use token::{StaticTokens, StoredToken, fresh_token, hash_token};
pub use users::{Users, check_name};

/// Why a file of logins is refused; the text is for people, and has nothing secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoginFileError(pub String);
