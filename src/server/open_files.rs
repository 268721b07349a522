//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit of open files to the highest that is allowed without privileges, and answers it. `None`: there is none.
pub fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Connections that there is room for below a limit of open files, where so many files must be left for everything else.
pub fn room_for_connections(limit: Option<u64>, others: u64) -> usize {
    // half of a limit that is too low for both
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(others).max(limit / 2));
    usize::try_from(room).unwrap_or(usize::MAX)
}
