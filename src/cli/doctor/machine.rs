//! Files of TLS, logins and keys, limits of the system, and the server itself.

use std::net::IpAddr;
use std::sync::Arc;

use super::finding::{DoctorFinding, DoctorReport};
use crate::cli::access::AccessFiles;
use crate::cli::kms::{exporter_seal, kms};
use crate::cli::tls::TlsFiles;
use crate::cli::{oidc, ping, serve};
use crate::config::Settings;
use crate::server;

const DAY: i64 = 86_400;
/// Days before the end of a certificate from which on it is said, and from which on it is wrong.
const SOON: i64 = 14;
const TOO_SOON: i64 = 2;

pub(super) fn look(settings: &Settings, now: i64, report: &mut DoctorReport) {
    if let Some(finding) = tls(settings, now / 1000) {
        report.add("TLS", finding);
    }
    report.add("Logins", logins(settings));
    if let Err((_, line)) = kms(settings, Arc::new(serve::now)).map(|_| ()).and_then(|()| exporter_seal(settings).map(|_| ())) {
        report.add("Keys", DoctorFinding::bad(line, "correct the settings of kms and exporters (docs/settings.md)"));
    }
    report.add("Machine", open_files(settings));
}

fn tls(settings: &Settings, now: i64) -> Option<DoctorFinding> {
    let dates = match TlsFiles::of(settings) {
        Ok(None) => return None,
        Ok(Some(files)) => files.dates(),
        Err(line) => Err(line),
    };
    let remedy = "renew it in place: a running server takes it over by itself (docs/security.md)";
    Some(match dates {
        Err(line) => DoctorFinding::bad(line, "correct the files of TLS (docs/security.md)"),
        Ok((certificate, lists)) => {
            let days = |at: u64| (i64::try_from(at).unwrap_or(i64::MAX).saturating_sub(now)) / DAY;
            let (left, lists) = (days(certificate), lists.map(days));
            match (left, lists) {
                (left, _) if left < 0 => DoctorFinding::bad(format!("the certificate ended {} days ago", -left), remedy),
                (left, _) if left < TOO_SOON => DoctorFinding::bad(format!("the certificate ends in {left} days"), remedy),
                (left, _) if left < SOON => DoctorFinding::warning(format!("the certificate ends in {left} days"), remedy),
                (_, Some(lists)) if lists < 0 => DoctorFinding::warning(
                    "a list of revoked certificates should have been replaced",
                    "fetch the next one (tls-client-crl)",
                ),
                (left, _) => DoctorFinding::good(format!("the certificate is good for {left} days, and its key fits")),
            }
        }
    })
}

/// Whether only this machine can connect, as far as the addresses say so.
fn is_local(settings: &Settings) -> bool {
    settings.listen.iter().filter_map(|endpoint| endpoint.address.host()).all(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn logins(settings: &Settings) -> DoctorFinding {
    let issuers =
        oidc::issuers(settings, &(Arc::new(serve::now) as _)).map(|issuers| issuers.into_iter().map(|(issuer, _)| issuer));
    let loaded = issuers.and_then(|issuers| AccessFiles::of(settings).with_issuers(issuers.collect()).load());
    match loaded {
        Err(line) => DoctorFinding::bad(line, "correct the files of logins and rules (docs/security.md)"),
        Ok(Some(logins)) => DoctorFinding::good(logins.summary()),
        Ok(None) if is_local(settings) => DoctorFinding::good("none are configured; only this machine can connect"),
        Ok(None) if settings.allow_anonymous => DoctorFinding::good("none are configured, and allow-anonymous accepts it"),
        Ok(None) => DoctorFinding::warning(
            "none are configured: everybody who can connect may do everything",
            "users-file, tokens-file, oidc-issuer and access-file change that; allow-anonymous=true accepts it (docs/security.md)",
        ),
    }
}

fn open_files(settings: &Settings) -> DoctorFinding {
    let limit = server::raise_open_files();
    let room = server::room_for_connections(limit, serve::other_files(settings));
    if room < settings.max_connections {
        return DoctorFinding::warning(
            format!(
                "{} files may be open, which is enough for {room} of {} connections",
                limit.unwrap_or(0),
                settings.max_connections
            ),
            "raise the limit (ulimit -n, LimitNOFILE=) or lower max-connections",
        );
    }
    let limit = limit.map_or_else(|| "any number of".to_owned(), |limit| limit.to_string());
    DoctorFinding::good(format!("{limit} files may be open, enough for {} connections", settings.max_connections))
}

/// Whether a server of these settings is there. That none is, is nothing wrong.
pub(super) async fn server(settings: &Settings, report: &mut DoctorReport) {
    let Ok(url) = ping::own_url(settings) else { return };
    report.add(
        "Server",
        match ping::ask(&url).await {
            Ok(()) => DoctorFinding::good(format!("one answers at {url}, and it is ready")),
            Err(ping::NotReady::Absent(_)) => DoctorFinding::good(format!("none answers at {url}")),
            Err(ping::NotReady::Unready(why)) => DoctorFinding::bad(
                format!("one answers at {url}, and is not ready: {why}"),
                "its log says why; docs/operations.md has the symptoms",
            ),
        },
    );
}
