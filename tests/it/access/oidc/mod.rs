//! Tokens of an issuer as logins.

mod rotation;
mod sign_in;
mod tokens;

use std::path::Path;

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// The issuer of the tests.
pub const ISSUER: &str = "https://issuer.example";

/// A private key beside these tests, which were made once with openssl.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/access/oidc/keys").join(name)).unwrap()
}

/// A key that signs with an algorithm, under an id.
pub struct Signer {
    pub algorithm: Algorithm,
    pub id: &'static str,
    key: EncodingKey,
}

impl Signer {
    pub fn new(algorithm: Algorithm, id: &'static str) -> Self {
        let key = match algorithm {
            Algorithm::ES256 if id == "other" => EncodingKey::from_ec_der(&file("other-p256.der")),
            Algorithm::ES256 => EncodingKey::from_ec_der(&file("p256.der")),
            Algorithm::ES384 => EncodingKey::from_ec_der(&file("p384.der")),
            Algorithm::EdDSA => EncodingKey::from_ed_der(&file("ed25519.der")),
            _ => EncodingKey::from_rsa_der(&file("rsa.der")),
        };
        Self { algorithm, id, key }
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        serde_json::to_value(jwk).unwrap()
    }

    pub fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        header
    }

    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }
}

/// The keys of an issuer as it publishes them.
pub fn keys(signers: &[&Signer]) -> Value {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() })
}

/// Claims that are good, from a second on for an hour.
pub fn claims(begin: i64) -> Value {
    json!({
        "iss": ISSUER, "aud": "registry", "sub": "svc-orders", "nbf": begin, "exp": begin + 3600,
        "groups": ["team-orders"], "realm_access": { "roles": ["r1", "r2"] },
    })
}
