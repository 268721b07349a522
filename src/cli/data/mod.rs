//! `accordant decode`, `encode` and `sample`: data of records as JSON, and back; and made up.
//!
//! - `arguments`: what can be asked
//! - `schemas`: where the schema of the data comes from
//! - `decode`, `encode`, `sample`: the commands; `bytes`: bytes as text; `container_file`: Avro files that are written

mod arguments;
mod bytes;
mod container_file;
mod decode;
mod encode;
mod sample;
mod schemas;

pub(super) use self::arguments::SchemaArguments;
pub(super) use self::schemas::{DataSchema, Schemas};
use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use self::arguments::{DecodeArguments, EncodeArguments, OutputForm, SampleArguments};
use super::check::{InputError, on_deep_stack};
use super::exit::Exit;

/// Prints bytes as they are.
pub(super) fn print_raw(bytes: &[u8]) -> Result<(), InputError> {
    bytes::print(bytes, OutputForm::Raw)
}

/// The names of the commands.
pub(super) const NAMES: [&str; 3] = ["decode", "encode", "sample"];

/// The commands for the command line.
pub(super) fn commands() -> [Command; 3] {
    let command = |name: &'static str| Command::new(name).disable_version_flag(true);
    [
        DecodeArguments::augment_args(command("decode"))
            .about("Print what is in messages, and what readers with another schema see")
            .after_help(arguments::DECODE_HELP),
        EncodeArguments::augment_args(command("encode")).about("Make messages of JSON").after_help(arguments::ENCODE_HELP),
        SampleArguments::augment_args(command("sample"))
            .about("Make up data that a schema accepts, or that it must refuse")
            .after_help(arguments::SAMPLE_HELP),
    ]
}

/// Runs one of the commands; an error is the one line that says why it can't.
pub(super) fn run(name: &str, matches: &ArgMatches) -> Result<Exit, String> {
    let wrong = |error: clap::Error| error.to_string();
    let ended = match name {
        "decode" => {
            let asked = DecodeArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| decode::decode(&asked))
        }
        "sample" => {
            let asked = SampleArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| sample::sample(&asked))
        }
        _ => {
            let asked = EncodeArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| encode::encode(&asked))
        }
    };
    ended.map_err(|error| error.to_string())
}
