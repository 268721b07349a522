//! Bases: under which URL whose schemas are found.

use super::shape::{UriTarget, read_path};
use super::template::{Template, TemplateError};
use super::uri::{Origin, SchemaUri};

/// Why a base is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Not the URL of a base.
    #[error("'{0}' is not a URL such as https://schemas.example.com/path, without user, query and fragment")]
    Url(String),
    /// No way to read its URLs.
    #[error("the base '{0}' needs the style `confluent`, or a template such as {{subject}}/{{version}}")]
    Empty(String),
    /// A template that can't be used.
    #[error("the template '{0}' {1}")]
    Template(String, TemplateError),
}

/// A base with the shapes of its URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    origin: Origin,
    path: Vec<String>,
    /// The paths of this registry's API are below it.
    is_registry: bool,
    templates: Vec<Template>,
}

impl Base {
    /// A base below which the paths of this registry's API are read: its own address, or that of a registry with the same API.
    ///
    /// # Errors
    /// [`BaseError::Url`].
    pub fn registry(url: &str) -> Result<Self, BaseError> {
        Self::new(url, true, Vec::new())
    }

    /// A base with templates, which are tried in their order, after the API's paths if `is_registry`.
    ///
    /// # Errors
    /// [`BaseError`].
    pub fn with_templates(url: &str, is_registry: bool, templates: &[&str]) -> Result<Self, BaseError> {
        if templates.is_empty() && !is_registry {
            return Err(BaseError::Empty(url.to_owned()));
        }
        let read = |text: &&str| Template::parse(text).map_err(|error| BaseError::Template((*text).to_owned(), error));
        Self::new(url, is_registry, templates.iter().map(read).collect::<Result<_, _>>()?)
    }

    fn new(url: &str, is_registry: bool, templates: Vec<Template>) -> Result<Self, BaseError> {
        let refused = || BaseError::Url(url.to_owned());
        let uri = SchemaUri::parse(url).map_err(|_| refused())?;
        let path = uri.path().map_err(|_| refused())?.to_vec();
        let plain = uri.query().is_none() && !url.contains('#');
        let origin = uri.origin().filter(|_| plain).ok_or_else(refused)?.clone();
        Ok(Self { origin, path, is_registry, templates })
    }

    /// All that a URI can name below this base, the likeliest first; nothing when it is elsewhere.
    pub fn read(&self, uri: &SchemaUri) -> Vec<UriTarget> {
        let (Some(origin), Ok(path)) = (uri.origin(), uri.path()) else { return Vec::new() };
        let Some(rest) = path.strip_prefix(self.path.as_slice()).filter(|_| *origin == self.origin) else { return Vec::new() };
        let own = self.is_registry.then(|| read_path(rest, uri.query())).flatten();
        own.into_iter().chain(self.templates.iter().filter_map(|template| template.read(rest, uri.query()))).collect()
    }
}
