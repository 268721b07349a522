//! What texts may be: mail addresses, hosts, addresses, URIs and UUIDs, as Confluent's Python client tests them.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn is_hostname(host: &str) -> bool {
    if host.is_empty() || host.chars().count() > 253 {
        return false;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // the last label of a name is never a number
    let last_is_number = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    host.split('.').all(is_label) && !last_is_number
}

pub(super) fn is_email(address: &str) -> bool {
    let is_special = |c: char| c.is_whitespace() || c.is_control() || "()<>,:;\\\"[]".contains(c);
    match address.split_once('@') {
        Some((local, host)) => {
            (1..=64).contains(&local.chars().count())
                && address.chars().count() <= 254
                && !address.contains(is_special)
                && is_hostname(host)
        }
        None => false,
    }
}

pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// A zone may follow.
pub(super) fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(|zone| !zone.is_empty() && !zone.contains('%'))
}

/// The parts that matter: scheme, authority, path, fragment.
fn parts(uri: &str) -> (&str, &str, &str, &str) {
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let (scheme, rest) = uri.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("", uri));
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let path = rest.split('?').next().unwrap_or("");
    (scheme, authority, path, fragment)
}

pub(super) fn is_uri(text: &str) -> bool {
    let (scheme, authority, path, _) = parts(text);
    !scheme.is_empty() && !authority.is_empty() && !path.is_empty()
}

pub(super) fn is_uri_ref(text: &str) -> bool {
    let (scheme, _, path, fragment) = parts(text);
    (!scheme.is_empty() && !path.is_empty()) || fragment.is_empty()
}

pub(super) fn is_uuid(text: &str) -> bool {
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let digits = bare.trim_matches(['{', '}']).replace('-', "");
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
