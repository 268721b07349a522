//! The servers that a URL names: one, or several with commas between, as libpq has it. Of several the one counts that takes writes.

use std::io;

use sqlx::Error;
use sqlx::postgres::PgConnectOptions;

/// What a URL says of where to connect.
#[derive(Debug, Clone)]
pub(super) struct DatabaseHosts {
    pub(super) options: Vec<PgConnectOptions>,
    /// A server that takes no writes is passed by.
    pub(super) wants_writable: bool,
}

const ATTRIBUTE: &str = "target_session_attrs";

fn refused(why: String) -> Error {
    Error::Configuration(io::Error::new(io::ErrorKind::InvalidInput, why).into())
}

impl DatabaseHosts {
    /// Reads `postgres://user:password@one:5432,other:5432/database?target_session_attrs=read-write`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it has no scheme".to_owned()))?;
        let authority_ends = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_ends);
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        let at = if authority.contains('@') { "@" } else { "" };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (wanted, others): (Vec<&str>, Vec<&str>) =
            query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.split('=').next() == Some(ATTRIBUTE));
        let mut wants_writable = hosts.contains(',');
        for pair in wanted {
            match pair.split_once('=').map_or("", |(_, value)| value) {
                "any" => {}
                "read-write" | "primary" => wants_writable = true,
                other => return Err(refused(format!("{ATTRIBUTE} can't be {other}: a registry writes"))),
            }
        }
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let options = hosts.split(',').map(|host| format!("{scheme}://{user}{at}{host}{path}{query}").parse());
        Ok(Self { options: options.collect::<Result<_, Error>>()?, wants_writable })
    }

    /// Hosts and ports, for people.
    pub(super) fn address(&self) -> String {
        let addresses: Vec<String> = self.options.iter().map(|one| format!("{}:{}", one.get_host(), one.get_port())).collect();
        addresses.join(",")
    }
}
