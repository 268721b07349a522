//! The URLs of this registry, old and new, in any of which a schema can be named.

use super::uri::decode;
use crate::types::{DEFAULT_CONTEXT, Guid, SchemaId, Subject, VersionSelector, context_from_segment};

/// What a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UriTarget {
    Version(Subject, VersionSelector),
    /// A schema by id; the subject, where there is one, chooses the context.
    Id(SchemaId, Option<Subject>),
    /// A schema by guid.
    Guid(Guid),
    /// An entity of the xRegistry view: context, schema id there, version.
    Entity(String, String, VersionSelector),
    /// The schema of events of a type.
    Type(String),
}

/// Reads the path below a base: segments decoded once, and the query as it was given.
///
/// Known are the paths of the Confluent API (`/subjects/S/versions/V`, `/schemas/ids/N`, both also with `/schema`,
/// `/schemas/guids/G`, all with `/contexts/C` before them), the same below `/cloudevents`, `/cloudevents/types/T/schema`, and
/// `/xregistry/schemagroups/G/schemas/S[/versions/V]`.
pub fn read_path(segments: &[String], query: Option<&str>) -> Option<UriTarget> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["xregistry", "schemagroups", group, "schemas", rest @ ..] => entity(group, rest),
        ["cloudevents", "types", event_type, "schema"] => Some(UriTarget::Type((*event_type).to_owned())),
        ["contexts", context, "cloudevents", rest @ ..]
        | ["cloudevents", "contexts", context, rest @ ..]
        | ["contexts", context, rest @ ..] => schema(&context_from_segment(context)?, rest, query),
        ["cloudevents", rest @ ..] | rest => schema(DEFAULT_CONTEXT, rest, query),
    }
}

fn schema(context: &str, segments: &[&str], query: Option<&str>) -> Option<UriTarget> {
    match segments {
        ["subjects", subject, "versions", version] | ["subjects", subject, "versions", version, "schema"] => {
            Some(UriTarget::Version(Subject::parse_in(context, subject), VersionSelector::parse(version)?))
        }
        ["schemas", "ids", id] | ["schemas", "ids", id, "schema"] => {
            let id = id.parse::<SchemaId>().ok().filter(|id| *id > 0)?;
            let named = query.and_then(subject_of).map(|name| Subject::parse_in(context, &name));
            let elsewhere = (context != DEFAULT_CONTEXT).then(|| Subject::in_context(context, ""));
            Some(UriTarget::Id(id, named.or(elsewhere)))
        }
        ["schemas", "guids", guid] => Guid::parse(guid).map(UriTarget::Guid),
        _ => None,
    }
}

/// The `subject` parameter of a query.
fn subject_of(query: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == "subject").find_map(|(_, value)| decode(&value.replace('+', " "))).filter(|s| !s.is_empty())
}

fn entity(group: &str, rest: &[&str]) -> Option<UriTarget> {
    let context = if group == "default" { DEFAULT_CONTEXT.to_owned() } else { format!(".{group}") };
    // metadata instead of the document: it is the same schema all the same
    let plain = |text: &str| text.strip_suffix("$details").unwrap_or(text).to_owned();
    match rest {
        [schema] => Some(UriTarget::Entity(context, plain(schema), VersionSelector::Latest)),
        [schema, "versions", version] => {
            let version = plain(version).parse::<i32>().ok().filter(|version| *version > 0)?;
            Some(UriTarget::Entity(context, plain(schema), VersionSelector::Number(version)))
        }
        _ => None,
    }
}
