//! URLs in answers. They begin with the configured public URL and never with what a request says; without one they are paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::types::{Guid, SchemaId, Subject, Version};

/// What a path segment may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The beginning of every URL.
#[derive(Debug, Clone, Default)]
pub struct Links {
    base: String,
    /// The path of the base.
    path: usize,
}

impl Links {
    /// Links below a public URL.
    #[must_use]
    pub fn new(public_url: Option<&str>) -> Self {
        let base = public_url.unwrap_or("").trim_end_matches('/').to_owned();
        let host = base.find("://").map_or(0, |at| at + 3);
        let path = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| host + at);
        Self { base, path }
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        join(&self.base, path)
    }

    /// The same without scheme and host.
    pub(super) fn path(&self, path: &str) -> String {
        join(self.base.get(self.path..).unwrap_or(""), path)
    }
}

/// Both, one behind the other; many answers have such a URL, so nothing is formatted.
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
fn home(subject: &Subject) -> String {
    if subject.is_default_context() {
        return "/cloudevents".to_owned();
    }
    format!("/cloudevents/contexts/{}", segment(subject.context()))
}

/// The path of a document by subject and version; without a version the latest.
pub(super) fn version_path(subject: &Subject, version: Option<Version>) -> String {
    let version = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
    format!("{}/subjects/{}/versions/{version}", home(subject), segment(subject.name()))
}

/// The path of a document by id.
pub(super) fn id_path(subject: &Subject, id: SchemaId) -> String {
    format!("{}/schemas/ids/{id}", home(subject))
}
