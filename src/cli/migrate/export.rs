//! Writing topics of Confluent's registry: what it reads at its start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arguments::ExportArguments;
use super::content::Rest;
use super::digest::{Digest, Summary};
use super::keys::Keys;
use super::marks::Mark;
use super::order::in_order;
use super::output::Output;
use super::pace::Pace;
use super::schemas_topic;
use super::source::{MigrationSource, SourceContent};
use super::verify;
use crate::cli::check::InputError;

/// The topic `_schemas`: each version after those that it refers to, for not everybody who reads it waits for them.
pub(super) async fn schemas_topic(
    out: &mut Output,
    source: &MigrationSource,
    asked: &ExportArguments,
) -> Result<Summary, InputError> {
    let outline = source.outline(&asked.prefix, asked.parallel).await?;
    let mut rest = match source {
        MigrationSource::Registry(api) => Rest::read(api, &outline, &asked.prefix, asked.parallel, &BTreeSet::new()).await?,
        _ => source.kept().cloned().unwrap_or_default(),
    };
    rest.keep(&asked.prefix);
    let mut given = BTreeMap::new();
    let mut missing = outline.clone();
    in_order(source, outline, asked.parallel, &Arc::new(Pace::new(None)), async |batch| {
        for wave in super::waves::waves(&batch) {
            for (key, stored) in wave.into_iter().filter_map(|key| batch.get_key_value(key)) {
                out.record(&schemas_topic::record(key, stored))?;
                given.insert(key.clone(), Mark::of(stored));
                super::outline::remove(&mut missing, key);
            }
        }
        Ok(())
    })
    .await?;
    for record in schemas_topic::settings(&rest) {
        out.record(&record)?;
    }
    rest.withheld.extend(super::content::all(&missing).map(|(subject, version, _)| format!("{subject} version {version}")));
    let mut digest = Digest::default();
    for (key, mark) in &given {
        digest.version(key, mark);
    }
    Ok(digest.end(&rest))
}

/// The topic `_dek_registry_keys`.
pub(super) async fn dek_registry_topic(
    out: &mut Output,
    source: &MigrationSource,
    asked: &ExportArguments,
) -> Result<Summary, InputError> {
    let said: SourceContent = source.said(&asked.prefix, asked.parallel, &BTreeSet::new()).await?;
    for record in schemas_topic::key_records(said.rest.keys.as_ref().unwrap_or(&Keys::default())) {
        out.record(&record)?;
    }
    verify::summary(said).await
}
