//! What a certificate says.

use std::fmt::Write as _;

use x509_cert::Certificate as X509;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::crl::CertificateList;
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::LoginFileError;

/// Where in a certificate the name of its owner is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameSource {
    /// The distinguished name of the subject.
    #[default]
    Subject,
    /// The alternative names of this kind.
    Dns,
    Uri,
    Email,
    /// Nowhere: certificates say who may connect, and other logins who it is.
    None,
}

/// A certificate, as far as logins and listeners need it.
#[derive(Debug, Clone)]
pub struct Certificate(X509);

/// When a list of revoked certificates should have been replaced by the next one, in seconds since 1970, if it says so.
///
/// # Errors
/// It is no such list.
pub fn revocation_list_expires(der: &[u8]) -> Result<Option<u64>, LoginFileError> {
    let list: CertificateList = CertificateList::from_der(der).map_err(|error| LoginFileError(format!("no list: {error}")))?;
    Ok(list.tbs_cert_list.next_update.map(|next| next.to_unix_duration().as_secs()))
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn parse(der: &[u8]) -> Result<Self, LoginFileError> {
        X509::from_der(der).map(Self).map_err(|error| LoginFileError(format!("no certificate: {error}")))
    }

    /// When it ends, in seconds since 1970.
    pub fn not_after(&self) -> u64 {
        self.0.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    /// The names of its owner, of one kind, in their order.
    pub fn names(&self, source: NameSource) -> Vec<String> {
        match source {
            NameSource::None => return Vec::new(),
            NameSource::Subject => return vec![self.subject()],
            NameSource::Dns | NameSource::Uri | NameSource::Email => {}
        }
        let Ok(Some((_, SubjectAltName(names)))) = self.0.tbs_certificate().get_extension::<SubjectAltName>() else {
            return Vec::new();
        };
        let of_kind = |name: &GeneralName| match (source, name) {
            (NameSource::Dns, GeneralName::DnsName(text))
            | (NameSource::Uri, GeneralName::UniformResourceIdentifier(text))
            | (NameSource::Email, GeneralName::Rfc822Name(text)) => Some(text.to_string()),
            _ => None,
        };
        names.iter().filter_map(of_kind).collect()
    }

    /// The subject as RFC 2253 writes it and as Java prints it, which is what Kafka's mapping rules are written for:
    /// `CN=svc-orders,OU=Services,O=Example\, Inc.,C=DE`.
    fn subject(&self) -> String {
        let relative: Vec<_> = self.0.tbs_certificate().subject().iter_rdn().collect();
        let one = |part: &&_| -> String {
            let part: &x509_cert::name::RelativeDistinguishedName = part;
            part.iter().map(attribute).collect::<Vec<_>>().join("+")
        };
        relative.iter().rev().map(one).collect::<Vec<_>>().join(",")
    }
}

/// The keywords of RFC 2253; all other types are shown as numbers.
const KEYWORDS: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];

fn keyword(oid: ObjectIdentifier) -> Option<&'static str> {
    let oid = oid.to_string();
    KEYWORDS.iter().find(|(number, _)| *number == oid).map(|(_, word)| *word)
}

fn attribute(attribute: &AttributeTypeAndValue) -> String {
    match (keyword(attribute.oid), text(attribute)) {
        (Some(word), Some(value)) => format!("{word}={}", escaped(&value)),
        (word, _) => {
            let kind = word.map_or_else(|| attribute.oid.to_string(), str::to_owned);
            let mut out = format!("{kind}=#");
            for byte in attribute.value.to_der().unwrap_or_default() {
                // writing to a string does not fail
                let _ = write!(out, "{byte:02x}");
            }
            out
        }
    }
}

fn text(attribute: &AttributeTypeAndValue) -> Option<String> {
    let value = &attribute.value;
    match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok().map(|text| text.to_string()),
        _ => None,
    }
}

/// A value in which nothing can be taken for another part of the name.
fn escaped(value: &str) -> String {
    let (first, last) = (value.find(|c| c != ' ').unwrap_or(value.len()), value.trim_end_matches(' ').len());
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let is_outer_space = c == ' ' && (at < first || at >= last);
        if is_outer_space || matches!(c, ',' | '+' | '<' | '>' | ';' | '"' | '\\') || (c == '#' && at == 0) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
