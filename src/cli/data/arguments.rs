//! What `decode` and `encode` can be told.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cli::check::schema_type;
use crate::cli::registry::RegistryOptions;
use crate::records::{ContainerCodec, UnionEncoding};
use crate::types::SchemaType;

pub(super) const DECODE_HELP: &str = "\
Examples:
  accordant decode message.bin --registry http://localhost:8081
  accordant decode --base64 AAAAAAEKBA== --reader orders-value@latest
  kcat -C -t orders -e -f '%s' -c 1 | accordant decode
  accordant decode messages.jsonl --input lines --bytes base64
  accordant decode orders.avro
  accordant decode order.bin --schema order.avsc

Exit codes: 0 decoded, 1 some data can't be read, 2 can't tell (bad input, no connection).";

pub(super) const ENCODE_HELP: &str = "\
Examples:
  accordant encode order.json --subject orders-value > order.bin
  echo '{\"id\": 5}' | accordant encode --subject orders-value --output base64
  accordant encode orders.jsonl --input lines --subject orders-value --output hex
  accordant encode order.json --schema order.avsc --framing none > order.bin
  accordant encode orders.jsonl --input lines --schema order.avsc --container=zstandard > orders.avro

Exit codes: 0 encoded, 1 some data does not fit the schema, 2 can't tell (bad input, no connection).";

pub(super) const SAMPLE_HELP: &str = "\
Examples:
  accordant sample orders-value
  accordant sample order.avsc -n 100 --seed 1 > orders.jsonl
  accordant sample orders-value --output base64              framed, ready to be produced
  accordant sample order.json --invalid                      one broken value for each rule
  accordant sample orders-value | accordant encode --subject orders-value > order.bin

Exit codes: 0 made, 2 can't tell (bad input, no connection, no value that the schema accepts).";

fn codecs() -> impl TypedValueParser<Value = ContainerCodec> {
    PossibleValuesParser::new(ContainerCodec::NAMES).try_map(|name| name.parse::<ContainerCodec>())
}

/// How input is cut into pieces of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Cut {
    /// All of it is one
    #[default]
    Whole,
    /// Each line is one
    Lines,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum BytesNotation {
    #[default]
    Base64,
    Hex,
    /// As they are, one byte for each character up to U+00FF
    Text,
}

/// How bytes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputForm {
    /// As they are
    Raw,
    Base64,
    Hex,
}

/// How samples are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum SampleForm {
    /// JSON, a line each
    #[default]
    Json,
    /// Bytes as they are, one sample after the other
    Raw,
    /// Bytes in base64, a line each
    Base64,
    /// Bytes in hexadecimal digits, a line each
    Hex,
}

/// Where encoded data names its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum FramingForm {
    /// The id, before the data
    #[default]
    Id,
    /// The guid, before the data
    Guid,
    /// Nowhere
    None,
}

/// How unions of Avro are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum JsonForm {
    /// The value alone
    #[default]
    Plain,
    /// Avro's JSON encoding: {"string": "a"}
    AvroJson,
}

impl From<JsonForm> for UnionEncoding {
    fn from(form: JsonForm) -> Self {
        match form {
            JsonForm::Plain => Self::Plain,
            JsonForm::AvroJson => Self::Tagged,
        }
    }
}

/// The schema of the data.
#[derive(Debug, Args)]
#[command(next_help_heading = "Schema")]
pub(in crate::cli) struct SchemaArguments {
    /// The schema, in a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "id", "guid"])]
    pub(in crate::cli) schema: Option<String>,
    /// Format of files: avro, protobuf or json [default: by the file]
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type)]
    pub(in crate::cli) schema_type: Option<SchemaType>,
    /// A schema that files refer to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH")]
    pub(in crate::cli) reference: Vec<String>,
    /// Folder that Protobuf imports are relative to; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) proto_path: Vec<String>,
    /// The subject of the registry whose schema it is
    #[arg(long, value_name = "SUBJECT[@VERSION]", conflicts_with_all = ["id", "guid"])]
    pub(in crate::cli) subject: Option<String>,
    /// The id of the schema in the registry
    #[arg(long, value_name = "ID", conflicts_with = "guid")]
    pub(in crate::cli) id: Option<i32>,
    /// Its guid
    #[arg(long, value_name = "GUID")]
    pub(in crate::cli) guid: Option<String>,
    /// The context that ids belong to
    #[arg(long, value_name = "CONTEXT")]
    pub(in crate::cli) context: Option<String>,
    /// The Protobuf message, or the Avro type, if it is not the first of the schema
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) message: Option<String>,
    /// How unions of Avro are written in JSON
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub(in crate::cli) form: JsonForm,
}

#[derive(Debug, Args)]
pub(super) struct DecodeArguments {
    /// The data; `-` is standard input. An Avro container file is read with the schema that is in it
    #[arg(value_name = "FILE", default_value = "-")]
    pub(super) file: String,
    /// The data itself, in hexadecimal digits
    #[arg(long, value_name = "DIGITS", conflicts_with_all = ["file", "base64"])]
    pub(super) hex: Option<String>,
    /// The data itself, in base64
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    pub(super) base64: Option<String>,
    /// How the input is cut. Lines are texts, or JSON objects with a `payload` or `value`, as kcat -J and rpk print them
    #[arg(long, value_enum, value_name = "CUT", default_value_t)]
    pub(super) input: Cut,
    /// How lines write bytes
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub(super) bytes: BytesNotation,
    /// Somebody who reads the data: a file, or a version of a subject
    #[arg(long, value_name = "FILE | SUBJECT@VERSION")]
    pub(super) reader: Option<String>,
    /// Print the data alone
    #[arg(long)]
    pub(super) data_only: bool,
    #[command(flatten)]
    pub(super) schema: SchemaArguments,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct EncodeArguments {
    /// The data, in JSON; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(super) file: String,
    /// How the input is cut
    #[arg(long, value_enum, value_name = "CUT", default_value_t)]
    pub(super) input: Cut,
    /// Where the data names its schema [default: id; none for a schema in a file]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(super) framing: Option<FramingForm>,
    /// How bytes are printed [default: raw for all of it, base64 for lines]
    #[arg(long, value_enum, value_name = "FORM")]
    pub(super) output: Option<OutputForm>,
    /// Write an Avro container file; its blocks are compressed by CODEC if there is one
    #[arg(long, value_name = "CODEC", num_args = 0..=1, require_equals = true, default_missing_value = "null", value_parser = codecs(), conflicts_with_all = ["output", "framing", "message"])]
    pub(super) container: Option<ContainerCodec>,
    #[command(flatten)]
    pub(super) schema: SchemaArguments,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct SampleArguments {
    /// The schema: a file, or a subject of the registry, whose latest version it is unless `@VERSION` says otherwise
    #[arg(value_name = "SUBJECT | FILE", conflicts_with_all = ["schema", "subject", "id", "guid"])]
    pub(super) which: Option<String>,
    /// How many samples
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    pub(super) number: u32,
    /// The same number gives the same samples
    #[arg(long, value_name = "SEED")]
    pub(super) seed: Option<u64>,
    /// Data that is not valid: for each rule that a sample can break, the rule, the place and the data
    #[arg(long)]
    pub(super) invalid: bool,
    /// How samples are printed
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub(super) output: SampleForm,
    /// Write an Avro container file; its blocks are compressed by CODEC if there is one
    #[arg(long, value_name = "CODEC", num_args = 0..=1, require_equals = true, default_missing_value = "null", value_parser = codecs(), conflicts_with_all = ["output", "framing", "message", "invalid"])]
    pub(super) container: Option<ContainerCodec>,
    /// Where bytes name their schema [default: id; none for a schema in a file]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(super) framing: Option<FramingForm>,
    #[command(flatten)]
    pub(super) schema: SchemaArguments,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

impl SampleArguments {
    /// Whether the schema is in a file.
    pub(super) fn names_file(&self) -> bool {
        self.schema.schema.is_some() || self.which.as_deref().is_some_and(|which| std::path::Path::new(which).exists())
    }
}
