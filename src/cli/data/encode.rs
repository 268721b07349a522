//! `accordant encode`: messages out of JSON.

use super::arguments::{Cut, EncodeArguments, FramingForm, OutputForm};
use super::bytes;
use super::schemas::{DataSchema, Schemas};
use crate::cli::check::InputError;
use crate::cli::check::style::without_controls;
use crate::cli::exit::Exit;
use crate::records::{self, EncodeOptions, FrameBy, framed};
use crate::schema::payload::{Effort, Work};

pub(super) fn encode(asked: &EncodeArguments) -> Result<Exit, InputError> {
    let input = bytes::read(&asked.file)?;
    let text = std::str::from_utf8(&input).map_err(|_| InputError::of(&asked.file, "is not UTF-8"))?;
    let mut schemas = Schemas::new(&asked.schema, &asked.place);
    let schema = schemas.named()?.ok_or_else(|| InputError::new("which schema? --subject, --id, --guid or --schema says so"))?;
    let frame = frame(asked.framing, asked.schema.schema.is_some(), &schema)?;
    let mut exit = Exit::Success;
    match asked.input {
        Cut::Whole => one(asked, &schema, frame, &asked.file, text, asked.output.unwrap_or(OutputForm::Raw), &mut exit)?,
        Cut::Lines => {
            let output = asked.output.unwrap_or(OutputForm::Base64);
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                one(asked, &schema, frame, &format!("{} line {number}", asked.file), line, output, &mut exit)?;
            }
        }
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
    frame: Option<FrameBy>,
    name: &str,
    text: &str,
    output: OutputForm,
    exit: &mut Exit,
) -> Result<(), InputError> {
    use std::io::Write as _;
    let options = EncodeOptions { unions: asked.schema.form.into(), message: asked.schema.message.clone() };
    match records::encode(&schema.payload, text, &options, &mut Work::new(Effort::Full, None)) {
        Ok(encoded) => {
            let data = frame.map_or_else(|| encoded.bytes.clone(), |by| framed(by, &encoded));
            bytes::print(&data, output)
        }
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
