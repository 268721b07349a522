//! Type URLs of Protobuf: the part after the last slash is the full name of a message (google/protobuf/any.proto).

use super::uri::SchemaUri;

/// Hosts that are no more than the prefix of a type URL, also when a scheme stands before them.
const HOSTS: [&str; 2] = ["type.googleapis.com", "type.googleprod.com"];

/// The full name of the message that a type URL names. Without a scheme any host will do.
pub fn message(uri: &SchemaUri) -> Option<&str> {
    let address = uri.address();
    if uri.query().is_some() || uri.is_path() {
        return None;
    }
    let (prefix, name) = address.rsplit_once('/')?;
    let is_type_url = match (uri.scheme(), uri.origin()) {
        (None, _) => prefix.split('/').next().is_some_and(|host| host.contains('.')),
        (Some("http" | "https"), Some(origin)) => origin.port.is_none() && HOSTS.contains(&origin.host.as_str()),
        _ => false,
    };
    (is_type_url && is_full_name(name)).then_some(name)
}

fn is_full_name(name: &str) -> bool {
    let is_identifier = |part: &str| {
        let starts = part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        starts && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    name.split('.').all(is_identifier)
}
