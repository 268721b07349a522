//! Media types: is a text one (RFC 2046), what does it say about the data, and which content mode does it select.

/// What a `datacontenttype` says about the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// JSON without more said.
    Json,
    /// The JSON encoding of Avro.
    AvroJson,
    /// `ProtoJSON`.
    ProtobufJson,
    /// Avro's binary encoding.
    Avro,
    /// Protobuf's binary encoding.
    Protobuf,
    /// Bytes without more said, or nothing said at all.
    Octets,
    /// Something else.
    Other,
}

impl Media {
    /// What a `datacontenttype` says.
    pub(super) fn of(text: &str) -> Self {
        // by far the most frequent
        if text == "application/json" {
            return Self::Json;
        }
        let name = essence(text).to_ascii_lowercase();
        match name.as_str() {
            "avro/json" | "application/avro+json" | "application/vnd.apache.avro+json" => return Self::AvroJson,
            "application/protobuf+json" | "application/x-protobuf+json" | "application/vnd.google.protobuf+json" => {
                return Self::ProtobufJson;
            }
            "application/avro"
            | "avro/binary"
            | "application/vnd.apache.avro+binary"
            | "application/x-avro"
            | "application/vnd.apache.avro" => {
                return Self::Avro;
            }
            "application/protobuf" | "application/x-protobuf" | "application/vnd.google.protobuf" => return Self::Protobuf,
            "application/octet-stream" => return Self::Octets,
            _ => {}
        }
        match name.split_once('/') {
            // CloudEvents, JSON event format, 3.1
            Some((_, subtype)) if subtype == "json" || subtype.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }

    /// The data is JSON.
    pub(super) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::AvroJson | Self::ProtobufJson)
    }
}

/// Text by its name alone.
pub(super) fn is_text(text: &str) -> bool {
    let name = essence(text).as_bytes();
    let begins = |with: &str| name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()));
    let ends = |with: &str| {
        let from = name.len().checked_sub(with.len());
        from.and_then(|from| name.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(with.as_bytes()))
    };
    begins("text/") || ends("/xml") || ends("+xml") || ends("+yaml")
}

/// The type without its parameters.
pub(super) fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or("").trim()
}

/// The value of a parameter, quotes undone.
pub(super) fn parameter(text: &str, name: &str) -> Option<String> {
    let found = text.split(';').skip(1).filter_map(|part| part.split_once('='));
    let mut found = found.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn is_token(text: &str) -> bool {
    let delimits = |byte: u8| {
        matches!(byte, b'(' | b')' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'\\' | b'"' | b'/' | b'[' | b']' | b'?' | b'=')
    };
    let allowed = |byte: u8| byte.is_ascii_graphic() && !delimits(byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Explains what makes a text no media type (RFC 2046).
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let (name, mut rest) = text.split_once(';').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let (kind, subtype) = name.trim().split_once('/').ok_or("it must be type/subtype")?;
    if !is_token(kind) || !is_token(subtype) {
        return Err("type and subtype must be tokens");
    }
    while let Some(parameters) = rest {
        let parameters = parameters.trim_start();
        if parameters.is_empty() {
            return Ok(());
        }
        let (key, value) = parameters.split_once('=').ok_or("a parameter must be name=value")?;
        if !is_token(key.trim_end()) {
            return Err("the name of a parameter must be a token");
        }
        rest = if let Some(quoted) = value.trim_start().strip_prefix('"') {
            let after = after_quoted(quoted).ok_or("a quoted value does not end")?;
            match after.trim() {
                "" => None,
                after => Some(after.strip_prefix(';').ok_or("parameters are separated by ';'")?),
            }
        } else {
            let (value, after) = value.split_once(';').map_or((value, None), |(value, after)| (value, Some(after)));
            if !is_token(value.trim()) {
                return Err("the value of a parameter must be a token or quoted");
            }
            after
        };
    }
    Ok(())
}

fn after_quoted(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// How an event is carried, or a request with several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentMode {
    /// Attributes in headers, data in the body.
    Binary,
    /// One event in a body of JSON.
    Structured,
    /// Events in a body of JSON.
    Batched,
}

impl ContentMode {
    /// Its word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Structured => "structured",
            Self::Batched => "batched",
        }
    }
}

/// The mode that a content type selects (HTTP binding, 3). Case does not matter. `None` for a CloudEvents media type in a format that is
/// not read.
pub fn content_mode(content_type: Option<&str>) -> Option<ContentMode> {
    let Some(text) = content_type else { return Some(ContentMode::Binary) };
    let family = "application/cloudevents";
    if !text.trim_start().get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family)) {
        return Some(ContentMode::Binary);
    }
    let name = essence(text).to_ascii_lowercase();
    let (mode, format) = match (name.strip_prefix("application/cloudevents-batch"), name.strip_prefix("application/cloudevents"))
    {
        (Some(format), _) => (ContentMode::Batched, format),
        (None, Some(format)) => (ContentMode::Structured, format),
        (None, None) => return Some(ContentMode::Binary),
    };
    let charset = parameter(text, "charset");
    let readable = charset.is_none_or(|name| name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii"));
    (format == "+json" && readable).then_some(mode)
}

#[cfg(test)]
mod tests {
    use super::{ContentMode, check, content_mode};

    #[test]
    fn what_is_a_media_type() {
        for text in ["a/b", "a/b;c=d", "a/b ; c=\"d;e\\\"f\" ; g=h", "a/b;", "application/vnd.x+json; v=1", "a/b;c=\"\""] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in
            ["", "a", "/b", "a/", "a b/c", "a/b;c", "a/b;=d", "a/b;c=", "a/b;c=\"d", "a/b;c=\"d\"e", "a/b/c", "\u{e4}/b", "a/b c"]
        {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_batch_in_an_encoding_of_its_own_is_not_read() {
        assert_eq!(content_mode(Some("application/cloudevents+json;charset=\"UTF-8\"")), Some(ContentMode::Structured));
        assert_eq!(content_mode(Some("application/cloudevents+json;charset=utf-16")), None);
        assert_eq!(content_mode(Some("application/cloudevents-batch")), None);
        assert_eq!(content_mode(Some("application/cloudevent+json")), Some(ContentMode::Binary));
    }
}
