//! What Postgres's errors mean for the work that they ended (PostgreSQL manual, appendix A).

use sqlx::Error;
use sqlx::error::DatabaseError;

pub(super) const TOO_MANY_CONNECTIONS: &str = "53300";

/// The same transaction may succeed when it is run again. A unique key is violated where a concurrent transaction inserted it first;
/// run again, this one will find it.
const REPEATABLE: [&str; 3] = ["40001", "40P01", "23505"];

/// Terminated, crashed, starting or stopping; the time in which a transaction may be idle was over; after a failover this is no longer
/// the primary.
const LOST: [&str; 5] = ["57P01", "57P02", "57P03", "25P03", "25006"];

/// The time for a statement or a lock was over, or there was no disk, no memory, or no connection left.
const BUSY: [&str; 5] = ["57014", "55P03", "53100", "53200", TOO_MANY_CONNECTIONS];

pub(super) fn is(error: &Error, state: &str) -> bool {
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == state)
}

fn is_one_of(error: &Error, states: &[&str]) -> bool {
    states.iter().any(|state| is(error, state))
}

pub(super) fn is_repeatable(error: &Error) -> bool {
    is_one_of(error, &REPEATABLE)
}

/// The connection is lost, or there is none. What ran on it is undone, unless it was a commit.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Io(_) | Error::Tls(_) | Error::Protocol(_)) || is_one_of(error, &LOST)
}

/// What the error says, without sqlx's words around it.
pub(super) fn cause(error: &Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

pub(super) fn is_busy(error: &Error) -> bool {
    is_one_of(error, &BUSY)
}
