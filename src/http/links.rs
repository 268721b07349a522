//! URLs in answers. They begin with the configured public URL and never with what a request says; without one they are paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::types::{Guid, SchemaId, Subject, Version};

/// Characters that need no escape in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes URLs that begin with the public URL.
#[derive(Debug, Clone, Default)]
pub struct Links {
    base: String,
    /// Where the path begins in the base.
    path: usize,
}

impl Links {
    pub fn new(public_url: Option<&str>) -> Self {
        let base = public_url.unwrap_or("").trim_end_matches('/').to_owned();
        let host = base.find("://").map_or(0, |at| at + 3);
        let path = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| host + at);
        Self { base, path }
    }

    pub(super) fn url(&self, path: &str) -> String {
        join(&self.base, path)
    }

    /// The URL without scheme and host.
    pub(super) fn path(&self, path: &str) -> String {
        join(self.base.get(self.path..).unwrap_or(""), path)
    }
}

/// Not by `format!`, which takes longer: most answers below `/cloudevents` have a URL.
fn join(base: &str, path: &str) -> String {
    let mut url = String::with_capacity(base.len() + path.len());
    url.push_str(base);
    url.push_str(path);
    url
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The path of a document by guid.
pub(super) fn guid_path(guid: Guid) -> String {
    join("/cloudevents/schemas/guids/", guid.write(&mut Guid::buffer()))
}

/// `/cloudevents`, with the context where it is not the default one.
fn context_prefix(subject: &Subject) -> String {
    if subject.is_default_context() {
        return "/cloudevents".to_owned();
    }
    format!("/cloudevents/contexts/{}", segment(subject.context()))
}

/// The path of a document by subject and version; without a version the latest.
pub(super) fn version_path(subject: &Subject, version: Option<Version>) -> String {
    let version = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
    format!("{}/subjects/{}/versions/{version}", context_prefix(subject), segment(subject.name()))
}

/// The path of a document by id.
pub(super) fn id_path(subject: &Subject, id: SchemaId) -> String {
    format!("{}/schemas/ids/{id}", context_prefix(subject))
}
