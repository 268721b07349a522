//! Values of settings as people write them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::http::{Rate, TrustedProxies};
use crate::login::{ClaimPath, SignatureAlgorithm};
use crate::trace::Sampling;

/// A value that a setting can have.
pub(super) trait SettingValue: Sized {
    /// What may be written, for messages; it follows the words "is not".
    const KIND: &'static str;
    fn read(text: &str) -> Option<Self>;
}

/// A size in bytes: `4194304`, `4MiB`, `512KiB`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl SettingValue for ByteSize {
    const KIND: &'static str = "a size such as 4194304, 512KiB or 4MiB";

    fn read(text: &str) -> Option<Self> {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1_u64)];
        let (digits, unit) = units.iter().find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, *unit)))?;
        digits.trim().parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n % (1 << 20) == 0 => write!(f, "{}MiB", n >> 20),
            n if n > 0 && n % (1 << 10) == 0 => write!(f, "{}KiB", n >> 10),
            n => write!(f, "{n}"),
        }
    }
}

/// Where to listen: `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the port.
    pub fn host(&self) -> Option<&str> {
        self.0.rsplit_once(':').map(|(host, _)| host)
    }
}

impl SettingValue for Address {
    const KIND: &'static str = "HOST:PORT, such as 127.0.0.1:8081 (for this machine alone), 0.0.0.0:8081 or [::]:8081 (for all)";

    fn read(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let is_plain = !host.is_empty() && !host.contains(['/', ' ', '@']);
        let is_host = is_plain && (!host.contains(':') || (host.starts_with('[') && host.ends_with(']')));
        (is_host && port.parse::<u16>().is_ok()).then(|| Self(text.to_owned()))
    }
}

impl SettingValue for Sampling {
    const KIND: &'static str = "a share from 0 to 1";

    fn read(text: &str) -> Option<Self> {
        Self::new(text.parse().ok()?)
    }
}

impl SettingValue for Option<Address> {
    const KIND: &'static str = Address::KIND;

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { Address::read(text).map(Some) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A duration that may be none: `0s`, `500ms`, `10s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay(pub Duration);

impl SettingValue for Delay {
    const KIND: &'static str = "a duration such as 0s, 500ms or 10s";

    fn read(text: &str) -> Option<Self> {
        if ["0", "0ms", "0s", "0m", "0h"].contains(&text) { Some(Self(Duration::ZERO)) } else { Duration::read(text).map(Self) }
    }
}

impl SettingValue for Duration {
    const KIND: &'static str = "a duration such as 500ms, 30s or 2m";

    fn read(text: &str) -> Option<Self> {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000_u64)];
        let (digits, unit) = units.iter().find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, *unit)))?;
        let millis = digits.trim().parse::<u64>().ok()?.checked_mul(unit)?;
        (millis > 0).then(|| Duration::from_millis(millis))
    }
}

/// An age in whole seconds: `0s`, `300s`, `5m`, `24h`, `365d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(pub u64);

impl SettingValue for Age {
    const KIND: &'static str = "an age such as 0s, 5m, 24h or 365d";

    fn read(text: &str) -> Option<Self> {
        let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400_u64)];
        let (digits, unit) = units.iter().find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, *unit)))?;
        digits.trim().parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }
}

impl SettingValue for Option<Age> {
    const KIND: &'static str = "off, or an age such as 5m, 24h or 365d";

    fn read(text: &str) -> Option<Self> {
        if text == "off" { Some(None) } else { Age::read(text).filter(|age| age.0 > 0).map(Some) }
    }
}

/// An age as settings have it, in seconds.
pub fn age_seconds(text: &str) -> Option<u64> {
    Age::read(text).map(|age| age.0)
}

impl SettingValue for TrustedProxies {
    const KIND: &'static str = "a list of addresses and networks, with commas";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl SettingValue for bool {
    const KIND: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// Something that is there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(pub bool);

impl SettingValue for Switch {
    const KIND: &'static str = "on or off";

    fn read(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" => Some(Self(true)),
            "off" | "false" => Some(Self(false)),
            _ => None,
        }
    }
}

impl SettingValue for String {
    const KIND: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl SettingValue for Option<String> {
    const KIND: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some((!text.is_empty()).then(|| text.to_owned()))
    }
}

impl SettingValue for Option<PathBuf> {
    const KIND: &'static str = "a path";

    fn read(text: &str) -> Option<Self> {
        Some((!text.is_empty()).then(|| text.into()))
    }
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl SettingValue for $number {
            const KIND: &'static str = "a whole number";

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )* };
}
numbers!(u16, u32, u64, usize);

macro_rules! words {
    ($name:path, $kind:literal, $($word:literal => $value:expr),+) => {
        impl SettingValue for $name {
            const KIND: &'static str = $kind;

            fn read(text: &str) -> Option<Self> {
                match text.to_ascii_lowercase().as_str() {
                    $($word => Some($value),)+
                    _ => None,
                }
            }
        }
    };
}

impl SettingValue for Option<crate::kms::Secret> {
    const KIND: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some((!text.is_empty()).then(|| crate::kms::Secret::new(text.to_owned())))
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Which release line of Confluent the answers look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseLine {
    /// 8.x: all keys.
    V8,
    /// 7.x: without the newer keys.
    V7,
}

/// Whether reads are answered from memory while the database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageReadsSwitch {
    On,
    Off,
}

/// What transactions on Postgres wait for one another by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostgresLocks {
    /// Advisory locks.
    Advisory,
    /// Locks of rows that are there for it.
    Rows,
}

/// How old an answer about the versions of a subject may be, where several replicas share a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadConsistency {
    /// What the database has when it is asked.
    Strict,
    /// At most so old.
    Bounded(Duration),
}

impl ReadConsistency {
    /// How old; `None`: not at all.
    pub fn age(self) -> Option<Duration> {
        match self {
            Self::Strict => None,
            Self::Bounded(age) => Some(age),
        }
    }
}

impl SettingValue for ReadConsistency {
    const KIND: &'static str = "strict, or a bound such as bounded(500ms)";

    fn read(text: &str) -> Option<Self> {
        if text == "strict" {
            return Some(Self::Strict);
        }
        Duration::read(text.strip_prefix("bounded(")?.strip_suffix(')')?).map(Self::Bounded)
    }
}

words!(crate::login::NameSource, "one of subject, dns, uri, email, none", "subject" => Self::Subject, "dns" => Self::Dns, "uri" => Self::Uri, "email" => Self::Email, "none" => Self::None);
words!(crate::server::ClientAuth, "one of off, optional, required", "off" => Self::Off, "optional" => Self::Optional, "required" => Self::Required);
words!(crate::server::MinVersion, "one of 1.2, 1.3", "1.2" => Self::V12, "1.3" => Self::V13);
words!(PostgresLocks, "one of advisory, rows", "advisory" => Self::Advisory, "rows" => Self::Rows);
words!(OutageReadsSwitch, "one of on, off", "on" => Self::On, "off" => Self::Off);
words!(LogFormat, "one of human, json", "human" => Self::Human, "json" => Self::Json);
words!(ReleaseLine, "one of 8, 7", "8" => Self::V8, "7" => Self::V7);
words!(crate::http::AccessLog, "one of off, errors, all", "off" => Self::Off, "errors" => Self::Errors, "all" => Self::All);

impl SettingValue for crate::login::PrincipalMapping {
    const KIND: &'static str = "a list of RULE:PATTERN/REPLACEMENT/, RULE:PATTERN/REPLACEMENT/L, RULE:PATTERN/REPLACEMENT/U and DEFAULT, whose \
                                patterns are regular expressions";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Algorithms of signatures; one at least.
#[derive(Debug, Clone)]
pub struct Algorithms(pub Vec<SignatureAlgorithm>);

impl SettingValue for Algorithms {
    const KIND: &'static str = "a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA, with commas";

    fn read(text: &str) -> Option<Self> {
        text.split(',').map(|name| SignatureAlgorithm::parse(name.trim())).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl SettingValue for Option<Rate> {
    const KIND: &'static str = "off, or a number in a time such as 50/s, 600/m or 5000/h";

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(None);
        }
        let (number, unit) = text.split_once('/')?;
        let per = Duration::read(&format!("1{}", unit.trim()))?;
        let requests = number.trim().parse().ok().filter(|requests| *requests > 0)?;
        Some(Some(Rate { requests, per }))
    }
}

impl SettingValue for ClaimPath {
    const KIND: &'static str = "a path such as sub, realm_access.roles or [https://example.com/name].x";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl SettingValue for Option<ClaimPath> {
    const KIND: &'static str = ClaimPath::KIND;

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { ClaimPath::parse(text).map(Some) }
    }
}

/// A value for each issuer of tokens, in their order and with semicolons between them; or one, which is then that of all.
#[derive(Debug, Clone)]
pub struct ForIssuers<T>(Vec<T>);

impl<T> ForIssuers<T> {
    /// Whether it has what so many issuers need.
    pub fn fits(&self, issuers: usize) -> bool {
        self.0.len() == 1 || self.0.len() == issuers
    }

    /// The value of the issuer with this number.
    pub fn of(&self, issuer: usize) -> Option<&T> {
        if let [of_all] = self.0.as_slice() { Some(of_all) } else { self.0.get(issuer) }
    }
}

impl<T: SettingValue> SettingValue for ForIssuers<T> {
    const KIND: &'static str = T::KIND;

    fn read(text: &str) -> Option<Self> {
        text.split(';').map(|part| T::read(part.trim())).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl SettingValue for crate::cloudevents::Tolerate {
    const KIND: &'static str = "a list of # and type-url, with commas";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl SettingValue for crate::types::CompatibilityLevel {
    const KIND: &'static str = "one of NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE";

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}
