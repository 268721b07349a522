//! The migrations of both databases (`migrations/`), in this binary.
//!
//! Not by `sqlx::migrate!`: for its macros a build makes sqlx, SQLite and TLS a second time, for the compiler.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A migration: the name of its file without `.sql`, and its statements.
type MigrationFile = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal) => {
        files!($folder: "0001_registry", "0002_cloudevents", "0003_settings", "0004_keys", "0005_audit", "0006_lists", "0007_search",
            "0008_exporters", "0009_importers", "0010_usage", "0011_locks", "0012_sessions_and_newest", "0013_counted_once",
            "0014_vocabulary", "0015_turns")
    };
    ($folder:literal: $($file:literal),+) => {
        [$(($file, include_str!(concat!("../../migrations/", $folder, "/", $file, ".sql")))),+]
    };
}

pub(super) const SQLITE: &[MigrationFile] = &files!("sqlite");
pub(super) const POSTGRES: &[MigrationFile] = &files!("postgres");

/// The highest of some migrations.
pub(super) fn latest(files: &[MigrationFile]) -> i64 {
    files.iter().map(|(name, _)| version(name)).max().unwrap_or(0)
}

pub(super) fn migrator(files: &[MigrationFile]) -> Migrator {
    let migration = |(name, statements): &MigrationFile| {
        let description = name.split_once('_').map_or("", |(_, what)| what).replace('_', " ");
        Migration::new(version(name), Cow::Owned(description), MigrationType::Simple, statements.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}

fn version(name: &str) -> i64 {
    name.split_once('_').and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[tokio::test]
    async fn every_file_is_in_the_binary_as_sqlx_reads_it() {
        for (folder, files) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let there = Migrator::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder)).await.unwrap();
            let facts = |migrator: &Migrator| -> Vec<_> {
                migrator.iter().map(|one| (one.version, one.description.clone(), one.checksum.clone(), one.no_tx)).collect()
            };
            assert_eq!(facts(&migrator(files)), facts(&there), "{folder}");
            assert_eq!(latest(files), i64::try_from(files.len()).unwrap(), "{folder}");
        }
    }
}
