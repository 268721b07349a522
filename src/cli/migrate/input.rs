//! A file that is read, more than once if need be, whether it is compressed or not: line by line, and never whole unless its kind asks for it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

/// Longest line. A schema has at most some megabytes.
const MAX_LINE: u64 = 256 << 20;
/// How zstd and gzip begin.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A file of this process alone, which is gone when the process is.
pub(super) fn temporary() -> Result<File, String> {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("accordant-{}", uuid::Uuid::new_v4()));
    let wrong = |error: std::io::Error| format!("no file can be made in {} (TMPDIR): {error}", folder.display());
    let file = OpenOptions::new().create_new(true).read(true).write(true).mode(0o600).open(&path).map_err(wrong)?;
    std::fs::remove_file(&path).map_err(wrong)?;
    Ok(file)
}

#[derive(Debug, Clone)]
pub(super) struct InputFile {
    pub(super) path: String,
    file: Arc<File>,
}

/// What was compressed; its errors say so.
struct Packed<R>(R);

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            kind => std::io::Error::new(kind, NotUnpacked(error)),
        })
    }
}

#[derive(Debug)]
struct NotUnpacked(std::io::Error);

impl fmt::Display for NotUnpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't be decompressed: {}", self.0)
    }
}

impl std::error::Error for NotUnpacked {}

/// What an error of reading says.
pub(super) fn failed(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<NotUnpacked>()) {
        Some(packed) => packed.to_string(),
        None => format!("can't be read: {error}"),
    }
}

/// Reads from a place that is its own, whoever else reads.
struct OffsetReader {
    file: Arc<File>,
    at: u64,
}

impl Read for OffsetReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl InputFile {
    /// `-` is standard input, which is kept in a file of our own for as long as it is wanted, as is what is no file on a disk.
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let wrong = |error: std::io::Error| failed(&error);
        let from = if path == "-" { None } else { Some(File::open(path).map_err(wrong)?) };
        let file = match from {
            // what is no file on a disk, or can't be told from one, is read once
            Some(file) if file.metadata().is_ok_and(|found| found.is_file()) => file,
            Some(mut file) => Self::kept(&mut file)?,
            None => Self::kept(&mut std::io::stdin().lock())?,
        };
        Ok(Self { path: path.to_owned(), file: Arc::new(file) })
    }

    fn kept(from: &mut dyn Read) -> Result<File, String> {
        let mut kept = temporary()?;
        let copied = std::io::copy(from, &mut kept).and_then(|_| kept.flush());
        copied.map(|()| kept).map_err(|error| failed(&error))
    }

    /// The text, no longer compressed, from its begin.
    pub(super) fn text(&self) -> Result<Box<dyn BufRead + Send>, String> {
        let mut whole = OffsetReader { file: Arc::clone(&self.file), at: 0 };
        let begin = Self::begin(&mut whole)?;
        whole.at = 0;
        Ok(if begin.starts_with(&GZIP) {
            Box::new(BufReader::new(Packed(MultiGzDecoder::new(BufReader::new(whole)))))
        } else if begin == ZSTD {
            Box::new(BufReader::new(Packed(zstd::Decoder::new(whole).map_err(|error| failed(&error))?)))
        } else {
            Box::new(BufReader::with_capacity(1 << 16, whole))
        })
    }

    fn begin(whole: &mut OffsetReader) -> Result<[u8; 4], String> {
        let mut begin = [0; 4];
        let mut read = 0;
        while let Some(rest) = begin.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match whole.read(rest) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(begin)
    }

    /// Its lines.
    pub(super) fn lines(&self) -> Result<Lines, String> {
        Ok(Lines { from: self.text()?, number: 0 })
    }

    /// How it begins.
    pub(super) fn begins_with(&self, magic: &[u8]) -> Result<bool, String> {
        let mut begin = Vec::new();
        let read = self.text()?.take(magic.len() as u64).read_to_end(&mut begin);
        read.map_err(|error| failed(&error))?;
        Ok(begin == magic)
    }

    /// Beside it.
    pub(super) fn beside(&self, name: &str) -> Result<Self, String> {
        let folder = Path::new(&self.path).parent().unwrap_or_else(|| Path::new(""));
        Self::open(&folder.join(name).to_string_lossy())
    }
}

/// Lines with their numbers, without what ends them.
pub(super) struct Lines {
    from: Box<dyn BufRead + Send>,
    number: usize,
}

impl Lines {
    fn read(&mut self) -> Result<Option<String>, String> {
        let mut line = Vec::new();
        let read = self.from.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| failed(&error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.len() as u64 > MAX_LINE {
            return Err(format!("line {} has more than {MAX_LINE} bytes", self.number));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        String::from_utf8(line).map(Some).map_err(|_| format!("line {}: is not UTF-8", self.number))
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().map(|line| line.map(|line| (self.number, line))).transpose()
    }
}
