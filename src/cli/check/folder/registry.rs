//! Schemas of files against what a registry has, and references that only a registry can resolve.

use futures_util::stream;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::judge::{ReadStrictness, candidate, explained, judged, unreadable};
use super::report::{Fate, JudgedSchema};
use super::workspace::Workspace;
use crate::cli::check::input_error::InputError;
use crate::cli::check::remote::Remote;
use crate::cli::check::subject::{SchemaJudgement, SubmittedSchema, judge};
use crate::cli::client::RegistryClient;
use crate::cli::manifest::Manifest;
use crate::codec::FromJson as _;
use crate::types::{Config, Metadata};

/// Requests that are under way at the same time.
const AT_ONCE: usize = 8;

/// Where a file belongs; `None` for one that `accordant.toml` does not map. Without mappings the name of the file without its
/// extension is the subject.
pub(super) fn home(
    manifest: Option<&Manifest>,
    in_manifest: Option<&str>,
    path: &str,
    record: Option<&str>,
) -> Result<Option<Home>, String> {
    if let Some(manifest) = manifest.filter(|manifest| !manifest.mappings.is_empty()) {
        let Some(path) = in_manifest else { return Ok(None) };
        let Some(mapped) = manifest.mapped(path, record)? else { return Ok(None) };
        let metadata = mapped.metadata().map(|value| Metadata::from_json(&value)).transpose();
        let metadata = metadata.map_err(|error| format!("{path}: metadata: {}", error.0))?.flatten();
        return Ok(Some(Home { normalize: mapped.mapping.normalize, subject: mapped.subject, metadata }));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let subject = name.split_once('.').map_or(name, |(stem, _)| stem).to_owned();
    Ok(Some(Home { subject, metadata: None, normalize: false }))
}

fn runtime() -> Result<tokio::runtime::Runtime, InputError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| InputError::new(format!("the network can't be used: {error}")))
}

/// Looks up what no file has: the subject is called as the reference is, which is what serializers do.
pub(in crate::cli) fn elsewhere(side: &mut Workspace, client: &RegistryClient) -> Result<(), InputError> {
    let missing = side.missing();
    if missing.is_empty() {
        return Ok(());
    }
    let found = runtime()?.block_on(async {
        let one = |name: String| async move {
            let texts = Remote::of(client, &name, true).referenced(&name, None).await;
            texts.map(|texts| texts.map(|texts| (name, texts)))
        };
        let names = missing.into_iter().map(|(_, name)| one(name));
        stream::iter(names).buffered(AT_ONCE).collect::<Vec<_>>().await
    });
    for answer in found {
        if let Some((name, texts)) = answer? {
            side.found_elsewhere(name, texts);
        }
    }
    Ok(())
}

/// Where a file belongs in a registry.
pub(super) struct Home {
    pub(super) subject: String,
    pub(super) metadata: Option<Metadata>,
    pub(super) normalize: bool,
}

/// The home of a path, by the name that its schema gives itself.
type Homes<'s> = &'s (dyn Fn(&str, Option<&str>) -> Result<Option<Home>, String> + Sync);

/// Judges all schemas against the versions of their subjects, each under its subject's config.
pub(super) fn judge_all(
    new: &Workspace,
    client: &RegistryClient,
    strictness: ReadStrictness,
    own: &Config,
    homes: Homes<'_>,
) -> Result<Vec<JudgedSchema>, InputError> {
    let files = new.own.iter().filter_map(|path| Some((path, new.file(path)?)));
    let mut judged: Vec<JudgedSchema> = runtime()?.block_on(async {
        let work = files.map(|(path, file)| async move {
            let record = file.record_name();
            let Some(home) = homes(path, record.as_deref()).map_err(InputError::new)? else {
                let remarks = vec!["accordant.toml has no subject for it".to_owned()];
                let fate = candidate(new, path, strictness).map_or_else(Fate::Invalid, |_| Fate::New);
                return Ok(JudgedSchema { remarks, ..judged(file, fate) });
            };
            let remarks = vec![format!("subject {}", home.subject)];
            let references = match new.references(path) {
                Ok(references) => references,
                Err(error) => return Ok(JudgedSchema { remarks, ..judged(file, Fate::Invalid(error)) }),
            };
            let submitted = SubmittedSchema {
                input: &file.input,
                schema_type: file.schema_type,
                references: &references,
                metadata: home.metadata,
                normalize: strictness.normalize || home.normalize,
                strict: strictness.strict,
            };
            let mut remote = Remote::of(client, &home.subject, true);
            let fate = match judge(&mut remote, submitted, own.clone()).await? {
                SchemaJudgement::Invalid(error) => Fate::Invalid(explained(new, path, error)),
                SchemaJudgement::First => Fate::New,
                SchemaJudgement::Compared(outcome) => {
                    let is_same = outcome.earlier.first().is_some_and(|newest| newest.stored == outcome.new.stored);
                    if is_same { Fate::Unchanged } else { Fate::Compared(outcome) }
                }
            };
            Ok(JudgedSchema { remarks, ..judged(file, fate) })
        });
        stream::iter(work).buffered(AT_ONCE).try_collect::<Vec<_>>().await
    })?;
    judged.extend(unreadable(new));
    judged.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(judged)
}
