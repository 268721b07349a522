//! A database as it is at one moment, read page by page, with no server.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::content::Rest;
use super::outline::{self, RegistryOutline};
use super::stored::{self, failed};
use super::values::VersionKey;
use super::versions::{VersionSender, VersionStream};
use crate::cli::check::InputError;
use crate::cli::{CommandFailure, database, serve};
use crate::config::Settings;
use crate::store::{ListedVersion, RegistrySnapshot, StoreError, postgres, sqlite};
use crate::types::Version;

/// A transaction that sees no later change.
pub(in crate::cli) enum StoreSnapshot {
    Sqlite(sqlite::Snapshot),
    Postgres(postgres::Snapshot),
}

/// Asks whichever it is.
macro_rules! either {
    ($snapshot:expr, $inner:ident => $asked:expr) => {
        match $snapshot {
            StoreSnapshot::Sqlite($inner) => $asked,
            StoreSnapshot::Postgres($inner) => $asked,
        }
    };
}

impl StoreSnapshot {
    /// Opens the database of some settings.
    pub(in crate::cli) async fn open(settings: &Settings) -> Result<Result<Self, StoreError>, CommandFailure> {
        Ok(match database::sqlite_path(&settings.database)? {
            Some(path) => sqlite::Snapshot::open(&path).await.map(Self::Sqlite),
            None if database::is_postgres(&settings.database) => {
                postgres::Snapshot::open(serve::postgres_options(settings)).await.map(Self::Postgres)
            }
            None => return Err(database::unknown(&settings.database)),
        })
    }

    pub(in crate::cli) async fn content(&mut self) -> Result<RegistrySnapshot, StoreError> {
        either!(self, inner => inner.content().await)
    }

    async fn marks(&mut self) -> Result<Vec<(String, Version, bool)>, StoreError> {
        either!(self, inner => inner.marks().await)
    }

    pub(in crate::cli) async fn versions(&mut self, after: Option<(&str, Version)>) -> Result<Vec<ListedVersion>, StoreError> {
        either!(self, inner => inner.versions(after).await)
    }

    pub(in crate::cli) async fn close(self) -> Result<(), StoreError> {
        either!(self, inner => inner.close().await)
    }
}

/// What a database says.
pub(super) struct Moment {
    /// Until it is closed.
    snapshot: Arc<Mutex<Option<StoreSnapshot>>>,
    pub(super) rest: Rest,
}

fn unusable(error: &StoreError) -> InputError {
    failed(serve::unusable(error))
}

fn closed() -> InputError {
    InputError::new("the database was let go of")
}

impl Moment {
    pub(super) async fn open(settings: &Settings) -> Result<Self, CommandFailure> {
        let mut snapshot = StoreSnapshot::open(settings).await?.map_err(|error| serve::unusable(&error))?;
        let found = snapshot.content().await.map_err(|error| serve::unusable(&error))?;
        Ok(Self { snapshot: Arc::new(Mutex::new(Some(snapshot))), rest: stored::rest(&found, settings.compatibility_level) })
    }

    /// Lets go of the database. A file is left with nothing beside it then.
    pub(super) async fn close(&self) {
        if let Some(snapshot) = self.snapshot.lock().await.take() {
            let _ = snapshot.close().await;
        }
    }

    pub(super) async fn outline(&self) -> Result<RegistryOutline, InputError> {
        let mut snapshot = self.snapshot.lock().await;
        let open = snapshot.as_mut().ok_or_else(closed)?;
        let marks = open.marks().await.map_err(|error| unusable(&error))?;
        drop(snapshot);
        let mut outline = RegistryOutline::new();
        for (subject, version, is_deleted) in marks {
            outline::add(&mut outline, &(subject, i64::from(version)), is_deleted);
        }
        Ok(outline)
    }

    /// Those versions that are meant, page by page.
    pub(super) fn versions(&self, is_meant: impl Fn(&VersionKey) -> bool + Send + 'static) -> VersionStream {
        let snapshot = Arc::clone(&self.snapshot);
        VersionStream::of(move |sender| pages(snapshot, is_meant, sender))
    }
}

async fn pages(
    snapshot: Arc<Mutex<Option<StoreSnapshot>>>,
    is_meant: impl Fn(&VersionKey) -> bool + Send,
    mut sender: VersionSender,
) -> Result<VersionSender, InputError> {
    let mut after: Option<(String, Version)> = None;
    loop {
        let from = after.as_ref().map(|(subject, version)| (subject.as_str(), *version));
        let page = {
            let mut snapshot = snapshot.lock().await;
            let open = snapshot.as_mut().ok_or_else(closed)?;
            open.versions(from).await.map_err(|error| unusable(&error))?
        };
        let Some(last) = page.last() else { return Ok(sender) };
        after = Some((last.subject.qualified(), last.row.version));
        for listed in &page {
            let key = (listed.subject.qualified(), i64::from(listed.row.version));
            if is_meant(&key) && !sender.send((key, Some(stored::version(listed)))).await {
                return Ok(sender);
            }
        }
    }
}
