//! Turns of subjects that hold for all replicas: while somebody has one, registrations of others wait.
//!
//! One that would last for longer than a minute is none: the clock was set back.

use std::time::Duration;

use super::Conn;
use crate::store::{StoreError, TurnHolder};
use crate::types::Subject;

/// $1 the qualified name, $2 the holder, $3 milliseconds.
const TAKE: &str = "INSERT INTO subject_turns AS t (qualified, holder, until) \
     VALUES ($1, $2, clock_timestamp() + $3 * INTERVAL '1 millisecond') \
     ON CONFLICT (qualified) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until \
     WHERE t.holder = EXCLUDED.holder OR NOT (t.until > clock_timestamp() AND t.until <= clock_timestamp() + INTERVAL '1 minute')";

pub(super) async fn take_turn(
    conn: &mut Conn,
    subject: &Subject,
    holder: TurnHolder,
    time: Duration,
) -> Result<bool, StoreError> {
    let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let taken = sqlx::query(TAKE).bind(subject.qualified()).bind(holder.0).bind(milliseconds).execute(conn).await?;
    Ok(taken.rows_affected() > 0)
}

/// Removes what is left of holders who died.
pub(super) async fn remove_ended(conn: &mut Conn) -> Result<(), StoreError> {
    let remove =
        "DELETE FROM subject_turns WHERE NOT (until > clock_timestamp() AND until <= clock_timestamp() + INTERVAL '1 minute')";
    sqlx::query(remove).execute(conn).await?;
    Ok(())
}

pub(super) async fn end_turn(conn: &mut Conn, subject: &Subject, holder: TurnHolder) -> Result<(), StoreError> {
    let end = "DELETE FROM subject_turns WHERE qualified = $1 AND holder = $2";
    sqlx::query(end).bind(subject.qualified()).bind(holder.0).execute(conn).await?;
    Ok(())
}
