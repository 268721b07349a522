//! Hashes of passwords.

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::LoginFileError;

/// Rounds of Karapace's SHA forms.
const KARAPACE_ROUNDS: u32 = 5000;
/// Karapace's scrypt: 2^14, 8, 1.
const KARAPACE_SCRYPT: (u8, u32, u32) = (14, 8, 1);

/// Most memory that a hash may ask for, in KiB, and most passes over it: a file should not be able to stop the server.
const MAX_MEMORY: u32 = 256 << 10;
const MAX_PASSES: u32 = 32;
/// Highest cost of bcrypt, a second or so.
const MAX_BCRYPT_COST: u32 = 14;

/// How Karapace hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Karapace {
    Sha1,
    Sha256,
    Sha512,
    Scrypt,
}

#[derive(Clone)]
enum Form {
    /// In the PHC form, `$argon2id$...`.
    Argon2(Box<phc::PasswordHash>),
    Bcrypt(Box<str>),
    Karapace {
        algorithm: Karapace,
        salt: Box<str>,
        hash: Vec<u8>,
    },
}

/// The hash of a password.
#[derive(Clone)]
pub struct PasswordHash(Form);

/// Not a byte of it is for logs.
impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

fn refused(why: &str) -> LoginFileError {
    LoginFileError(why.to_owned())
}

impl PasswordHash {
    /// Reads a hash as files have it: argon2, or bcrypt as `htpasswd -B` writes it.
    ///
    /// # Errors
    /// Another form, or one that asks for too much.
    pub fn parse(text: &str) -> Result<Self, LoginFileError> {
        if text.starts_with("$argon2") {
            let hash = phc::PasswordHash::new(text).map_err(|_| refused("the argon2 hash can't be read"))?;
            let params = Params::try_from(&hash).map_err(|_| refused("the argon2 hash has parameters that can't be"))?;
            if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES {
                return Err(refused("the argon2 hash takes more than 256 MiB or 32 passes to check"));
            }
            return Ok(Self(Form::Argon2(Box::new(hash))));
        }
        if ["$2a$", "$2b$", "$2y$", "$2x$"].iter().any(|prefix| text.starts_with(prefix)) {
            let parts: bcrypt::HashParts = text.parse().map_err(|_| refused("the bcrypt hash can't be read"))?;
            if parts.get_cost() > MAX_BCRYPT_COST {
                return Err(refused("the bcrypt hash has a cost above 14"));
            }
            return Ok(Self(Form::Bcrypt(text.into())));
        }
        Err(refused("the hash is neither argon2 nor bcrypt; accordant passwd FILE NAME writes one"))
    }

    /// Reads one of Karapace's.
    pub(super) fn karapace(algorithm: &str, salt: &str, hash: &str) -> Result<Self, LoginFileError> {
        let algorithm = match algorithm {
            "sha1" => Karapace::Sha1,
            "sha256" => Karapace::Sha256,
            "sha512" => Karapace::Sha512,
            "scrypt" => Karapace::Scrypt,
            _ => return Err(refused("the algorithm is none of sha1, sha256, sha512, scrypt")),
        };
        let hash = STANDARD.decode(hash).map_err(|_| refused("the password hash is not base64"))?;
        Ok(Self(Form::Karapace { algorithm, salt: salt.into(), hash }))
    }

    /// What is stored, so that it can be told whether it is still the same.
    pub fn stored(&self) -> Vec<u8> {
        match &self.0 {
            Form::Argon2(hash) => hash.to_string().into_bytes(),
            Form::Bcrypt(hash) => hash.as_bytes().to_vec(),
            Form::Karapace { algorithm, salt, hash } => {
                let mut stored = format!("{algorithm:?}:{}:{salt}:", salt.len()).into_bytes();
                stored.extend_from_slice(hash);
                stored
            }
        }
    }

    /// Whether it is the hash of a password. Takes as long as whoever made the hash wanted it to, so not for threads that have others
    /// waiting.
    pub fn verify(&self, password: &[u8]) -> bool {
        match &self.0 {
            Form::Argon2(hash) => Argon2::default().verify_password(password, hash.as_ref()).is_ok(),
            Form::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Form::Karapace { algorithm, salt, hash } => {
                karapace(*algorithm, salt, password).is_some_and(|made| made.as_slice().ct_eq(hash).into())
            }
        }
    }
}

fn karapace(algorithm: Karapace, salt: &str, password: &[u8]) -> Option<Vec<u8>> {
    let salt = salt.as_bytes();
    let mut made = vec![
        0;
        if algorithm == Karapace::Sha1 {
            20
        } else if algorithm == Karapace::Sha256 {
            32
        } else {
            64
        }
    ];
    match algorithm {
        Karapace::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, KARAPACE_ROUNDS, &mut made),
        Karapace::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, KARAPACE_ROUNDS, &mut made),
        Karapace::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, KARAPACE_ROUNDS, &mut made),
        Karapace::Scrypt => {
            let (n, r, p) = KARAPACE_SCRYPT;
            scrypt::scrypt(password, salt, &scrypt::Params::new(n, r, p).ok()?, &mut made).ok()?;
        }
    }
    Some(made)
}

/// The hash of a new password: argon2id with 19 MiB and two passes, some 20 ms.
///
/// # Errors
/// The system has no randomness.
pub fn hash_password(password: &[u8]) -> Result<String, LoginFileError> {
    let hash = Argon2::default().hash_password(password);
    hash.map(|hash| hash.to_string()).map_err(|error| LoginFileError(format!("the password can't be hashed: {error}")))
}
