//! Every rule on attributes (CloudEvents 1.0.2, "Context Attributes" and "Type System"), for all encodings.

use std::borrow::Cow;

use super::event::{AttributeValue, Envelope};
use super::issue::{Issue, IssueLevel};
use super::limits::EventSettings;
use super::media::ContentMode;
use super::{media, time, uri};
use crate::schema::name_set::NameSet;

/// Attributes without which there is no event.
pub(super) const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

/// The attributes of the specification itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Core {
    SpecVersion,
    Id,
    Source,
    Type,
    DataContentType,
    DataSchema,
    Subject,
    Time,
}

impl Core {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "specversion" => Self::SpecVersion,
            "id" => Self::Id,
            "source" => Self::Source,
            "type" => Self::Type,
            "datacontenttype" => Self::DataContentType,
            "dataschema" => Self::DataSchema,
            "subject" => Self::Subject,
            "time" => Self::Time,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::SpecVersion => "specversion",
            Self::Id => "id",
            Self::Source => "source",
            Self::Type => "type",
            Self::DataContentType => "datacontenttype",
            Self::DataSchema => "dataschema",
            Self::Subject => "subject",
            Self::Time => "time",
        }
    }
}

/// The only version there is.
const VERSION: &str = "1.0";
/// Characters that names should not exceed.
const NAME_LENGTH: usize = 20;

/// A value as its encoding has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum RawAttribute<'a> {
    Text(&'a str),
    /// A text in which an unpaired surrogate was replaced.
    BrokenText,
    Bool(bool),
    Number(&'a str),
    /// Something that no attribute can be.
    Other(&'static str),
}

impl RawAttribute<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Text(_) | Self::BrokenText => "a string",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Other(kind) => kind,
        }
    }
}

/// What a known extension should be. They are optional to know, so what they are not is a breach and no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    Text,
    Filled,
    Integer,
    Positive,
    Bool,
    Time,
    Uri,
    Reference,
}

/// The documented extensions (cloudevents/extensions) and their types.
fn extension(name: &str) -> Option<Extension> {
    Some(match name {
        "traceparent" | "tracestate" | "correlationid" | "causationid" | "severitytext" | "authtype" | "authid"
        | "authclaims" | "sequencetype" => Extension::Text,
        "partitionkey" | "sequence" => Extension::Filled,
        "severitynumber" => Extension::Integer,
        "sampledrate" => Extension::Positive,
        "deprecated" => Extension::Bool,
        "recordedtime" | "expirytime" | "deprecationfrom" | "deprecationsunset" => Extension::Time,
        "deprecationmigration" => Extension::Uri,
        "dataref" => Extension::Reference,
        _ => return None,
    })
}

/// Collects the attributes of one event.
pub(super) struct EnvelopeBuilder<'s> {
    settings: &'s EventSettings,
    pub(super) envelope: Envelope,
    /// Attributes that were sent but could not be read.
    unusable: NameSet<Box<str>>,
    /// What the value of `dataschema` consists of.
    dataschema: Option<uri::UriParts>,
    /// The encoding has types, so a value that is no string is an error (headers have strings only).
    typed: bool,
    full: bool,
}

impl<'s> EnvelopeBuilder<'s> {
    pub(super) fn new(settings: &'s EventSettings, mode: ContentMode) -> Self {
        let typed = mode != ContentMode::Binary;
        Self { settings, envelope: Envelope::new(mode), unusable: NameSet::default(), dataschema: None, typed, full: false }
    }

    pub(super) fn issue(&mut self, issue: Issue) {
        self.envelope.issues.push(issue);
    }

    /// Notes that an attribute was sent, whether or not its value is valid.
    pub(super) fn saw(&mut self, name: &str) {
        self.unusable.insert(name.into());
        self.envelope.has_dataschema |= name == "dataschema";
    }

    /// Whether an attribute was sent.
    pub(super) fn has_seen(&self, name: &str) -> bool {
        self.envelope.attribute(name).is_some() || self.unusable.contains(name)
    }

    /// An attribute that was sent more than once: none of the values counts.
    pub(super) fn repeated(&mut self, name: &str, offset: Option<u32>) {
        self.saw(name);
        self.envelope.attributes.retain(|(known, _)| known != name);
        self.issue(Issue::error("attribute.duplicate", format!("'{name}' is there more than once")).of(name).at(offset));
    }

    /// Takes an attribute.
    pub(super) fn set(&mut self, name: &str, raw: RawAttribute<'_>, offset: Option<u32>) {
        let limit = self.settings.limits.attributes;
        if self.full || self.envelope.attributes.len() + self.unusable.len() >= limit {
            if !self.full {
                let message = format!("more than {limit} attributes; the setting event-max-attributes moves this limit");
                self.issue(Issue::error("limit.attributes", message).at(offset));
            }
            self.full = true;
            return;
        }
        let core = Core::of(name);
        if core.is_none()
            && let Err(issue) = self.name(name)
        {
            self.saw(name);
            self.issue(issue.of(name).at(offset));
            return;
        }
        match self.value(core, raw) {
            Ok(value) => {
                self.envelope.has_dataschema |= core == Some(Core::DataSchema);
                let name = core.map_or_else(|| Cow::Owned(name.to_owned()), |core| Cow::Borrowed(core.name()));
                self.envelope.attributes.push((name, value));
            }
            Err(issue) => {
                self.saw(name);
                let issue = match raw {
                    RawAttribute::Text(text) if !text.is_empty() => issue.value(text),
                    RawAttribute::Number(text) => issue.value(text),
                    _ => *issue,
                };
                self.issue(issue.of(name).at(offset));
            }
        }
        // breaches; the value is used all the same
        let breach = match core {
            Some(Core::DataSchema) => self.dataschema_breach(),
            Some(_) => None,
            None => self.extension_breach(name, raw),
        };
        if let Some(issue) = breach {
            self.issue(issue.of(name).at(offset));
        }
    }

    fn name(&mut self, name: &str) -> Result<(), Box<Issue>> {
        if name.is_empty() {
            return fail("attribute.name", "an attribute without a name");
        }
        if name == "data" {
            return fail("attribute.forbidden", "no attribute may be called 'data'");
        }
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return fail("attribute.name", "names of attributes have only the letters a-z and digits");
        }
        let mut breach = |message: String| self.issue(Issue::new(IssueLevel::Breach, "attribute.name", message).of(name));
        if name.len() > NAME_LENGTH {
            breach(format!("names of attributes should not be longer than {NAME_LENGTH} characters"));
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            breach("names of attributes should begin with a letter".to_owned());
        }
        Ok(())
    }

    fn value(&mut self, core: Option<Core>, raw: RawAttribute<'_>) -> Result<AttributeValue, Box<Issue>> {
        match (raw, core) {
            (RawAttribute::BrokenText, _) => fail("attribute.character", "it has an unpaired surrogate"),
            (RawAttribute::Text(text), Some(core)) => self.core(core, text),
            (raw, Some(core)) => fail("attribute.type", format!("'{}' must be a string, not {}", core.name(), raw.kind())),
            (RawAttribute::Text(text), None) => self.text(text).map(|()| AttributeValue::Text(text.into())),
            (RawAttribute::Bool(flag), None) => Ok(AttributeValue::Bool(flag)),
            (RawAttribute::Number(text), None) => match text.parse::<i32>() {
                Ok(number) if !text.contains(['.', 'e', 'E']) => Ok(AttributeValue::Integer(number)),
                _ => fail("attribute.type", "a number must be an integer of 32 bits, without fraction and exponent"),
            },
            (RawAttribute::Other(kind), None) => fail("attribute.type", format!("an attribute can't be {kind}")),
        }
    }

    /// The checks for every string.
    fn text(&self, text: &str) -> Result<(), Box<Issue>> {
        let limit = self.settings.limits.value_bytes;
        if text.len() > limit {
            return fail("limit.value", format!("longer than {limit} bytes; the setting event-max-value-bytes moves this limit"));
        }
        // a fold over all bytes is vectorized, a search for the first bad one is not
        if text.bytes().fold(true, |plain, byte| plain & matches!(byte, 0x20..=0x7E)) {
            return Ok(());
        }
        match text.chars().find(|c| is_excluded(*c)) {
            Some(c) => fail("attribute.character", format!("U+{:04X} is not allowed in an attribute", u32::from(c))),
            None => Ok(()),
        }
    }

    fn core(&mut self, core: Core, text: &str) -> Result<AttributeValue, Box<Issue>> {
        if text.is_empty() {
            return fail("attribute.empty", format!("'{}' must not be empty", core.name()));
        }
        self.text(text)?;
        let format = |message: String| fail(format!("attribute.{}.format", core.name()), message);
        match core {
            Core::SpecVersion if text != VERSION => {
                return format(format!("specversion '{}' is not '{VERSION}', the only one known", super::issue::cut(text)));
            }
            Core::Source => {
                self.uri(core, text)?;
            }
            Core::DataSchema => {
                let parts = self.uri(core, text)?;
                if !parts.scheme && !self.tolerated(text) {
                    return format("not an absolute URI: no scheme".to_owned());
                }
                self.dataschema = Some(parts);
            }
            Core::Time => {
                if let Err(reason) = time::check(text) {
                    return format(format!("not an RFC 3339 timestamp: {reason}"));
                }
            }
            Core::DataContentType => {
                if let Err(reason) = media::check(text) {
                    return format(format!("not a media type: {reason}"));
                }
            }
            Core::SpecVersion | Core::Id | Core::Type | Core::Subject => {}
        }
        Ok(AttributeValue::Text(text.into()))
    }

    fn uri(&self, core: Core, text: &str) -> Result<uri::UriParts, Box<Issue>> {
        let limit = self.settings.limits.uri_bytes;
        if text.len() > limit {
            return fail("limit.uri", format!("longer than {limit} bytes; the setting event-max-uri-bytes moves this limit"));
        }
        uri::check(text).map_err(|reason| {
            let what = if core == Core::DataSchema { "URI" } else { "URI reference" };
            Box::new(Issue::error(format!("attribute.{}.format", core.name()), format!("not a {what}: {reason}")))
        })
    }

    fn tolerated(&self, text: &str) -> bool {
        let tolerate = self.settings.tolerate;
        let is_type_url = || {
            let (host, name) = text.split_once('/').unwrap_or(("", ""));
            host.contains('.') && !name.is_empty() && !name.contains(['/', '?', '#'])
        };
        (tolerate.fragment && text.starts_with('#')) || (tolerate.type_url && is_type_url())
    }

    /// Breaches of `dataschema` that don't keep it from being used.
    fn dataschema_breach(&self) -> Option<Issue> {
        let parts = self.dataschema?;
        let message = if !parts.scheme {
            "not an absolute URI: no scheme; tolerated by the setting tolerate-dataschema"
        } else if parts.fragment {
            "an absolute URI has no fragment (RFC 3986, 4.3); it is used to choose a part of the schema"
        } else {
            return None;
        };
        let text = self.envelope.text("dataschema")?;
        Some(Issue::new(IssueLevel::Breach, "attribute.dataschema.format", message).value(text))
    }

    /// Breaches of an extension's type that don't keep its value from being used.
    fn extension_breach(&self, name: &str, raw: RawAttribute<'_>) -> Option<Issue> {
        let breach = |code: String, message: &str| Some(Issue::new(IssueLevel::Breach, code, message));
        let wanted = extension(name)?;
        self.envelope.attribute(name)?;
        let format = || format!("attribute.{name}.format");
        let mistyped = |what: &str| {
            let message = format!("the extension '{name}' is defined as {what}");
            Some(Issue::new(IssueLevel::Breach, "attribute.type", message))
        };
        match (wanted, raw) {
            (Extension::Filled, RawAttribute::Text("")) => {
                breach("attribute.empty".to_owned(), &format!("the extension '{name}' must not be empty"))
            }
            (Extension::Text | Extension::Filled, RawAttribute::Text(_))
            | (Extension::Integer, RawAttribute::Number(_))
            | (Extension::Bool, RawAttribute::Bool(_)) => None,
            (Extension::Text | Extension::Filled, _) => mistyped("a String"),
            (Extension::Integer | Extension::Positive, RawAttribute::Text(text)) if !self.typed => {
                let number = text.parse::<i32>().ok().filter(|number| text == number.to_string());
                match number {
                    None => mistyped("an Integer"),
                    Some(number) if wanted == Extension::Positive && number < 1 => breach(format(), "it must be greater than 0"),
                    Some(_) => None,
                }
            }
            (Extension::Positive, RawAttribute::Number(text)) => {
                let positive = text.parse::<i32>().is_ok_and(|number| number > 0);
                if positive { None } else { breach(format(), "it must be greater than 0") }
            }
            (Extension::Integer | Extension::Positive, _) => mistyped("an Integer"),
            (Extension::Bool, RawAttribute::Text(text)) if !self.typed && matches!(text, "true" | "false") => None,
            (Extension::Bool, _) => mistyped("a Boolean"),
            (Extension::Time, RawAttribute::Text(text)) => {
                let reason = time::check(text).err()?;
                breach(format(), &format!("not an RFC 3339 timestamp: {reason}"))
            }
            (Extension::Time, _) => mistyped("a Timestamp"),
            (Extension::Uri | Extension::Reference, RawAttribute::Text(text)) => match uri::check(text) {
                Ok(parts) if wanted == Extension::Uri && !parts.scheme => breach(format(), "not an absolute URI: no scheme"),
                Ok(_) if text.is_empty() => breach("attribute.empty".to_owned(), "it must not be empty"),
                Ok(_) => None,
                Err(reason) => breach(format(), &format!("not a URI reference: {reason}")),
            },
            (Extension::Uri | Extension::Reference, _) => mistyped("a URI reference"),
        }
    }

    /// The event; required attributes that were not sent are missing.
    pub(super) fn finish(mut self) -> Envelope {
        for name in REQUIRED {
            if !self.has_seen(name) && !self.full {
                self.issue(Issue::error("attribute.missing", format!("the required attribute '{name}' is missing")).of(name));
            }
        }
        self.envelope
    }
}

fn fail<T>(code: impl Into<std::borrow::Cow<'static, str>>, message: impl Into<String>) -> Result<T, Box<Issue>> {
    Err(Box::new(Issue::error(code, message)))
}

/// Characters that no String may have (Type System, "String").
fn is_excluded(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0..=0x1F | 0x7F..=0x9F | 0xFDD0..=0xFDEF) || code & 0xFFFE == 0xFFFE
}
