//! `accordant encode`: messages out of JSON.

use super::arguments::{Cut, EncodeArguments, FramingForm, OutputForm};
use super::bytes;
use super::container_file::ContainerFile;
use super::schemas::{DataSchema, Schemas};
use crate::cli::check::InputError;
use crate::cli::check::style::without_controls;
use crate::cli::exit::Exit;
use crate::records::{self, EncodeOptions, FrameBy, framed};
use crate::schema::payload::{Effort, Work};

/// Where encoded data goes.
enum Out {
    /// Each on its own, framed or not.
    Pieces {
        frame: Option<FrameBy>,
        form: OutputForm,
    },
    Container(ContainerFile),
}

pub(super) fn encode(asked: &EncodeArguments) -> Result<Exit, InputError> {
    let input = bytes::read(&asked.file)?;
    let text = std::str::from_utf8(&input).map_err(|_| InputError::of(&asked.file, "is not UTF-8"))?;
    let mut schemas = Schemas::new(&asked.schema, &asked.place);
    let schema = schemas.named()?.ok_or_else(|| InputError::new("which schema? --subject, --id, --guid or --schema says so"))?;
    let mut out = match asked.container {
        Some(codec) => Out::Container(ContainerFile::begin(&schema, codec, fastrand::u128(..))?),
        None => Out::Pieces {
            frame: frame(asked.framing, asked.schema.schema.is_some(), &schema)?,
            form: asked.output.unwrap_or(if asked.input == Cut::Whole { OutputForm::Raw } else { OutputForm::Base64 }),
        },
    };
    let mut exit = Exit::Success;
    match asked.input {
        Cut::Whole => one(asked, &schema, &mut out, &asked.file, text, &mut exit)?,
        Cut::Lines => {
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                one(asked, &schema, &mut out, &format!("{} line {number}", asked.file), line, &mut exit)?;
            }
        }
    }
    if let Out::Container(file) = out {
        file.finish()?;
    }
    Ok(exit)
}

/// What stands before the data.
pub(super) fn frame(asked: Option<FramingForm>, is_file: bool, schema: &DataSchema) -> Result<Option<FrameBy>, InputError> {
    let missing = |what: &str| InputError::new(format!("the {what} of the schema is not known; --framing none leaves it out"));
    match asked.unwrap_or(if is_file { FramingForm::None } else { FramingForm::Id }) {
        FramingForm::Id => schema.id().map(|id| Some(FrameBy::Id(id))).ok_or_else(|| missing("id")),
        FramingForm::Guid => schema.guid().map(|guid| Some(FrameBy::Guid(guid))).ok_or_else(|| missing("guid")),
        FramingForm::None => Ok(None),
    }
}

fn one(
    asked: &EncodeArguments,
    schema: &DataSchema,
    out: &mut Out,
    name: &str,
    text: &str,
    exit: &mut Exit,
) -> Result<(), InputError> {
    use std::io::Write as _;
    let options = EncodeOptions { unions: asked.schema.form.into(), message: asked.schema.message.clone() };
    match records::encode(&schema.payload, text, &options, &mut Work::new(Effort::Full, None)) {
        Ok(encoded) => match out {
            Out::Pieces { frame: Some(by), form } => bytes::print(&framed(*by, &encoded), *form),
            Out::Pieces { frame: None, form } => bytes::print(&encoded.bytes, *form),
            Out::Container(file) => file.add(&encoded.bytes),
        },
        Err(faults) => {
            *exit = Exit::Refused;
            for fault in faults {
                let place = if fault.pointer.is_empty() { "the data".to_owned() } else { fault.pointer };
                let line = without_controls(&format!("{name}: {place}: {}", fault.message));
                let written = writeln!(std::io::stderr(), "accordant: {line}");
                written.map_err(|error| InputError::new(format!("can't write: {error}")))?;
            }
            Ok(())
        }
    }
}
