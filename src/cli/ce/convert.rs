//! `accordant ce convert`: an event in another encoding, or with its data in another encoding, where nothing of it is lost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgMatches, Args, Command, FromArgMatches as _, ValueEnum};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::validate::{bytes, headers};
use crate::cli::api::block_on;
use crate::cli::check::style::{print, without_controls};
use crate::cli::check::{InputError, on_deep_stack};
use crate::cli::data::{DataSchema, SchemaArguments, Schemas};
use crate::cli::exit::Exit;
use crate::cli::registry::RegistryOptions;
use crate::cloudevents::{
    CarriedData, CarriedEvent, ContentMode, Envelope, EventSettings, KafkaRecord, Strictness, WriterId, content_mode, framing_of,
    parse_batch, parse_headers, parse_record, parse_structured, read_records,
};
use crate::records::{self, DecodeOptions, EncodeOptions};
use crate::schema::payload::{Effort, Work};
use crate::types::{Guid, SchemaType};

const HELP: &str = "\
Examples:
  accordant ce convert event.json --to binary
  accordant ce convert body.json -H 'ce-id: 1' -H 'ce-specversion: 1.0' -H 'ce-source: /a' -H 'ce-type: t' -H 'content-type: application/json'
  accordant ce convert record.json --from kafka --to structured
  accordant ce convert event.json --data binary --schema order.avsc --to kafka

Exit codes: 0 converted, 1 it can't be without loss or is no valid event, 2 can't tell (bad input, no connection).";

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum EventEncoding {
    /// JSON, an event a line
    #[default]
    Structured,
    /// A JSON array of all events
    Batch,
    /// An HTTP message: headers, an empty line, the body
    Binary,
    /// A Kafka record in JSON, attributes in its headers
    Kafka,
    /// A Kafka record in JSON, the event in its value
    KafkaStructured,
}

/// What the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum InputEncoding {
    /// An event or a batch in JSON, or with --header the body of an HTTP request
    #[default]
    Http,
    /// A Kafka record in JSON, or an array of them, as /cloudevents/validate/kafka takes it
    Kafka,
}

/// The encoding of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DataEncoding {
    /// Avro's or Protobuf's binary encoding
    Binary,
    /// JSON, as Avro and Protobuf write it
    Json,
}

#[derive(Debug, Args)]
struct Arguments {
    /// The event; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
    /// A header of the HTTP request that carries the event, as `ce-id: 1`; may be given several times. Then FILE is the body
    #[arg(long, short = 'H', value_name = "NAME: VALUE", conflicts_with = "from")]
    header: Vec<String>,
    /// What the input is
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    from: InputEncoding,
    /// What it is to be
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    to: EventEncoding,
    /// The encoding that the data is to have; its schema is the one that the event names, or that is given
    #[arg(long, value_enum, value_name = "ENCODING")]
    data: Option<DataEncoding>,
    #[command(flatten)]
    schema: SchemaArguments,
    #[command(flatten)]
    place: RegistryOptions,
}

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("convert").disable_version_flag(true))
        .about("Convert events between binary, structured, batch and Kafka forms, and their data between encodings")
        .after_help(HELP)
}

/// Why nothing was converted.
enum ConversionRefusal {
    /// The event, or the specification, does not allow it.
    Lossy(String),
    Input(InputError),
}

impl From<InputError> for ConversionRefusal {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

/// Runs the command; an error is the one line that says why it can't.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    use std::io::Write as _;
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let refused = on_deep_stack(|| match convert(&arguments) {
        Ok(()) => Ok(None),
        Err(ConversionRefusal::Lossy(reason)) => Ok(Some(reason)),
        Err(ConversionRefusal::Input(error)) => Err(error),
    });
    let Some(reason) = refused.map_err(|error| error.to_string())? else { return Ok(Exit::Success) };
    writeln!(std::io::stderr(), "accordant: {}", without_controls(&reason)).map_err(|error| error.to_string())?;
    Ok(Exit::Refused)
}

fn convert(arguments: &Arguments) -> Result<(), ConversionRefusal> {
    let mut events = events(arguments)?;
    if let Some(encoding) = arguments.data {
        let mut schemas = Schemas::new(&arguments.schema, &arguments.place);
        for event in &mut events {
            *event = with_data_in(encoding, event.clone(), arguments, &mut schemas)?;
        }
    }
    show(arguments.to, &events)
}

/// The events of the input, all of which must be valid.
fn events(arguments: &Arguments) -> Result<Vec<CarriedEvent>, ConversionRefusal> {
    let (name, body) = bytes(&arguments.file)?;
    let settings = EventSettings::default();
    let carried = |envelope: Envelope, source: &[u8]| -> Result<CarriedEvent, ConversionRefusal> {
        valid(&name, &envelope)?;
        CarriedEvent::of(&envelope, source).map_err(|reason| ConversionRefusal::Lossy(format!("{name}: {reason}")))
    };
    if arguments.from == InputEncoding::Kafka {
        let (records, _) = read_records(&body).map_err(|reason| InputError::of(&name, reason))?;
        return records
            .into_iter()
            .map(|record| {
                let value = record.value.clone().unwrap_or_default();
                carried(parse_record(record, &settings), &value)
            })
            .collect();
    }
    let given = headers(&arguments.header)?;
    let content_type = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.and_then(|(_, value)| std::str::from_utf8(value).ok());
    let is_list = body.trim_ascii_start().starts_with(b"[");
    let mode = match (given.is_empty(), is_list) {
        (true, true) => Some(ContentMode::Batched),
        (true, false) => Some(ContentMode::Structured),
        (false, _) => content_mode(content_type),
    };
    match mode {
        Some(ContentMode::Batched) => {
            let envelopes =
                parse_batch(&body, &settings).map_err(|issue| ConversionRefusal::Lossy(format!("{name}: {}", issue.message)))?;
            envelopes.into_iter().map(|envelope| carried(envelope, &body)).collect()
        }
        Some(ContentMode::Structured) => Ok(vec![carried(parse_structured(&body, &settings), &body)?]),
        Some(ContentMode::Binary) => {
            let headers: Vec<(&[u8], &[u8])> = given.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())).collect();
            Ok(vec![carried(parse_headers(&headers, body.clone(), &settings), &body)?])
        }
        None => {
            Err(InputError::new(format!("'{}' is an event format that is not read", content_type.unwrap_or_default())).into())
        }
    }
}

fn valid(name: &str, envelope: &Envelope) -> Result<(), ConversionRefusal> {
    if envelope.issues.pass(Strictness::Default) {
        return Ok(());
    }
    let fails = envelope.issues.list().iter().find(|issue| issue.fails(Strictness::Default));
    let (attribute, reason) =
        fails.map_or((None, "it is no event"), |issue| (issue.attribute.as_deref(), issue.message.as_str()));
    let attribute = attribute.map_or_else(String::new, |attribute| format!("{attribute}: "));
    Err(ConversionRefusal::Lossy(format!("{name}: not a valid event: {attribute}{reason}")))
}

/// Media types of an encoding: (binary, JSON).
fn media_types(schema_type: SchemaType) -> Option<(&'static str, &'static str)> {
    match schema_type {
        SchemaType::Avro => Some(("application/avro", "application/avro+json")),
        SchemaType::Protobuf => Some(("application/protobuf", "application/protobuf+json")),
        SchemaType::Json => None,
    }
}

fn with_data_in(
    encoding: DataEncoding,
    mut event: CarriedEvent,
    arguments: &Arguments,
    schemas: &mut Schemas<'_>,
) -> Result<CarriedEvent, ConversionRefusal> {
    let Some(data) = event.data.take() else { return Ok(event) };
    let lossy =
        |reason: String| ConversionRefusal::Lossy(format!("the event {}: {reason}", event.text("id").unwrap_or_default()));
    let payload = match &data {
        CarriedData::Bytes(bytes) => bytes.clone(),
        CarriedData::Json(text) | CarriedData::Text(text) => text.clone().into_bytes(),
    };
    let framing = framing_of(&payload).filter(|_| matches!(data, CarriedData::Bytes(_)));
    let schema = match schemas.named()? {
        Some(schema) => schema,
        None => named_by(&event, framing.map(|framing| framing.writer), arguments, schemas)?,
    };
    let Some((binary, in_json)) = media_types(schema.payload.schema_type()) else {
        return Err(lossy("data under a JSON Schema has one encoding only, which is JSON".to_owned()));
    };
    let mut work = Work::new(Effort::Full, None);
    let unions = crate::records::UnionEncoding::Tagged;
    let message = arguments.schema.message.clone();
    let data = match (encoding, data) {
        (DataEncoding::Json, CarriedData::Bytes(bytes)) => {
            let skipped = framing.map_or(0, |framing| framing.len());
            let options = DecodeOptions { unions, is_framed: framing.is_some(), message, ..DecodeOptions::default() };
            let rest = bytes.get(skipped..).unwrap_or_default();
            let decoded = records::decode(&schema.payload, None, rest, &options, &mut work)
                .map_err(|fault| lossy(format!("the data does not fit its schema: {}", fault.message)))?;
            if let Some(issue) = decoded.issues.first() {
                return Err(lossy(format!("JSON would lose a part of the data: {}", issue.message)));
            }
            CarriedData::Json(decoded.json)
        }
        (DataEncoding::Binary, CarriedData::Json(text) | CarriedData::Text(text)) => {
            let tagged = EncodeOptions { unions, message: message.clone() };
            let plain = EncodeOptions { unions: crate::records::UnionEncoding::Plain, message };
            let encoded = records::encode(&schema.payload, &text, &tagged, &mut work)
                .or_else(|_| records::encode(&schema.payload, &text, &plain, &mut Work::new(Effort::Full, None)));
            let encoded = encoded.map_err(|faults| {
                let first = faults.first().map_or_else(String::new, |fault| format!("{} {}", fault.pointer, fault.message));
                lossy(format!("the data does not fit its schema: {first}"))
            })?;
            CarriedData::Bytes(encoded.bytes)
        }
        // it has that encoding
        (_, data) => data,
    };
    event.set("datacontenttype", if encoding == DataEncoding::Binary { binary } else { in_json });
    event.data = Some(data);
    Ok(event)
}

/// The schema that an event names: by `dataschema`, by its type, or in front of its data.
fn named_by(
    event: &CarriedEvent,
    writer: Option<WriterId>,
    arguments: &Arguments,
    schemas: &mut Schemas<'_>,
) -> Result<std::sync::Arc<DataSchema>, ConversionRefusal> {
    let missing = || {
        let id = event.text("id").unwrap_or_default();
        ConversionRefusal::Lossy(format!("the event {id} names no schema that is known; --schema or --subject says which it is"))
    };
    let encoded = |name: &str| event.text(name).map(|value| format!("{name}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    let query: String = ["dataschema", "type"].into_iter().filter_map(encoded).collect();
    if event.text("dataschema").is_some() {
        let api = arguments.place.api()?;
        let found = block_on(api.find(&format!("/cloudevents/resolve?{}", query.trim_end_matches('&'))))?;
        let guid = found.as_ref().and_then(|found| found.get("guid")).and_then(Value::as_str).and_then(Guid::parse);
        let guid = guid.ok_or_else(missing)?;
        return schemas.writer(WriterId::Guid(guid))?.ok_or_else(missing);
    }
    let writer = writer.ok_or_else(missing)?;
    schemas.writer(writer)?.ok_or_else(missing)
}

fn show(target: EventEncoding, events: &[CarriedEvent]) -> Result<(), ConversionRefusal> {
    let said = |line: String| print(&line).map_err(|error| ConversionRefusal::Input(InputError::new(error)));
    let lossy = |event: &CarriedEvent, reason: String| {
        ConversionRefusal::Lossy(format!("the event {}: {reason}", event.text("id").unwrap_or_default()))
    };
    match target {
        EventEncoding::Structured => events.iter().try_for_each(|event| said(format!("{}\n", event.to_structured()))),
        EventEncoding::Batch => {
            let all: Vec<String> = events.iter().map(CarriedEvent::to_structured).collect();
            said(format!("[{}]\n", all.join(",")))
        }
        EventEncoding::Kafka => {
            // all or none
            let records: Result<Vec<KafkaRecord>, ConversionRefusal> =
                events.iter().map(|event| event.to_record().map_err(|reason| lossy(event, reason))).collect();
            records?.iter().try_for_each(|record| said(format!("{}\n", in_json(record))))
        }
        EventEncoding::KafkaStructured => {
            events.iter().try_for_each(|event| said(format!("{}\n", in_json(&event.to_structured_record()))))
        }
        EventEncoding::Binary => {
            let [event] = events else {
                let reason = format!("an HTTP message carries one event in binary mode, and there are {}", events.len());
                return Err(ConversionRefusal::Lossy(reason));
            };
            let message = event.to_http().map_err(|reason| lossy(event, reason))?;
            let mut out = Vec::new();
            for (name, value) in &message.headers {
                out.extend(format!("{name}: {value}\n").into_bytes());
            }
            out.push(b'\n');
            out.extend(&message.body);
            crate::cli::data::print_raw(&out).map_err(ConversionRefusal::Input)
        }
    }
}

/// The form that `/cloudevents/validate/kafka` and `--from kafka` read.
fn in_json(record: &KafkaRecord) -> Value {
    let value = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => ("value", Value::from(text)),
        Err(_) => ("value_base64", Value::from(STANDARD.encode(bytes))),
    };
    let header = |(key, bytes): &(String, Option<Vec<u8>>)| {
        let mut header = json!({ "key": key });
        if let (Some(object), Some((name, text))) = (header.as_object_mut(), bytes.as_deref().map(value)) {
            object.insert(name.to_owned(), text);
        }
        header
    };
    let mut out = json!({ "headers": record.headers.iter().map(header).collect::<Vec<_>>() });
    if let (Some(object), Some((name, text))) = (out.as_object_mut(), record.value.as_deref().map(value)) {
        object.insert(name.to_owned(), text);
    }
    out
}
