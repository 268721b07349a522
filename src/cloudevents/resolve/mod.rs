//! What a `dataschema` URI names: text in, a target or nothing out.
//!
//! - `uri`: taking the text apart
//! - `shape`: the URLs of this registry
//! - `template`, `base`: the URLs of others, as configured
//! - `pattern`: bindings of event types
//! - `type_url`: names of Protobuf messages
//! - `settings`: what the configuration says about all this
//!
//! Nothing here or behind it opens a connection: a URI is a name, and what it names is looked up in the registry.

mod base;
mod pattern;
mod settings;
mod shape;
mod template;
mod type_url;
mod uri;

pub use base::{Base, BaseError};
pub use pattern::{best, literals, matches};
pub use settings::{OwnBases, ResolveSettings};
pub use shape::{UriTarget, read_path};
pub use template::{Template, TemplateError};
pub use type_url::message;
pub use uri::{MAX_URI_BYTES, Origin, SchemaUri, UriError, canonical};
