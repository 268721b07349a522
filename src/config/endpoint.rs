//! Where to listen, on how many addresses, and which of them speak TLS.

use std::fmt;

use super::value::{Address, SettingValue};

/// One address that is listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub address: Address,
    /// Whether it speaks TLS, where that is said.
    is_https: Option<bool>,
}

impl Endpoint {
    /// Whether it speaks TLS: as it says, or else wherever there is a certificate.
    pub fn is_https(&self, has_certificate: bool) -> bool {
        self.is_https.unwrap_or(has_certificate)
    }
}

/// All of them; one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoints {
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.0.iter()
    }
}

impl SettingValue for Endpoints {
    const KIND: &'static str = "HOST:PORT, such as 127.0.0.1:8081 (for this machine alone), 0.0.0.0:8081 or [::]:8081 (for all), with or \
                                without http:// or https:// before it; several with commas";

    fn read(text: &str) -> Option<Self> {
        let one = |text: &str| {
            let (is_https, rest) = match text.split_once("://") {
                Some(("http", rest)) => (Some(false), rest),
                Some(("https", rest)) => (Some(true), rest),
                Some(_) => return None,
                None => (None, text),
            };
            Some(Endpoint { address: Address::read(rest)?, is_https })
        };
        text.split(',').map(|part| one(part.trim())).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)
    }
}
