//! The database: there, of this release, writable, durable, with room.

use super::finding::{DoctorFinding, DoctorReport};
use crate::cli::{database, serve};
use crate::config::Settings;
use crate::store::{MigrationState, PostgresInspection, SqliteInspection, StoreError, postgres, sqlite};

const AREA: &str = "Database";

const MIB: u64 = 1 << 20;
/// Room on a disk below which a registry will soon take no writes.
const LITTLE_ROOM: u64 = 1024 * MIB;
const NO_ROOM: u64 = 100 * MIB;
/// A log that nobody has taken into the file for long.
const LARGE_LOG: u64 = 512 * MIB;
/// How far clocks may be from one another, in milliseconds.
const CLOCK_TOLERANCE: i64 = 5_000;
/// The oldest release that Postgres's own project still mends.
const OLDEST_POSTGRES: i64 = 140_000;
/// Connections that Postgres keeps for its superuser.
const RESERVED: i64 = 3;

pub(super) async fn look(settings: &Settings, is_thorough: bool, now: i64, report: &mut DoctorReport) {
    let url = &settings.database;
    let found = match database::sqlite_path(url) {
        Ok(Some(path)) => {
            let shown = path.display().to_string();
            sqlite::inspect(&path, is_thorough).await.map(|found| of_sqlite(&shown, &found, now))
        }
        Ok(None) if database::is_postgres(url) => {
            let found = postgres::inspect(serve::postgres_options(settings)).await;
            found.map(|found| of_postgres(&found, settings, now))
        }
        Ok(None) => return report.add(AREA, DoctorFinding::bad(database::unknown(url).1, "see docs/settings.md")),
        Err((_, line)) => return report.add(AREA, DoctorFinding::bad(line, "see docs/settings.md")),
    };
    match found {
        Ok(findings) => findings.into_iter().for_each(|finding| report.add(AREA, finding)),
        Err(error) => report.add(AREA, unusable(&error)),
    }
}

fn unusable(error: &StoreError) -> DoctorFinding {
    let remedy = match error {
        StoreError::Unreachable { .. } => "is Postgres there, and do address, user, password and TLS of `database` fit?",
        StoreError::File { .. } => "is the folder there, and may this user read and write it?",
        _ => "if this is no registry's database, give another; otherwise restore a backup (docs/backup.md)",
    };
    DoctorFinding::bad(error.to_string(), remedy)
}

fn migrations(state: &MigrationState, may_migrate: bool) -> DoctorFinding {
    let known = state.latest_known();
    if let Some(newer) = state.newer() {
        return DoctorFinding::bad(
            format!("written by a newer release: it has migration {newer}, this binary knows up to {known}"),
            "start the newer release, or restore a backup from before its start (docs/operations.md)",
        );
    }
    if let Some(changed) = state.changed.first() {
        return DoctorFinding::bad(
            format!("migration {changed} is another one than this binary's"),
            "the database is of a build that was never released; only that build can use it",
        );
    }
    let pending = state.pending();
    let list = || pending.iter().map(|one| format!("{} ({})", one.version, one.description)).collect::<Vec<_>>().join(", ");
    match state.latest_applied() {
        None if may_migrate => DoctorFinding::good(format!("empty; the first start makes its tables, migrations up to {known}")),
        Some(applied) if pending.is_empty() => {
            DoctorFinding::good(format!("migrations up to {applied}, which is all that there are"))
        }
        Some(applied) if may_migrate => DoctorFinding::warning(
            format!("migrations up to {applied}; the next start applies {}", list()),
            "back up first (docs/backup.md); `accordant migrate-database` applies them without serving",
        ),
        _ => DoctorFinding::bad(
            format!("migrations are missing, and this user may not make tables: {}", list()),
            "let the owner of the schema run `accordant migrate-database`, or grant CREATE on the schema",
        ),
    }
}

fn of_sqlite(path: &str, found: &SqliteInspection, now: i64) -> Vec<DoctorFinding> {
    let mut findings = vec![DoctorFinding::good(format!(
        "SQLite {}: {path}, {}",
        found.library,
        if found.exists { size(found.bytes) } else { "not there yet".to_owned() }
    ))];
    findings.push(migrations(&found.migrations, found.is_writable));
    if !found.is_writable {
        findings.push(DoctorFinding::bad(
            "this user may not write the file, or not its folder, where the log is made",
            "run this as the user of the server; give that user the folder (chown)",
        ));
    }
    if found.is_open_to_others {
        findings.push(DoctorFinding::warning("others than its owner may read the file", format!("chmod 600 {path}")));
    }
    findings.push(match found.free_bytes {
        free if free < NO_ROOM => {
            DoctorFinding::bad(format!("{} left on the disk", size(free)), "make room: writes fail on a full disk")
        }
        free if free < LITTLE_ROOM || free < found.bytes => DoctorFinding::warning(
            format!("{} left on the disk, for a file of {}", size(free), size(found.bytes)),
            "make room: a backup beside the file takes as much again",
        ),
        free => DoctorFinding::good(format!("{} left on the disk", size(free))),
    });
    if found.log_bytes > LARGE_LOG {
        findings.push(DoctorFinding::warning(
            format!("the write-ahead log has {}", size(found.log_bytes)),
            "it goes into the file a second after the last write, or at the next start",
        ));
    }
    match &found.faults {
        Some(faults) if !faults.is_empty() => {
            findings.push(DoctorFinding::bad(
                format!("the file is broken: {}", faults.join("; ")),
                "restore a backup (docs/backup.md)",
            ));
        }
        Some(_) => findings.push(DoctorFinding::good("all of the file was read, and nothing is broken")),
        None => {}
    }
    if let Some(last) = found.last_change {
        findings.push(if last > now.saturating_add(CLOCK_TOLERANCE) {
            DoctorFinding::bad(
                format!("the clock of this machine is {} behind the last change", seconds(last - now)),
                "set the clock (NTP): times of changes, tokens and certificates depend on it",
            )
        } else {
            DoctorFinding::good("the clock is not behind the last change")
        });
    }
    findings
}

fn of_postgres(found: &PostgresInspection, settings: &Settings, now: i64) -> Vec<DoctorFinding> {
    let bytes = u64::try_from(found.bytes).unwrap_or(0);
    let mut findings = vec![DoctorFinding::good(format!("Postgres {}: {}, {}", found.version, found.location, size(bytes)))];
    let mut when = |is_so: bool, finding: &dyn Fn() -> DoctorFinding| {
        if is_so {
            findings.push(finding());
        }
    };
    when(found.version_number < OLDEST_POSTGRES, &|| {
        DoctorFinding::warning("this release of Postgres gets no corrections any more", "upgrade Postgres; the tests run on 15")
    });
    when(found.is_standby, &|| {
        DoctorFinding::bad(
            "it is a standby and takes no writes",
            "name all servers in `database`, with commas: the writable one is found",
        )
    });
    when(true, &|| migrations(&found.migrations, found.may_create));
    when(found.may_write == Some(false), &|| {
        DoctorFinding::bad(
            "this user may not read and write all tables",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ...",
        )
    });
    when(!found.is_durable, &|| {
        DoctorFinding::bad(
            "fsync, full_page_writes or synchronous_commit is off: what was acknowledged can be lost",
            "switch them on in postgresql.conf",
        )
    });
    when(found.encoding != "UTF8", &|| {
        DoctorFinding::bad(
            format!("its encoding is {}", found.encoding),
            "make the database anew: CREATE DATABASE ... ENCODING 'UTF8'",
        )
    });
    let wanted = i64::from(settings.database_connections);
    when(true, &|| {
        let (most, used) = (found.max_connections, found.used_connections);
        if !found.is_pooled && wanted > most - RESERVED {
            return DoctorFinding::warning(
                format!("database-connections is {wanted}, and Postgres has {most} for everybody"),
                "lower database-connections, raise max_connections, or put a pooler between",
            );
        }
        DoctorFinding::good(format!("{used} of {most} connections are in use; each replica takes up to {wanted}"))
    });
    let has_names = settings.database_statement_cache != 0;
    when(found.is_pooled && has_names, &|| {
        DoctorFinding::bad("a pooler in transaction mode stands between", "set database-statement-cache=0 (docs/databases.md)")
    });
    when(found.is_pooled && !has_names, &|| {
        DoctorFinding::good("a pooler in transaction mode stands between, and the settings say so")
    });
    when(!found.is_pooled && !has_names, &|| {
        DoctorFinding::warning(
            "database-statement-cache is 0, as for a pooler, and none was seen",
            "without a pooler leave it out: statements keep their plans, and changes of other replicas are heard at once",
        )
    });
    let is_remote = !["localhost", "127.0.0.1", "[::1]", "/"].iter().any(|local| found.location.starts_with(local));
    when(found.is_encrypted == Some(false) && is_remote, &|| {
        DoctorFinding::warning(
            "the connection is not encrypted",
            "add ?sslmode=verify-full&sslrootcert=FILE to `database` (docs/security.md)",
        )
    });
    let apart = now.saturating_sub(found.clock).saturating_abs();
    when(true, &|| {
        if apart > CLOCK_TOLERANCE {
            return DoctorFinding::warning(
                format!("the clocks of this machine and of Postgres are {} apart", seconds(apart)),
                "set both clocks (NTP)",
            );
        }
        DoctorFinding::good("the clocks of this machine and of Postgres agree")
    });
    findings
}

fn seconds(millis: i64) -> String {
    format!("{} s", millis / 1000)
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1024 * MIB => format!("{}.{} GiB", bytes / (1024 * MIB), bytes % (1024 * MIB) * 10 / (1024 * MIB)),
        bytes if bytes >= MIB => format!("{} MiB", bytes / MIB),
        bytes => format!("{} KiB", bytes.div_ceil(1024)),
    }
}
