//! Which folders the arguments mean: both sides write their paths from one base on, so that a file has the same path on both.

use std::path::{Path, PathBuf};

use super::GIT;
use super::git::{self, GitTree};
use super::listing::{Listing, ListingScope, plain};
use crate::cli::check::input_error::InputError;
use crate::cli::manifest::Manifest;

/// The new side, and how the old one is to be read.
pub(in crate::cli) struct FolderSides {
    /// The folder that paths begin at, without links.
    base: PathBuf,
    /// The working directory from the base on, if it is below.
    here: Option<String>,
    /// What the user calls the base.
    shown: String,
    pub(super) scopes: Vec<ListingScope>,
    /// What people call the old side.
    pub(super) against: String,
}

fn real(path: &str) -> Result<PathBuf, InputError> {
    Path::new(path).canonicalize().map_err(|error| InputError::of(path, format!("can't be read: {error}")))
}

fn here() -> Result<PathBuf, InputError> {
    std::env::current_dir()
        .and_then(|here| here.canonicalize())
        .map_err(|error| InputError::new(format!("no working directory: {error}")))
}

/// A path from a folder on; `None` when it is not below.
fn below(folder: &Path, path: &Path) -> Option<String> {
    let rest = path.strip_prefix(folder).ok()?;
    rest.to_str().map(|rest| rest.replace('\\', "/"))
}

/// The schemas of files and folders, with paths from the working directory on where they are below it.
pub(in crate::cli) fn disk(paths: &[String]) -> Result<FolderSides, InputError> {
    let here = here()?;
    let real = paths.iter().map(|path| real(path)).collect::<Result<Vec<_>, _>>()?;
    let is_here = real.iter().all(|path| path.starts_with(&here));
    if is_here { FolderSides::over(here, String::new(), &real, String::new()) } else { FolderSides::new(paths, "") }
}

impl FolderSides {
    pub(in crate::cli) fn new(paths: &[String], against: &str) -> Result<Self, InputError> {
        let found = paths.iter().map(|path| real(path)).collect::<Result<Vec<_>, _>>()?;
        let folder_of = |path: &PathBuf| if path.is_dir() { path.clone() } else { path.parent().unwrap_or(path).to_path_buf() };
        if let Some(revision) = against.strip_prefix(GIT) {
            let first = found.first().map_or_else(here, |first| Ok(folder_of(first)))?;
            let top = git::top_level(&first)?;
            let top = top.canonicalize().unwrap_or(top);
            if !revision.contains(':') {
                return Self::over(top, String::new(), &found, revision.to_owned());
            }
        }
        let name = against.strip_prefix(GIT).unwrap_or(against).to_owned();
        let (base, shown) = match (paths, found.as_slice()) {
            ([path], [one]) => {
                let shown = if one.is_dir() { path.as_str() } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
                let shown =
                    if shown.starts_with('/') { shown.to_owned() } else { plain(shown).unwrap_or_else(|| shown.to_owned()) };
                (folder_of(one), shown.trim_end_matches('/').to_owned())
            }
            _ => (here()?, String::new()),
        };
        Self::over(base, shown, &found, name)
    }

    fn over(base: PathBuf, shown: String, paths: &[PathBuf], against: String) -> Result<Self, InputError> {
        let scope = |path: &PathBuf| {
            let inside = below(&base, path)
                .ok_or_else(|| InputError::of(&path.to_string_lossy(), format!("is not below {}", base.display())))?;
            Ok(if path.is_dir() { ListingScope::Folder(inside) } else { ListingScope::File(inside) })
        };
        let scopes = paths.iter().map(scope).collect::<Result<Vec<_>, InputError>>()?;
        let here = below(&base, &here()?).filter(|_| shown.is_empty());
        Ok(Self { base, here, shown, scopes, against })
    }

    pub(in crate::cli) fn scopes(&self) -> &[ListingScope] {
        &self.scopes
    }

    pub(in crate::cli) fn new_listing(&self) -> Listing {
        Listing::Disk { base: self.base.clone(), here: self.here.clone(), shown: self.shown.clone() }
    }

    pub(in crate::cli) fn old_listing(&self, against: &str) -> Result<Listing, InputError> {
        if let Some(revision) = against.strip_prefix(GIT) {
            let (revision, folder) = revision.split_once(':').unwrap_or((revision, ""));
            let folder =
                plain(folder).ok_or_else(|| InputError::new(format!("{against}: the folder is not in the repository")))?;
            return Ok(Listing::Git(GitTree::new(&self.base, revision, &folder)?));
        }
        let base = real(against)?;
        if !base.is_dir() {
            return Err(InputError::of(
                against,
                "is not a folder; several schemas are compared with a folder, a commit or a registry",
            ));
        }
        let shown = against.trim_end_matches('/').to_owned();
        Ok(Listing::Disk { base, here: None, shown })
    }

    /// A path of the base from another folder on, as its patterns have it.
    pub(in crate::cli) fn from(&self, folder: &Path, path: &str) -> Option<String> {
        below(&folder.canonicalize().ok()?, &self.base.join(path))
    }

    /// The file on disk.
    pub(in crate::cli) fn on_disk(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// A path of another folder from the base on.
    pub(in crate::cli) fn inside(&self, folder: &Path, path: &str) -> Option<String> {
        below(&self.base, &folder.canonicalize().ok()?.join(plain(path)?))
    }

    /// The folders that imports are relative to, from the base on.
    pub(in crate::cli) fn proto_path(&self, given: &[String], manifest: Option<&Manifest>) -> Result<Vec<String>, InputError> {
        let mut folders = Vec::new();
        for folder in given {
            let found = real(folder)?;
            if !found.is_dir() {
                return Err(InputError::of(folder, "is not a folder"));
            }
            let inside = below(&self.base, &found);
            folders.push(inside.ok_or_else(|| InputError::of(folder, format!("is not below {}", self.base.display())))?);
        }
        folders.extend(self.of_manifest(manifest));
        Ok(folders)
    }

    /// The same, as `accordant.toml` has them.
    pub(in crate::cli) fn of_manifest(&self, manifest: Option<&Manifest>) -> Vec<String> {
        let folders = manifest.iter().flat_map(|manifest| manifest.proto_path.iter().map(|folder| (&manifest.folder, folder)));
        folders.filter_map(|(folder, path)| self.inside(folder, path)).collect()
    }
}
