//! Exporters and importers: definitions here, what they do in `run`, what is said of them in `report`; what exporters copy in `copy`, and
//! where to in `destination`; what importers copy in `import`, and where from in `source`.
//!
//! Keys of client-side encryption have files of their own: `keys` and `destination_keys` for exporters, `import_keys`, `source_keys` and
//! `seen_keys` (which keys a source had) for importers.
//!
//! A definition is in the database; of all replicas one runs it, and another one takes over when that is gone. An exporter copies all that
//! is selected once, and then every change from the outbox, in order. An importer compares what the source lists with what is here.

mod copy;
mod destination;
mod destination_keys;
mod import;
mod import_keys;
mod keys;
mod report;
mod run;
mod seen_keys;
mod source;
mod source_keys;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ExporterError, MAX_DECISIONS, Registry, RegistryError};
use crate::codec::ExporterInput;
use crate::kms::SecretSeal;
use crate::peer::is_secret;
use crate::store::{ExporterChange, ExporterRow};
use crate::types::{Actor, Exporter, ExporterContextType, ExporterState, LinkKind, StoredExporter, Subject};

pub use report::ExporterEvent;

/// What is shown for a secret.
const HIDDEN: &str = "[hidden]";
const MAX_NAME: usize = 256;
const MAX_SUBJECTS: usize = 1000;
/// The position of an exporter that has copied nothing yet.
const NOTHING: i64 = -1;

/// The position of an exporter that is to copy everything once more, or from which a copy of everything starts: what was removed for
/// good after `position` is to be removed at the destination first.
fn again(position: i64) -> i64 {
    if position < 0 { position } else { NOTHING - 1 - position }
}

/// The position that [`again`] was given.
fn copied_before(position: i64) -> Option<i64> {
    (position < NOTHING).then(|| NOTHING - 1 - position)
}

fn check_name(name: Option<&str>) -> Result<&str, ExporterError> {
    let is_fine = |name: &&str| name.len() <= MAX_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    // clients take the segments `.` and `..` out of a path
    name.filter(|name| !["", ".", ".."].contains(name)).filter(is_fine).ok_or(ExporterError::InvalidName)
}

fn check(exporter: &Exporter) -> Result<(), ExporterError> {
    let is_pattern = |pattern: &String| {
        let subject = Subject::parse(pattern);
        let stars = subject.name().matches('*').count();
        !pattern.is_empty() && stars <= 1 && (stars == 0 || subject.name().ends_with('*')) && !pattern.contains('\0')
    };
    let subjects = &exporter.subjects;
    if subjects.is_empty() || subjects.len() > MAX_SUBJECTS || !subjects.iter().all(is_pattern) {
        return Err(ExporterError::InvalidSubjects);
    }
    let refuse = |message: String| Err(ExporterError::InvalidConfig(message));
    match (exporter.context_type, &exporter.context) {
        (ExporterContextType::Custom, None) => return refuse("contextType CUSTOM needs a context".to_owned()),
        (_, Some(context)) if !context.starts_with('.') || context.contains(':') => {
            return refuse(format!("'{context}' is no context: it begins with a dot and has no colon"));
        }
        _ => {}
    }
    for (format, name) in [(&exporter.subject_rename_format, "${subject}"), (&exporter.kek_rename_format, "${kek}")] {
        if format.as_ref().is_some_and(|format| !format.contains(name)) {
            return refuse(format!("a rename format has {name} in it"));
        }
    }
    destination::peer(&exporter.name, &exporter.config).map(drop).or_else(refuse)
}

/// What is wrong with an importer, where it is one that was asked for.
fn of_kind(kind: LinkKind) -> impl Fn(RegistryError) -> RegistryError {
    move |error| match error {
        RegistryError::Exporter(error) if kind == LinkKind::Importer => RegistryError::Importer(error),
        error => error,
    }
}

impl Registry {
    /// Names of exporters.
    ///
    /// # Errors
    /// Store failures.
    pub async fn exporter_names(&self, kind: LinkKind) -> Result<Vec<String>, RegistryError> {
        Ok(self.store.exporters(kind).await?.into_iter().map(|stored| stored.exporter.name).collect())
    }

    /// An exporter, its secrets hidden.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn exporter(&self, kind: LinkKind, name: &str) -> Result<StoredExporter, RegistryError> {
        let mut stored = self.stored_exporter(kind, name).await?;
        for (key, value) in &mut stored.exporter.config {
            if is_secret(key, value) || SecretSeal::is_sealed(value) {
                HIDDEN.clone_into(value);
            }
        }
        Ok(stored)
    }

    async fn stored_exporter(&self, kind: LinkKind, name: &str) -> Result<StoredExporter, RegistryError> {
        let found = self.store.exporter(kind, name).await?;
        found.ok_or_else(|| of_kind(kind)(ExporterError::NotFound(name.to_owned()).into()))
    }

    /// Creates an exporter or importer, which begins to run.
    ///
    /// # Errors
    /// It is not valid, there is one of that name, or there are as many as there may be.
    pub async fn create_exporter(&self, kind: LinkKind, input: ExporterInput, by: &Arc<Actor>) -> Result<String, RegistryError> {
        self.created(kind, input, by).await.map_err(of_kind(kind))
    }

    async fn created(&self, kind: LinkKind, input: ExporterInput, by: &Arc<Actor>) -> Result<String, RegistryError> {
        let name = check_name(input.name.as_deref())?.to_owned();
        let none = Exporter {
            name: name.clone(),
            subjects: vec!["*".to_owned()],
            context_type: match kind {
                LinkKind::Exporter => ExporterContextType::default(),
                LinkKind::Importer if input.context.is_some() => ExporterContextType::Custom,
                LinkKind::Importer => ExporterContextType::None,
            },
            context: None,
            subject_rename_format: None,
            kek_rename_format: None,
            config: BTreeMap::new(),
        };
        let exporter = updated(none, input)?;
        check(&exporter)?;
        let known = self.store.exporters(kind).await?;
        if known.iter().any(|stored| stored.exporter.name == name) {
            return Err(ExporterError::Exists(name).into());
        }
        if known.len() >= self.limits.exporters {
            return Err(ExporterError::TooMany(self.limits.exporters).into());
        }
        let row = ExporterRow { exporter: self.sealed(exporter)?, state: ExporterState::Starting, position: NOTHING };
        let operation = operations(kind).set;
        let change = ExporterChange { kind, name: name.clone(), operation, expected: None, to: Some(row) };
        let is_created = self.store.change_exporter(Arc::new(change), by).await?;
        if is_created { Ok(name) } else { Err(ExporterError::Exists(name).into()) }
    }

    /// Changes the definition of a paused exporter; what the input leaves out stays.
    ///
    /// # Errors
    /// It is not valid, there is none of that name, or it is not paused.
    pub async fn update_exporter(
        &self,
        kind: LinkKind,
        name: &str,
        input: ExporterInput,
        by: &Arc<Actor>,
    ) -> Result<(), RegistryError> {
        self.decide_exporter(kind, name, operations(kind).set, by, |stored| {
            require_paused(stored)?;
            let exporter = updated(self.opened(stored.exporter.clone())?, input.clone())?;
            check(&exporter)?;
            Ok(Some(ExporterRow { exporter: self.sealed(exporter)?, state: stored.state, position: stored.position }))
        })
        .await
    }

    /// # Errors
    /// There is none of that name, or it is not paused.
    pub async fn delete_exporter(&self, kind: LinkKind, name: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        self.decide_exporter(kind, name, operations(kind).deleted, by, |stored| Ok(require_paused(stored).map(|()| None)?)).await
    }

    /// Pauses an exporter; one that is paused stays so.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn pause_exporter(&self, kind: LinkKind, name: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        if self.stored_exporter(kind, name).await?.state == ExporterState::Paused {
            return Ok(());
        }
        self.decide_exporter(kind, name, operations(kind).paused, by, |stored| {
            let (exporter, position) = (stored.exporter.clone(), stored.position);
            Ok(Some(ExporterRow { exporter, state: ExporterState::Paused, position }))
        })
        .await
    }

    /// # Errors
    /// There is none of that name, or it is running already.
    pub async fn resume_exporter(&self, kind: LinkKind, name: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        self.decide_exporter(kind, name, operations(kind).resumed, by, |stored| {
            if stored.state != ExporterState::Paused {
                return Err(ExporterError::Running(stored.exporter.name.clone()).into());
            }
            let (exporter, position) = (stored.exporter.clone(), stored.position);
            Ok(Some(ExporterRow { exporter, state: ExporterState::Starting, position }))
        })
        .await
    }

    /// Has an exporter copy everything again.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn reset_exporter(&self, kind: LinkKind, name: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        self.decide_exporter(kind, name, operations(kind).reset, by, |stored| {
            let state = if stored.state == ExporterState::Paused { stored.state } else { ExporterState::Starting };
            Ok(Some(ExporterRow { exporter: stored.exporter.clone(), state, position: again(stored.position) }))
        })
        .await
    }

    async fn decide_exporter(
        &self,
        kind: LinkKind,
        name: &str,
        operation: &'static str,
        by: &Arc<Actor>,
        decide: impl Fn(&StoredExporter) -> Result<Option<ExporterRow>, RegistryError>,
    ) -> Result<(), RegistryError> {
        for _ in 0..MAX_DECISIONS {
            let stored = self.stored_exporter(kind, name).await?;
            let (name, to) = (name.to_owned(), decide(&stored).map_err(of_kind(kind))?);
            let change = ExporterChange { kind, name, operation, expected: Some(stored.revision), to };
            if self.store.change_exporter(Arc::new(change), by).await? {
                return Ok(());
            }
        }
        Err(RegistryError::Contention)
    }

    /// The exporter as it is stored, its secrets sealed if there is a key for that.
    fn sealed(&self, mut exporter: Exporter) -> Result<Exporter, RegistryError> {
        if let Some(seal) = &self.defaults.exporter_seal {
            for (_, value) in exporter.config.iter_mut().filter(|(key, value)| is_secret(key, value)) {
                *value = seal.seal(value).map_err(|error| ExporterError::InvalidConfig(error.to_string()))?;
            }
        }
        Ok(exporter)
    }

    fn opened(&self, mut exporter: Exporter) -> Result<Exporter, RegistryError> {
        for (key, value) in &mut exporter.config {
            let opened = match &self.defaults.exporter_seal {
                Some(seal) => seal.open(value).map_err(|error| error.to_string()),
                None if SecretSeal::is_sealed(value) => {
                    Err("sealed with the setting exporter-secret, which is not set".to_owned())
                }
                None => continue,
            };
            *value = opened.map_err(|error| ExporterError::InvalidConfig(format!("{key}: {error}")))?;
        }
        Ok(exporter)
    }
}

/// What changes are called in the record of who changed what.
struct LinkOperations {
    set: &'static str,
    deleted: &'static str,
    paused: &'static str,
    resumed: &'static str,
    reset: &'static str,
}

fn operations(kind: LinkKind) -> LinkOperations {
    match kind {
        LinkKind::Exporter => LinkOperations {
            set: "exporter.set",
            deleted: "exporter.deleted",
            paused: "exporter.paused",
            resumed: "exporter.resumed",
            reset: "exporter.reset",
        },
        LinkKind::Importer => LinkOperations {
            set: "importer.set",
            deleted: "importer.deleted",
            paused: "importer.paused",
            resumed: "importer.resumed",
            reset: "importer.reset",
        },
    }
}

fn require_paused(stored: &StoredExporter) -> Result<(), ExporterError> {
    match stored.state {
        ExporterState::Paused => Ok(()),
        _ => Err(ExporterError::NotPaused(stored.exporter.name.clone())),
    }
}

/// What is there with what was sent; a value that is hidden stays what it was.
fn updated(before: Exporter, input: ExporterInput) -> Result<Exporter, ExporterError> {
    let unknown = |word: String| ExporterError::InvalidConfig(format!("'{word}' is no contextType"));
    let context_type = match input.context_type {
        Some(word) => word.parse().map_err(|_| unknown(word))?,
        None => before.context_type,
    };
    let config = match input.config {
        Some(mut config) => {
            for (key, value) in &mut config {
                if value == HIDDEN
                    && let Some(known) = before.config.get(key)
                {
                    value.clone_from(known);
                }
            }
            config
        }
        None => before.config,
    };
    Ok(Exporter {
        name: before.name,
        subjects: input.subjects.unwrap_or(before.subjects),
        context_type,
        context: input.context.or(before.context),
        subject_rename_format: input.subject_rename_format.or(before.subject_rename_format),
        kek_rename_format: input.kek_rename_format.or(before.kek_rename_format),
        config,
    })
}
