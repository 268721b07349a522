//! A file that is written, line by line: there whole when it is done, or not at all.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Error, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::cli::check::InputError;

type Plain = BufWriter<Box<dyn Write + Send>>;

enum OutputEncoder {
    Plain(Plain),
    Gzip(GzEncoder<Plain>),
    Zstd(zstd::Encoder<'static, Plain>),
}

pub(super) struct Output {
    path: String,
    /// The file under the name that it has until it is done; nothing for standard output.
    unfinished: Option<(String, File)>,
    encoder: OutputEncoder,
}

impl Output {
    /// Compressed where its name ends in `.gz` or `.zst`. `-` is standard output.
    pub(super) fn create(path: &str) -> Result<Self, InputError> {
        let wrong = |error: Error| InputError::of(path, format!("can't be written: {error}"));
        let (unfinished, to): (_, Box<dyn Write + Send>) = if path == "-" {
            (None, Box::new(std::io::stdout()))
        } else {
            let name = format!("{path}.unfinished");
            let file = File::create(&name).map_err(wrong)?;
            let to = file.try_clone().map_err(wrong)?;
            (Some((name, file)), Box::new(to))
        };
        let to = BufWriter::with_capacity(1 << 16, to);
        let extension = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let encoder = match extension.as_str() {
            "gz" => OutputEncoder::Gzip(GzEncoder::new(to, Compression::default())),
            "zst" => OutputEncoder::Zstd(zstd::Encoder::new(to, 0).map_err(wrong)?),
            _ => OutputEncoder::Plain(to),
        };
        Ok(Self { path: path.to_owned(), unfinished, encoder })
    }

    fn failed(&self, error: &Error) -> InputError {
        InputError::of(&self.path, format!("can't be written: {error}"))
    }

    fn write(&mut self, text: &str) -> Result<(), InputError> {
        let bytes = text.as_bytes();
        let written = match &mut self.encoder {
            OutputEncoder::Plain(to) => to.write_all(bytes),
            OutputEncoder::Gzip(to) => to.write_all(bytes),
            OutputEncoder::Zstd(to) => to.write_all(bytes),
        };
        written.map_err(|error| self.failed(&error))
    }

    /// One line of JSON.
    pub(super) fn line(&mut self, value: &Value) -> Result<(), InputError> {
        self.write(&format!("{value}\n"))
    }

    /// One record as a console producer takes it.
    pub(super) fn record(&mut self, (key, value): &(Value, Value)) -> Result<(), InputError> {
        self.write(&format!("{key}\t{value}\n"))
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), InputError> {
        let plain = OutputEncoder::Plain(BufWriter::new(Box::new(std::io::sink())));
        let done = match std::mem::replace(&mut self.encoder, plain) {
            OutputEncoder::Plain(to) => Ok(to),
            OutputEncoder::Gzip(to) => to.finish(),
            OutputEncoder::Zstd(to) => to.finish(),
        };
        done.and_then(|mut to| to.flush()).map_err(|error| self.failed(&error))?;
        if let Some((name, file)) = self.unfinished.take() {
            let named = file.sync_all().and_then(|()| std::fs::rename(&name, &self.path));
            named.map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }
}

impl Drop for Output {
    /// What was not finished is of no use to anybody.
    fn drop(&mut self) {
        if let Some((name, _)) = &self.unfinished {
            let _ = std::fs::remove_file(name);
        }
    }
}
