//! Events written in another encoding than they were read in, where nothing of them is lost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::encode;
use super::kafka::KafkaRecord;
use crate::cloudevents::event::{AttributeValue, DataContent, Envelope};
use crate::cloudevents::media::{self, ContentMode, Media};
use crate::schema::json::{end_of, write_string};

/// Data as it goes from one encoding into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarriedData {
    /// The text of a JSON value.
    Json(String),
    Text(String),
    Bytes(Vec<u8>),
}

/// An event on its way from one encoding into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedEvent {
    /// In the order in which they were sent.
    pub attributes: Vec<(String, AttributeValue)>,
    pub data: Option<CarriedData>,
}

/// An event as an HTTP message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl CarriedEvent {
    /// An event that was read without a fault. `source` is the text that it stands in: the body, or the value of a record.
    ///
    /// # Errors
    /// A sentence: why it can't be carried over.
    pub fn of(envelope: &Envelope, source: &[u8]) -> Result<Self, String> {
        let attributes = envelope.attributes.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let content_type = envelope.text("datacontenttype");
        let data = match &envelope.data {
            None => None,
            Some(data) if envelope.mode == ContentMode::Binary => Some(of_bytes(source.to_vec(), content_type)),
            Some(data) => Some(match &data.content {
                DataContent::Json(value) if data.in_body => {
                    let text = std::str::from_utf8(source).map_err(|_| "the event is not UTF-8".to_owned())?;
                    let start = value.offset as usize;
                    let end = end_of(text, start);
                    CarriedData::Json(text.get(start..end).unwrap_or_default().to_owned())
                }
                DataContent::Text(text, _) => CarriedData::Text(text.to_string()),
                DataContent::Binary(bytes) => CarriedData::Bytes(bytes.clone()),
                // in base64, and of a type that is JSON
                _ => CarriedData::Bytes(base64_of(source, envelope)?),
            }),
        };
        Ok(Self { attributes, data })
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_text())
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = AttributeValue::Text(value.into());
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// In JSON, on one line (JSON event format).
    pub fn to_structured(&self) -> String {
        let mut out = "{".to_owned();
        for (at, (name, value)) in self.attributes.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_string(&mut out, name);
            out.push(':');
            match value {
                AttributeValue::Text(text) => write_string(&mut out, text),
                AttributeValue::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
                AttributeValue::Integer(number) => out.push_str(&number.to_string()),
            }
        }
        match &self.data {
            None => {}
            Some(CarriedData::Json(text)) => {
                out.push_str(",\"data\":");
                out.push_str(text);
            }
            Some(CarriedData::Text(text)) => {
                out.push_str(",\"data\":");
                write_string(&mut out, text);
            }
            Some(CarriedData::Bytes(bytes)) => {
                out.push_str(",\"data_base64\":");
                write_string(&mut out, &STANDARD.encode(bytes));
            }
        }
        out.push('}');
        out
    }

    /// In headers and body (HTTP protocol binding, 3.1).
    ///
    /// # Errors
    /// A sentence: what binary mode can't say.
    pub fn to_http(&self) -> Result<HttpMessage, String> {
        let (content_type, body) = self.content()?;
        if self.data.is_some() && body.is_empty() {
            return Err("the data is empty, and an empty body means that there is none".to_owned());
        }
        let mut headers: Vec<(String, String)> =
            content_type.map(|value| ("content-type".to_owned(), value)).into_iter().collect();
        headers.extend(self.others().map(|(name, value)| (format!("ce-{name}"), encode(&value))));
        Ok(HttpMessage { headers, body })
    }

    /// In the headers and the value of a record (Kafka protocol binding, 3.2).
    ///
    /// # Errors
    /// A sentence: what binary mode can't say.
    pub fn to_record(&self) -> Result<KafkaRecord, String> {
        let (content_type, value) = self.content()?;
        let mut headers: Vec<(String, Option<Vec<u8>>)> =
            content_type.map(|value| ("content-type".to_owned(), Some(value.into_bytes()))).into_iter().collect();
        headers.extend(self.others().map(|(name, value)| (format!("ce_{name}"), Some(value.into_bytes()))));
        Ok(KafkaRecord { headers, value: self.data.is_some().then_some(value) })
    }

    /// As the value of a record (Kafka protocol binding, 3.3).
    pub fn to_structured_record(&self) -> KafkaRecord {
        let content_type = b"application/cloudevents+json; charset=UTF-8".to_vec();
        let value = self.to_structured().into_bytes();
        KafkaRecord { headers: vec![("content-type".to_owned(), Some(content_type))], value: Some(value) }
    }

    /// The content type, and the data as bytes.
    fn content(&self) -> Result<(Option<String>, Vec<u8>), String> {
        let declared = self.text("datacontenttype");
        // what is JSON in an event of JSON without saying so must say so elsewhere
        let implied = matches!(self.data, Some(CarriedData::Json(_))).then_some("application/json");
        let content_type = declared.or(implied).map(str::to_owned);
        let body = match &self.data {
            None => Vec::new(),
            Some(CarriedData::Bytes(bytes)) => bytes.clone(),
            Some(CarriedData::Json(text)) => text.clone().into_bytes(),
            Some(CarriedData::Text(text)) => {
                let charset = declared.and_then(|declared| media::parameter(declared, "charset"));
                if let Some(charset) = charset.filter(|name| !matches!(&*name.to_ascii_lowercase(), "utf-8" | "us-ascii")) {
                    return Err(format!("the data is a text, and its datacontenttype wants its bytes in {charset}"));
                }
                text.clone().into_bytes()
            }
        };
        Ok((content_type, body))
    }

    /// All attributes but the one that is the content type, as texts.
    fn others(&self) -> impl Iterator<Item = (&str, String)> {
        let text = |value: &AttributeValue| match value {
            AttributeValue::Text(text) => text.to_string(),
            AttributeValue::Bool(value) => value.to_string(),
            AttributeValue::Integer(number) => number.to_string(),
        };
        let others = self.attributes.iter().filter(|(name, _)| name != "datacontenttype");
        others.map(move |(name, value)| (name.as_str(), text(value)))
    }
}

/// Bytes of a body: JSON where they say so and are it, text where they are that.
pub(in crate::cloudevents) fn of_bytes(bytes: Vec<u8>, content_type: Option<&str>) -> CarriedData {
    let Some(content_type) = content_type else { return CarriedData::Bytes(bytes) };
    let is_json = Media::of(content_type).is_json();
    let is_utf8 =
        media::parameter(content_type, "charset").is_none_or(|name| matches!(&*name.to_ascii_lowercase(), "utf-8" | "us-ascii"));
    match String::from_utf8(bytes) {
        Ok(text) if is_json && crate::schema::json::read(&text, super::super::event::read_options(512)).is_ok() => {
            CarriedData::Json(text.trim().to_owned())
        }
        Ok(text) if !is_json && is_utf8 && media::is_text(content_type) => CarriedData::Text(text),
        Ok(text) => CarriedData::Bytes(text.into_bytes()),
        Err(error) => CarriedData::Bytes(error.into_bytes()),
    }
}

/// What `data_base64` of an event of JSON says.
fn base64_of(source: &[u8], envelope: &Envelope) -> Result<Vec<u8>, String> {
    let unreadable = || "the data of the event can't be read".to_owned();
    let whole: serde_json::Value = serde_json::from_slice(source).map_err(|_| unreadable())?;
    let is_it = |event: &&serde_json::Value| {
        ["id", "source"].iter().all(|name| event.get(*name).and_then(serde_json::Value::as_str) == envelope.text(name))
    };
    let mut events = match &whole {
        serde_json::Value::Array(events) => events.iter().filter(is_it).collect::<Vec<_>>().into_iter(),
        event => vec![event].into_iter(),
    };
    let text = events.next().and_then(|event| event.get("data_base64")).and_then(serde_json::Value::as_str);
    STANDARD.decode(text.ok_or_else(unreadable)?).map_err(|_| unreadable())
}
