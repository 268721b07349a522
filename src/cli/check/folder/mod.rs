//! Many schemas at once: files and folders against another folder, a commit, or a registry.
//!
//! - `listing`, `git`: where files are; `kind`: which of them are schemas
//! - `names`, `workspace`: what they refer to among themselves
//! - `sides`: which folders the arguments mean
//! - `judge`, `registry`: the verdict on each; `threads` shares the work
//! - `report`: all of it, for whoever prints

mod git;
mod judge;
mod kind;
mod listing;
mod names;
mod registry;
mod report;
mod sides;
mod threads;
mod workspace;

use self::judge::judge;
pub(in crate::cli) use self::judge::{ReadStrictness, before, candidate, earlier_paths};
pub(in crate::cli) use self::kind::kind_of;
pub(in crate::cli) use self::registry::elsewhere;
pub(in crate::cli) use self::report::{Fate, FolderReport, JudgedSchema};
pub(in crate::cli) use self::sides::{FolderSides, disk};
pub(in crate::cli) use self::threads::each;
pub(in crate::cli) use self::workspace::{Choice, Lookup, SchemaFile, Workspace};
use super::arguments::Arguments;
use super::input_error::InputError;
use super::source;
use super::{CANDIDATE, EARLIER, rules};
use crate::cli::client::RegistryClient;
use crate::cli::connection::connect;
use crate::cli::manifest::{Manifest, PathPattern};
use crate::codec::config_from;
use crate::types::Config;

/// What `--against` says for the registry.
pub(super) const REGISTRY: &str = "registry";
/// What a commit begins with.
pub(super) const GIT: &str = "git:";

/// Whether the arguments are about many schemas, or about one and its history.
pub(super) fn is_meant(arguments: &Arguments) -> bool {
    let is_folder = |path: &String| std::path::Path::new(path).is_dir();
    let is_place = |place: &String| place.starts_with(GIT) || place == REGISTRY || is_folder(place);
    arguments.new.len() != 1 || arguments.new.iter().any(is_folder) || arguments.against.iter().any(is_place)
}

/// Judges everything that the arguments name.
pub(super) fn check(arguments: &Arguments) -> Result<FolderReport, InputError> {
    if let Some(flag) = unsuitable(arguments) {
        return Err(InputError::new(format!("{flag} is for one schema and its history, not for folders")));
    }
    let manifest = Manifest::find(arguments.config.as_deref()).map_err(InputError::new)?;
    let against = match arguments.against.as_slice() {
        [one] => one.as_str(),
        [] => {
            let text = "nothing to compare with: --against DIR, --against git:REF or --against registry";
            return Err(InputError::new(format!("{text}; `accordant lint` looks at the schemas alone")));
        }
        _ => return Err(InputError::new("folders are compared with one place only: --against is given more than once")),
    };
    let paths = if arguments.new.is_empty() { vec![".".to_owned()] } else { arguments.new.clone() };
    let sides = FolderSides::new(&paths, against)?;
    let exclude = arguments.exclude.iter().map(|pattern| PathPattern::new(pattern)).collect::<Result<Vec<_>, _>>();
    let exclude = exclude.map_err(|error| InputError::new(format!("--exclude {error}")))?;
    let in_manifest = |path: &str| manifest.as_ref().and_then(|manifest| sides.from(&manifest.folder, path));
    let choose = |path: &str| {
        let of_manifest = manifest.iter().flat_map(|manifest| &manifest.exclude);
        let named = in_manifest(path);
        let excluded = exclude.iter().any(|pattern| pattern.matches(path))
            || named.is_some_and(|named| of_manifest.into_iter().any(|pattern| pattern.matches(&named)));
        if excluded { Choice::Skip } else { Choice::ByContent }
    };
    let lookup = Lookup {
        proto_path: sides.proto_path(&arguments.proto_path, manifest.as_ref())?,
        named: named(&arguments.reference)?,
        inline: Vec::new(),
    };
    let mut new = Workspace::read(sides.new_listing(), &sides.scopes, &choose, lookup.clone(), CANDIDATE)?;
    let connected = connect(arguments.registry.as_deref(), arguments.env.as_deref(), &arguments.login, manifest.as_ref());
    let connected = connected.map_err(InputError::new)?;
    if let Some(connection) = &connected {
        elsewhere(&mut new, &connection.client)?;
    }
    let level = |path: &str| {
        let mapping = manifest.as_ref().and_then(|manifest| manifest.mapping(&in_manifest(path)?));
        let own = mapping.and_then(|mapping| mapping.config.as_ref()).map_or_else(Config::default, config_from);
        let mut config = own;
        if let Some(whole) = manifest.as_ref().and_then(|manifest| manifest.config.as_ref()) {
            config.fall_through(&config_from(whole));
        }
        rules(arguments, &config)
    };
    let strictness = ReadStrictness { validate_fields: false, strict: arguments.strict, normalize: arguments.normalize };
    let (schemas, against) = if against == REGISTRY {
        let client: RegistryClient = connected.map(|connection| connection.client).ok_or_else(|| {
            InputError::new("--against registry: --registry URL, --env NAME or the variable ACCORDANT_REGISTRY says which")
        })?;
        let homes =
            |path: &str, record: Option<&str>| registry::home(manifest.as_ref(), in_manifest(path).as_deref(), path, record);
        let own = Config {
            compatibility: arguments.level,
            compatibility_policy: arguments.policy,
            protobuf_policy: arguments.protobuf_policy,
            ..Config::default()
        };
        (registry::judge_all(&new, &client, strictness, &own, &homes)?, client.url(""))
    } else {
        let mut old = Workspace::read(sides.old_listing(against)?, &sides.scopes, &choose, lookup, EARLIER)?;
        if let Some(connection) = &connected {
            elsewhere(&mut old, &connection.client)?;
        }
        (judge(&new, &old, strictness, &level)?, sides.against.clone())
    };
    if schemas.is_empty() {
        return Err(InputError::new(format!("no schemas in {}", paths.join(", "))));
    }
    Ok(FolderReport { against, schemas, passed_over: new.passed_over, refuse_removed: arguments.refuse_removed })
}

/// What `--reference` gives.
pub(in crate::cli) fn named(pairs: &[String]) -> Result<Vec<(String, source::InputText)>, InputError> {
    let read = |pair: &String| {
        let split = pair.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty());
        let (name, path) = split.ok_or_else(|| InputError::new(format!("reference '{pair}': expected NAME=PATH")))?;
        Ok((name.to_owned(), source::read(path)?))
    };
    pairs.iter().map(read).collect()
}

/// A flag that is about one schema.
fn unsuitable(arguments: &Arguments) -> Option<&'static str> {
    let given = [
        (!arguments.against_dir.is_empty(), "--against-dir"),
        (arguments.subject.is_some(), "--subject"),
        (arguments.of_version.is_some(), "--version"),
        (arguments.schema_type.is_some(), "--type"),
        (!arguments.property.is_empty(), "--property"),
        (!arguments.against_reference.is_empty(), "--against-reference"),
        (!arguments.against_proto_path.is_empty(), "--against-proto-path"),
        (arguments.new.iter().chain(&arguments.against).any(|path| path == source::STDIN), "standard input"),
    ];
    given.into_iter().find_map(|(given, flag)| given.then_some(flag))
}
