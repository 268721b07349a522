//! Writing versions into a database that this process has opened: many in a transaction, read by all cores while others are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::content::StoredVersion;
use super::values::VersionKey;
use crate::access::ANONYMOUS;
use crate::cli::check::InputError;
use crate::registry::{CopiedVersion, ReadVersions, Registry, RegistryError, Submission};
use crate::types::{Actor, Subject};

/// Versions of one transaction.
const AT_ONCE: usize = 500;

/// What is to be written, by subject and number.
pub(super) type WaitingVersions = BTreeMap<VersionKey, StoredVersion>;

/// Writes versions of which none refers to another one. `done` is told how many more there are, and `one_by_one` gets those that are
/// to be registered by themselves, for that says what is wrong with which of them.
pub(super) async fn write<'k>(
    registry: &Arc<Registry>,
    wave: &[&'k VersionKey],
    waiting: &WaitingVersions,
    mut done: impl FnMut(usize) -> Result<(), InputError>,
    one_by_one: &mut Vec<&'k VersionKey>,
) -> Result<(), InputError> {
    let by = Arc::new(Actor {
        principal: ANONYMOUS.into(),
        user_agent: Some(concat!("accordant/", env!("CARGO_PKG_VERSION")).into()),
        ..Actor::server()
    });
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let read = |keys: &'_ [&'k VersionKey]| {
        let versions: Option<Vec<CopiedVersion>> = keys.iter().map(|key| copied(key, waiting.get(*key)?)).collect();
        let (registry, keys) = (Arc::clone(registry), keys.to_vec());
        async move {
            let read = match versions {
                Some(versions) => on_a_thread(registry, versions).await?,
                None => Ok(None),
            };
            Ok::<_, InputError>((keys, read))
        }
    };
    let mut chunks = stream::iter(wave.chunks(AT_ONCE)).map(read).buffered(threads + 1);
    while let Some((keys, read)) = chunks.try_next().await? {
        let is_written = match read {
            Ok(Some(versions)) => {
                registry.import_versions(versions, &by).await.map_err(|error| InputError::new(error.to_string()))?
            }
            Ok(None) | Err(_) => false,
        };
        if is_written {
            done(keys.len())?;
        } else {
            one_by_one.extend(keys);
        }
    }
    Ok(())
}

/// Reading takes all of a core: what waits for the database is not to wait for it.
async fn on_a_thread(
    registry: Arc<Registry>,
    versions: Vec<CopiedVersion>,
) -> Result<Result<Option<ReadVersions>, RegistryError>, InputError> {
    let runtime = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || runtime.block_on(registry.read_versions(&versions)));
    reading.await.map_err(|error| InputError::new(error.to_string()))
}

fn copied((subject, version): &VersionKey, stored: &StoredVersion) -> Option<CopiedVersion> {
    let mut answer = stored.body.clone();
    answer.insert("id".to_owned(), json!(stored.id));
    let submission = Submission::copied(&Value::Object(answer), i32::try_from(*version).ok()?).ok()?;
    Some(CopiedVersion { subject: Subject::parse(subject), submission, is_deleted: stored.is_deleted })
}
