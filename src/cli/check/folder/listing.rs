//! The files of a folder, of the working tree or of a commit.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::git::{GitTree, MAX_FILE_BYTES};
use crate::cli::check::input_error::InputError;
use crate::codec::unicode;

/// Most files that are looked at.
const MAX_FILES: usize = 100_000;

/// Where files are. All paths are written from its base on, with forward slashes.
pub(in crate::cli) enum Listing {
    Disk {
        base: PathBuf,
        /// The working directory from the base on, where it is below.
        here: Option<String>,
        /// What the user calls the base; empty where `here` tells.
        shown: String,
    },
    Git(GitTree),
}

/// Which part of a listing is meant: a folder with all that is below it (empty: everything), or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum ListingScope {
    Folder(String),
    File(String),
}

impl ListingScope {
    fn holds(&self, path: &str) -> bool {
        match self {
            Self::File(file) => file == path,
            Self::Folder(folder) if folder.is_empty() => true,
            Self::Folder(folder) => path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')),
        }
    }
}

impl Listing {
    /// What people call a file. A name can't steer a terminal, nor look like another line of a report.
    pub(super) fn name(&self, path: &str) -> String {
        self.called(path).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    }

    fn called(&self, path: &str) -> String {
        match self {
            Self::Disk { shown, here, base } if shown.is_empty() => from_here(base, here.as_deref(), path),
            Self::Disk { shown, .. } => format!("{shown}/{path}"),
            Self::Git(tree) if tree.name.contains(':') => format!("{}/{path}", tree.name),
            Self::Git(tree) => format!("{}:{path}", tree.name),
        }
    }

    /// The paths within the scopes that are wanted, in order. Hidden files are none, nor what `.gitignore` names; a file that
    /// was named is one whatever it is called.
    pub(super) fn paths(&self, scopes: &[ListingScope], is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, InputError> {
        let mut found = Vec::new();
        match self {
            Self::Git(tree) => {
                let hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
                let named = |path: &str| scopes.iter().any(|scope| matches!(scope, ListingScope::File(file) if file == path));
                let wanted = |path: &&str| {
                    named(path) || (is_wanted(path) && !hidden(path) && scopes.iter().any(|scope| scope.holds(path)))
                };
                found.extend(tree.paths().filter(wanted).map(str::to_owned));
            }
            Self::Disk { base, .. } => {
                for scope in scopes {
                    match scope {
                        ListingScope::File(file) => {
                            if base.join(file).is_file() {
                                found.push(file.clone());
                            }
                        }
                        ListingScope::Folder(folder) => walk(base, folder, is_wanted, &mut found)?,
                    }
                }
            }
        }
        found.sort();
        found.dedup();
        if found.len() > MAX_FILES {
            return Err(InputError::new(format!("there are more than {MAX_FILES} files; name the folders with schemas")));
        }
        Ok(found)
    }

    /// The texts of files; `None` where there is none.
    pub(super) fn read(&self, paths: &[String]) -> Vec<Result<Option<String>, InputError>> {
        match self {
            Self::Git(tree) => tree.read(paths),
            Self::Disk { base, .. } => paths.iter().map(|path| self.of_disk(base, path)).collect(),
        }
    }

    fn of_disk(&self, base: &Path, path: &str) -> Result<Option<String>, InputError> {
        let file = base.join(path);
        let Ok(about) = std::fs::metadata(&file) else { return Ok(None) };
        if !about.is_file() {
            return Ok(None);
        }
        let name = self.name(path);
        if about.len() > MAX_FILE_BYTES {
            return Err(InputError::of(&name, format!("more than {MAX_FILE_BYTES} bytes")));
        }
        let unreadable = |error: &dyn std::fmt::Display| InputError::of(&name, format!("can't be read: {error}"));
        let bytes = std::fs::read(&file).map_err(|error| unreadable(&error))?;
        let text = unicode::to_text(&bytes).map_err(|error| unreadable(&error))?;
        Ok(Some(text))
    }
}

/// A path as it is called from the working directory.
fn from_here(base: &Path, here: Option<&str>, path: &str) -> String {
    match here {
        Some("") => path.to_owned(),
        Some(here) => match path.strip_prefix(here).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) => rest.to_owned(),
            None => format!("{}{path}", "../".repeat(here.split('/').count())),
        },
        None => base.join(path).to_string_lossy().into_owned(),
    }
}

fn walk(base: &Path, folder: &str, is_wanted: &dyn Fn(&str) -> bool, found: &mut Vec<String>) -> Result<(), InputError> {
    let root = if folder.is_empty() { base.to_path_buf() } else { base.join(folder) };
    if !root.is_dir() {
        return Ok(());
    }
    // .gitignore counts also where there is no repository; links are not followed, so that none leads in a circle
    for entry in WalkBuilder::new(&root).require_git(false).follow_links(false).build() {
        let entry = entry.map_err(|error| InputError::of(&root.to_string_lossy(), format!("can't be read: {error}")))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(relative) = entry.path().strip_prefix(base) else { continue };
        let Some(path) = relative.to_str().map(|path| path.replace('\\', "/")) else { continue };
        if is_wanted(&path) {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            break;
        }
    }
    Ok(())
}

/// A path with `.` and `..` taken out of it; `None` when it leads out of the base.
pub(super) fn plain(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
