//! `accordant sample`: data that is made up, valid or with one thing wrong.

use serde_json::json;

use super::arguments::{OutputForm, SampleArguments, SampleForm};
use super::bytes;
use super::container_file::ContainerFile;
use super::encode::frame;
use super::schemas::{DataSchema, Schemas};
use crate::cli::check::InputError;
use crate::cli::check::style::print;
use crate::cli::exit::Exit;
use crate::records::{Broken, EncodeOptions, RandomSource, RecordSampler, Sample, framed};
use crate::schema::payload::{DataFault, Effort, Work};

pub(super) fn sample(asked: &SampleArguments) -> Result<Exit, InputError> {
    let mut schemas = Schemas::new(&asked.schema, &asked.place);
    let schema = match &asked.which {
        Some(which) => Some(schemas.reader(which)?),
        None => schemas.named()?,
    };
    let schema = schema.ok_or_else(|| InputError::new("which schema? SUBJECT or FILE, --subject, --id or --guid says so"))?;
    let sampler = RecordSampler::new(&schema.parsed, schema.payload.clone())
        .map_err(|error| InputError::new(format!("the schema can't be sampled: {error}")))?;
    let seed = asked.seed.unwrap_or_else(chance);
    let mut source = RandomSource::new(seed);
    let options = EncodeOptions { unions: asked.schema.form.into(), message: asked.schema.message.clone() };
    let file = asked.container.map(|codec| ContainerFile::begin(&schema, codec, fastrand::Rng::with_seed(seed).u128(..)));
    let mut file = file.transpose()?;
    for _ in 0..asked.number.max(1) {
        let mut work = Work::new(Effort::Full, None);
        let sample = sampler.sample(&mut source, &options, &mut work).map_err(|faults| InputError::new(said(&faults)))?;
        if asked.invalid {
            let broken = match asked.output.bytes() {
                None => sampler.broken(&sample, &options, &work),
                Some(_) => sampler.broken_bytes(&sample, &options, &work),
            };
            for one in &broken {
                show_broken(asked, &schema, &sample, one)?;
            }
        } else if let Some(file) = &mut file {
            file.add(&sample.encoded.bytes)?;
        } else {
            show(asked, &schema, &sample)?;
        }
    }
    if let Some(file) = file {
        file.finish()?;
    }
    Ok(Exit::Success)
}

/// Another one for each run.
fn chance() -> u64 {
    fastrand::u64(..)
}

fn said(faults: &[DataFault]) -> String {
    let first = faults.first().map_or("no sample was found", |fault| fault.message.as_str());
    format!("the schema can't be sampled: {first}")
}

fn show(asked: &SampleArguments, schema: &DataSchema, sample: &Sample) -> Result<(), InputError> {
    match asked.output.bytes() {
        None => print(&format!("{}\n", sample.json)).map_err(InputError::new),
        Some(form) => {
            let frame = frame(asked.framing, asked.names_file(), schema)?;
            let data = frame.map_or_else(|| sample.encoded.bytes.clone(), |by| framed(by, &sample.encoded));
            bytes::print(&data, form)
        }
    }
}

/// A line of JSON: which rule is broken where, and the data.
fn show_broken(asked: &SampleArguments, schema: &DataSchema, sample: &Sample, broken: &Broken) -> Result<(), InputError> {
    use base64::Engine as _;
    let data = match (asked.output.bytes(), &broken.bytes) {
        (Some(form), Some(found)) => {
            let encoded = crate::records::Encoded { bytes: found.clone(), ..sample.encoded.clone() };
            let frame = frame(asked.framing, asked.names_file(), schema)?;
            let data = frame.map_or_else(|| found.clone(), |by| framed(by, &encoded));
            match form {
                OutputForm::Raw => return bytes::print(&data, form),
                OutputForm::Hex => json!(crate::types::hex(&data)),
                OutputForm::Base64 => json!(base64::engine::general_purpose::STANDARD.encode(&data)),
            }
        }
        _ => broken.json.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
    };
    let line = json!({ "rule": broken.rule, "pointer": broken.pointer, "message": broken.message, "data": data });
    print(&format!("{line}\n")).map_err(InputError::new)
}

impl SampleForm {
    /// `None` for JSON.
    fn bytes(self) -> Option<OutputForm> {
        match self {
            Self::Json => None,
            Self::Raw => Some(OutputForm::Raw),
            Self::Base64 => Some(OutputForm::Base64),
            Self::Hex => Some(OutputForm::Hex),
        }
    }
}
