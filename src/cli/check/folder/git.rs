//! Files of a commit, read through `git` itself: what it takes for a revision, a link or a filter is what it means.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::cli::check::input_error::InputError;
use crate::codec::unicode;

/// The largest file that is read, of a commit or of a folder.
pub(super) const MAX_FILE_BYTES: u64 = 16 << 20;

/// Files that git is asked for before they are read; the words for them fit into a pipe.
const AHEAD: usize = 100;

/// The files below a folder of a commit.
pub(in crate::cli) struct GitTree {
    /// What was asked for, as `REF` or `REF:FOLDER`.
    pub(super) name: String,
    /// Blobs by their paths from the folder.
    blobs: BTreeMap<String, Blob>,
    reader: Mutex<ObjectReader>,
}

struct Blob {
    id: String,
    size: u64,
}

/// `git cat-file --batch`, which answers one name after the other.
struct ObjectReader {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
    // hooks run with these, relative to another folder than the one that is asked about
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, InputError> {
    let output = git(folder).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| InputError::new(format!("git can't be run: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(InputError::new(format!("git {}: {}", arguments.first().unwrap_or(&""), said.trim())))
}

/// The working tree that a folder belongs to.
pub(super) fn top_level(folder: &Path) -> Result<PathBuf, InputError> {
    let said = run(folder, &["rev-parse", "--show-toplevel"])?;
    Ok(PathBuf::from(String::from_utf8_lossy(&said).trim_end_matches(['\r', '\n'])))
}

impl GitTree {
    /// Lists what is below `folder` (empty: all) of a revision of the repository at `repository`.
    pub(super) fn new(repository: &Path, revision: &str, folder: &str) -> Result<Self, InputError> {
        if revision.is_empty() || revision.starts_with('-') {
            return Err(InputError::new(format!("git:{revision}: that is no revision")));
        }
        let name = if folder.is_empty() { revision.to_owned() } else { format!("{revision}:{folder}") };
        let wanted = format!("{revision}^{{commit}}");
        let commit = run(repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]).map_err(|_| {
            InputError::new(format!("git:{revision}: there is no such commit here; a shallow clone has only some"))
        })?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let tree = if folder.is_empty() { commit } else { format!("{commit}:{folder}") };
        let listed = run(repository, &["ls-tree", "-r", "-l", "-z", "--full-tree", &tree])
            .map_err(|error| InputError::new(format!("git:{name}: {}", error.message)))?;
        let mut blobs = BTreeMap::new();
        for entry in listed.split(|byte| *byte == 0) {
            // MODE blob ID SIZE<tab>PATH
            let Ok(entry) = std::str::from_utf8(entry) else { continue };
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let mut words = head.split_ascii_whitespace();
            let (mode, kind, id, size) = (words.next(), words.next(), words.next(), words.next());
            // links are blobs too, of another mode
            if let (Some("100644" | "100755"), Some("blob"), Some(id), Some(Ok(size))) = (mode, kind, id, size.map(str::parse)) {
                blobs.insert(path.to_owned(), Blob { id: id.to_owned(), size });
            }
        }
        let mut command = git(repository);
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| InputError::new(format!("git can't be run: {error}")))?;
        let (Some(ask), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(InputError::new("git cat-file has no input and output"));
        };
        let reader = Mutex::new(ObjectReader { child, ask, answer: BufReader::new(answer) });
        Ok(Self { name, blobs, reader })
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.blobs.keys().map(String::as_str)
    }

    fn blob(&self, path: &str) -> Result<Option<&Blob>, InputError> {
        match self.blobs.get(path) {
            Some(blob) if blob.size > MAX_FILE_BYTES => Err(self.failed(path, format!("more than {MAX_FILE_BYTES} bytes"))),
            found => Ok(found),
        }
    }

    fn failed(&self, path: &str, why: impl std::fmt::Display) -> InputError {
        InputError::of(&format!("{}:{path}", self.name), why.to_string())
    }

    /// The texts of files; `None` where there is none.
    pub(super) fn read(&self, paths: &[String]) -> Vec<Result<Option<String>, InputError>> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let blobs: Vec<Result<Option<&Blob>, InputError>> = paths.iter().map(|path| self.blob(path)).collect();
        // git works on the next ones while this one is read
        let mut open = blobs.iter().flatten().flatten();
        let mut asked = open.by_ref().take(AHEAD).try_for_each(|blob| reader.ask(blob));
        let texts = paths.iter().zip(&blobs).map(|(path, blob)| {
            let Some(blob) = blob.clone()? else { return Ok(None) };
            if let Err(error) = &asked {
                return Err(self.failed(path, format!("git cat-file: {error}")));
            }
            let bytes = reader.answer(blob).map_err(|why| self.failed(path, format!("git cat-file: {why}")))?;
            if let Some(next) = open.next() {
                asked = reader.ask(next);
            }
            unicode::to_text(&bytes).map(Some).map_err(|error| self.failed(path, format!("can't be read: {error}")))
        });
        texts.collect()
    }
}

impl ObjectReader {
    fn ask(&mut self, blob: &Blob) -> std::io::Result<()> {
        writeln!(self.ask, "{}", blob.id).and_then(|()| self.ask.flush())
    }

    /// `ID blob SIZE`, the bytes, a line's end.
    fn answer(&mut self, blob: &Blob) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut head = String::new();
        self.answer.read_line(&mut head).map_err(failed)?;
        let size = head.trim_end().rsplit_once(' ').and_then(|(_, size)| size.parse::<u64>().ok());
        let size = size.filter(|size| *size == blob.size).ok_or_else(|| head.trim().to_owned())?;
        let mut bytes = Vec::new();
        let taken = self.answer.by_ref().take(size).read_to_end(&mut bytes).map_err(failed)?;
        let mut end = [0; 1];
        self.answer.read_exact(&mut end).map_err(failed)?;
        if taken as u64 == size { Ok(bytes) } else { Err("it ended early".to_owned()) }
    }
}
