//! Schemas of files against what a registry has, and references that only a registry can resolve.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::judge::{Strictness, candidate, judged, unreadable};
use super::report::{Fate, Judged};
use super::threads::each;
use super::workspace::Workspace;
use crate::cli::check::arguments::Arguments;
use crate::cli::check::compare::compare;
use crate::cli::check::input_error::InputError;
use crate::cli::check::loaded_schema::LoadedSchema;
use crate::cli::check::remote::Remote;
use crate::cli::check::rules;
use crate::cli::client::Client;
use crate::cli::manifest::Manifest;
use crate::types::{CompatibilityLevel, Config};

/// Requests that are under way at the same time.
const AT_ONCE: usize = 8;

/// The subject of a file; `None` for one that `accordant.toml` does not map. Without mappings the name of the file without its
/// extension is the subject.
pub(in crate::cli) fn subject_of(
    manifest: Option<&Manifest>,
    in_manifest: &Option<String>,
    path: &str,
    record: Option<&str>,
) -> Result<Option<String>, String> {
    match manifest.filter(|manifest| !manifest.mappings.is_empty()) {
        Some(manifest) => {
            let Some(path) = in_manifest else { return Ok(None) };
            Ok(manifest.mapped(path, record)?.map(|mapped| mapped.subject))
        }
        None => {
            let name = path.rsplit('/').next().unwrap_or(path);
            Ok(Some(name.split_once('.').map_or(name, |(stem, _)| stem).to_owned()))
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, InputError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| InputError::new(format!("the network can't be used: {error}")))
}

/// Looks up what no file has: the subject is called as the reference is, which is what serializers do.
pub(in crate::cli) fn elsewhere(side: &mut Workspace, client: &Client) -> Result<(), InputError> {
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

/// The name of a subject for a path and the name that its schema gives itself.
type Subjects<'s> = &'s (dyn Fn(&str, Option<&str>) -> Result<Option<String>, String> + Sync);

/// What a registry has under a subject.
type Earlier = Result<(Config, Vec<LoadedSchema>), InputError>;

/// Judges all schemas against the versions of their subjects.
pub(super) fn judge(
    new: &Workspace,
    client: &Client,
    strictness: Strictness,
    arguments: &Arguments,
    subjects: Subjects<'_>,
) -> Result<Vec<Judged>, InputError> {
    let read = each(&new.own, |path| candidate(new, path, strictness));
    let mut named = Vec::new();
    for (path, read) in new.own.iter().zip(&read) {
        let record = read.as_ref().ok().and_then(|side| side.parsed.name());
        let subject = if read.is_ok() { subjects(path, record.as_deref()).map_err(InputError::new)? } else { None };
        named.push(subject);
    }
    let fetched: Vec<Option<Earlier>> = runtime()?.block_on(async {
        let one = |subject: Option<String>| async move {
            let mut remote = Remote::of(client, subject.as_deref()?, true);
            Some(earlier(&mut remote, arguments).await)
        };
        stream::iter(named.iter().cloned().map(one)).buffered(AT_ONCE).collect().await
    });
    let mut work = Vec::new();
    for ((path, read), (subject, fetched)) in new.own.iter().zip(read).zip(named.into_iter().zip(fetched)) {
        work.push((path, read, subject, fetched.transpose()?));
    }
    let judged = each(&work, |(path, read, subject, fetched)| -> Result<Judged, InputError> {
        let Some(file) = new.file(path) else { return Err(InputError::of(path, "can't be read")) };
        let candidate = match read {
            Ok(candidate) => candidate.clone(),
            Err(error) => return Ok(judged(file, Fate::Invalid(error.clone()))),
        };
        let Some((config, earlier)) = fetched else {
            let remarks = vec!["accordant.toml has no subject for it".to_owned()];
            return Ok(Judged { remarks, ..judged(file, Fate::New) });
        };
        let remarks: Vec<String> = subject.iter().map(|subject| format!("subject {subject}")).collect();
        let newest = earlier.first();
        if newest.is_none() {
            return Ok(Judged { remarks, ..judged(file, Fate::New) });
        }
        if newest.is_some_and(|newest| newest.stored == candidate.stored) {
            return Ok(Judged { remarks, ..judged(file, Fate::Unchanged) });
        }
        let outcome = compare(candidate, earlier.clone(), &rules(arguments, config))?;
        Ok(Judged { remarks, ..judged(file, Fate::Compared(Box::new(outcome))) })
    });
    let mut judged = judged.into_iter().collect::<Result<Vec<_>, _>>()?;
    judged.extend(unreadable(new));
    judged.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(judged)
}

async fn earlier(remote: &mut Remote, arguments: &Arguments) -> Earlier {
    let config = remote.config(arguments.level).await?;
    let level = rules(arguments, &config).level;
    // also under NONE: the newest version tells whether anything has changed
    let level = if level == CompatibilityLevel::None { CompatibilityLevel::Backward } else { level };
    let earlier = remote.earlier(None, level, None).await?;
    Ok((config, earlier))
}
