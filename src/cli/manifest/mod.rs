//! `accordant.toml`: which files are which subjects, where the registries are, and which rules are looked for.
//!
//! - `file`: the file as it is written
//! - `pattern`: patterns of paths with captures
//! - `mapping`: from a path to a subject
//! - `gitops`: the state files of schema-registry-gitops

mod file;
mod gitops;
mod mapping;
mod pattern;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(super) use self::file::{Environment, LintSettings};
pub(super) use self::mapping::{Mapped, Mapping, OldVersion, ReferenceTarget};
pub(super) use self::pattern::PathPattern;

/// The name of the file.
pub(super) const FILE: &str = "accordant.toml";

/// What a file of either form says.
#[derive(Debug, Clone, Default)]
pub(super) struct Manifest {
    /// The file as the user calls it; empty where there is none.
    pub(super) name: String,
    /// The folder that everything in it is relative to.
    pub(super) folder: PathBuf,
    /// The environment that is meant where none is named.
    pub(super) environment: Option<String>,
    pub(super) environments: BTreeMap<String, Environment>,
    /// The first that matches a path has it.
    pub(super) mappings: Vec<Mapping>,
    /// Versions beside the latest; their files are excluded from everything else.
    pub(super) old: Vec<OldVersion>,
    /// Paths that are no schemas of this repository.
    pub(super) exclude: Vec<PathPattern>,
    /// Folders that Protobuf imports are relative to.
    pub(super) proto_path: Vec<String>,
    /// What all subjects begin with that belong to this repository.
    pub(super) prefix: String,
    /// The config of the registry as a whole, with the keys of the REST API.
    pub(super) config: Option<Value>,
    /// The mode of the registry as a whole.
    pub(super) mode: Option<String>,
    pub(super) lint: LintSettings,
}

impl Manifest {
    /// Reads a file: YAML by its extension, else TOML.
    ///
    /// # Errors
    /// One line that says what is wrong, and where.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        let is_yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        let read = if is_yaml { gitops::read(&text) } else { file::read(&text) };
        let manifest = read.map_err(|error| format!("{name}: {error}"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { name, folder: folder.to_path_buf(), ..manifest })
    }

    /// The file that is named, or the one of the working directory or of a folder above it.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub(super) fn find(named: Option<&str>) -> Result<Option<Self>, String> {
        if let Some(named) = named {
            return Self::read(Path::new(named)).map(Some);
        }
        let here = std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?;
        for (up, folder) in here.ancestors().enumerate() {
            if folder.join(FILE).is_file() {
                let path: PathBuf = std::iter::repeat_n("..", up).chain([FILE]).collect();
                return Self::read(&path).map(Some);
            }
            // a repository ends where the next one around it would begin
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(None)
    }

    /// The subject of a file, by its path from the manifest's folder with forward slashes. `record` is the name that the schema gives
    /// itself.
    ///
    /// # Errors
    /// The strategy needs a name that the schema does not have.
    pub(super) fn mapped(&self, path: &str, record: Option<&str>) -> Result<Option<Mapped<'_>>, String> {
        self.mapping(path).map(|mapping| mapping.mapped(path, record)).transpose()
    }

    /// The entry that a file has, by the same path.
    pub(super) fn mapping(&self, path: &str) -> Option<&Mapping> {
        if self.exclude.iter().any(|pattern| pattern.matches(path)) {
            return None;
        }
        self.mappings.iter().find(|mapping| mapping.files.matches(path))
    }
}
