//! What bounds an event; each bound has a setting.

/// Bounds of events and of what carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLimits {
    /// Bytes of one event: a body, or the value of a record.
    pub event_bytes: usize,
    pub batch_bytes: usize,
    pub batch_events: usize,
    /// Attributes of an event.
    pub attributes: usize,
    /// Bytes of an attribute's value.
    pub value_bytes: usize,
    pub uri_bytes: usize,
    /// Nesting of JSON, the envelope not counted.
    pub json_depth: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            event_bytes: 1 << 20,
            batch_bytes: 8 << 20,
            batch_events: 1000,
            attributes: 64,
            value_bytes: 8 << 10,
            uri_bytes: 2 << 10,
            json_depth: 128,
        }
    }
}

/// Forms of `dataschema` that are no absolute URIs and are sent all the same; tolerated ones are warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tolerate {
    /// A fragment alone, as Azure Event Grid's `#`.
    pub fragment: bool,
    /// A Protobuf type URL without a scheme (`type.googleapis.com/pkg.Msg`), which the Protobuf event format asks for.
    pub type_url: bool,
}

impl Tolerate {
    /// Reads a list such as `#,type-url`; `None` for a word that means nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut tolerate = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "#" => tolerate.fragment = true,
                "type-url" => tolerate.type_url = true,
                _ => return None,
            }
        }
        Some(tolerate)
    }
}

/// How events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSettings {
    /// Bounds.
    pub limits: EventLimits,
    /// Tolerated forms of `dataschema`.
    pub tolerate: Tolerate,
}
