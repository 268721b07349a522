//! Schema documents: the schema itself, with all that caches and programs need to know about it (cloudevents 4.1).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::http::document::{CachePolicy, Document, DocumentMeta, Representation};
use crate::http::error::{ApiError, selector};
use crate::http::links::{guid_path, id_path, segment, version_path};
use crate::http::reply::{Answer, Reply, plain_json};
use crate::http::request::Request;
use crate::http::wire::{DocumentReference, DocumentUrls, SchemaDocument};
use crate::registry::{CachedSchema, DocumentName, LocatedDocument, RegistryError, Resolution};
use crate::store::DocumentTag;
use crate::types::{SchemaType, VersionSelector};

/// So many references have a `Link`; `?details` lists all.
const LINKED: usize = 32;

/// How references are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum References {
    /// As links.
    Linked,
    /// Inside the document.
    Bundled,
}

fn references(request: &Request) -> Result<References, ApiError> {
    match request.query("references") {
        None | Some("linked") => Ok(References::Linked),
        Some("bundled") => Ok(References::Bundled),
        Some(other) => Err(ApiError::bad_request(format!("references must be linked or bundled, not {other}"))),
    }
}

pub(in crate::http) async fn by_version(request: Request) -> Answer {
    let version = selector(request.param("version"))?;
    let cache_policy = match version {
        VersionSelector::Latest => CachePolicy::NoCache,
        VersionSelector::Number(_) => CachePolicy::Revalidated(request.state.settings.ages.version),
    };
    let subject = request.subject().await?;
    answer(&request, &DocumentName::Version(subject, version), cache_policy).await
}

pub(in crate::http) async fn by_id(request: Request) -> Answer {
    let name = DocumentName::Id(request.id()?, request.hint().await?);
    answer(&request, &name, CachePolicy::MaxAge(request.state.settings.ages.id)).await
}

pub(in crate::http) async fn by_guid(request: Request) -> Answer {
    let name = DocumentName::Guid(request.param("guid").to_owned());
    answer(&request, &name, CachePolicy::Immutable(request.state.settings.ages.guid)).await
}

pub(in crate::http) async fn by_type(request: Request) -> Answer {
    answer(&request, &DocumentName::Type(request.param("type").to_owned()), CachePolicy::NoCache).await
}

/// What may be done with a document; browsers ask before they send more than a plain GET.
pub(in crate::http) async fn options(_: Request) -> Answer {
    let mut response = axum::response::Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, If-None-Match, X-Request-ID"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(Reply::Response(Box::new(response)))
}

/// The document that an event's hints resolve to. What they name can change, so no cache may keep it.
pub(super) async fn resolved(request: &Request, found: &Resolution) -> Answer {
    let located = LocatedDocument {
        subject: found.subject.clone(),
        version: found.version,
        deleted: found.deleted,
        created_at: found.schema.stored.created_at,
        id: found.id(),
        is_stable: false,
    };
    send(request, &located, found.deleted, CachePolicy::NoStore).await
}

async fn answer(request: &Request, name: &DocumentName, cache_policy: CachePolicy) -> Answer {
    let located = match (request.registry().locate(name, request.rights()).await, name) {
        (Err(RegistryError::VersionNotFound(VersionSelector::Number(version))), DocumentName::Version(subject, _)) => {
            return Err(ApiError::no_such_version(subject, version));
        }
        (outcome, _) => outcome?,
    };
    // ids and guids stand for the schema, whoever holds it
    let names_version = matches!(name, DocumentName::Version(..) | DocumentName::Type(_));
    send(request, &located, names_version && located.deleted, cache_policy).await
}

async fn send(request: &Request, located: &LocatedDocument, is_gone: bool, cache_policy: CachePolicy) -> Answer {
    let registry = request.registry();
    let tag = registry.document_tag(located).await?;
    let tag = tag.ok_or_else(|| RegistryError::SchemaNotFound(located.id.to_string()))?;
    if is_gone && !request.flag("deleted") {
        let url = request.state.settings.links.url(&guid_path(tag.guid));
        return Err(ApiError::document_gone(&located.subject, located.version, url));
    }
    if request.has("details") {
        return details(request, located).await;
    }
    request.info.set_read(located.subject.context(), located.id);
    let bundled = references(request)? == References::Bundled;
    let representation = if bundled && tag.schema_type == SchemaType::Protobuf {
        Representation::Descriptors
    } else {
        Representation::choose(tag.schema_type, request.headers())
    };
    let is_stored_text = !bundled && representation != Representation::Descriptors;
    let meta = |digest| DocumentMeta {
        schema_type: tag.schema_type,
        representation,
        tag: representation.tag(digest),
        cache_policy,
        created_at: tag.created_at,
        content_location: content_location(request, &tag, bundled),
        further_headers: Vec::new(),
    };
    let reply = |document: Document| Ok(Reply::Document { document: Arc::new(document), is_cacheable: located.is_stable });
    if is_stored_text
        && !registry.has_at_hand(located)
        && let Some(digest) = tag.digest
        && meta(digest).client_has_it(request.headers())
    {
        return reply(meta(digest).without_bytes());
    }
    let entry = registry.document(located).await?;
    let (bytes, digest) = if is_stored_text {
        (Bytes::copy_from_slice(entry.stored.content.text.as_bytes()), entry.digest())
    } else {
        let bytes = registry.bundled(&entry, request.rights()).await?;
        let digest = Sha256::digest(&bytes).into();
        (Bytes::from(bytes), digest)
    };
    let further_headers = headers(request, located, &entry, representation).await?;
    reply(DocumentMeta { further_headers, ..meta(digest) }.document(bytes, request.state.settings.gzip_from))
}

/// The URL at which this very representation will always be found.
fn content_location(request: &Request, tag: &DocumentTag, bundled: bool) -> String {
    let query = if bundled { "?references=bundled" } else { "" };
    request.state.settings.links.path(&format!("{}{query}", guid_path(tag.guid)))
}

/// Headers that only this schema has.
async fn headers(
    request: &Request,
    located: &LocatedDocument,
    entry: &Arc<CachedSchema>,
    representation: Representation,
) -> Result<Vec<(HeaderName, String)>, ApiError> {
    let links = &request.state.settings.links;
    let guid = entry.stored.guid;
    let mut link = format!("<{}>; rel=\"canonical\"", links.url(&guid_path(guid)));
    for (reference, guid) in request.registry().related(entry, LINKED).await? {
        // writing to a string does not fail
        let _ = write!(link, ", <{}>; rel=\"related\"; {}", links.url(&guid_path(guid)), title(&reference.name));
    }
    let schema_type = entry.stored.content.schema_type;
    let mut headers = vec![
        (header::LINK, link),
        (HeaderName::from_static("schema-id"), located.id.to_string()),
        (HeaderName::from_static("schema-guid"), guid.to_string()),
        (HeaderName::from_static("schema-type"), schema_type.as_str().to_owned()),
    ];
    if request.has("download") {
        let extension = match (representation, schema_type) {
            (Representation::Descriptors, _) => "desc",
            (_, SchemaType::Avro) => "avsc",
            (_, SchemaType::Json) => "json",
            (_, SchemaType::Protobuf) => "proto",
        };
        headers.push((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{guid}.{extension}\"")));
    }
    Ok(headers)
}

/// A link's title: quoted where it is plain, else percent-encoded (RFC 8288, RFC 8187).
fn title(name: &str) -> String {
    let is_plain = name.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\'));
    if is_plain { format!("title=\"{name}\"") } else { format!("title*=UTF-8''{}", segment(name)) }
}

/// What is known of a schema, with all its URLs.
async fn details(request: &Request, located: &LocatedDocument) -> Answer {
    let registry = request.registry();
    let links = &request.state.settings.links;
    let entry = registry.document(located).await?;
    let (guid, schema_type) = (entry.stored.guid, entry.stored.content.schema_type);
    let url = links.url(&guid_path(guid));
    let related = registry.related(&entry, usize::MAX).await?;
    let references = related.iter().map(|(reference, guid)| DocumentReference {
        name: &reference.name,
        subject: &reference.subject,
        version: reference.version,
        guid: *guid,
        url: links.url(&guid_path(*guid)),
    });
    let subject = &located.subject;
    let urls = DocumentUrls {
        guid: &url,
        id: links.url(&id_path(subject, located.id)),
        version: links.url(&version_path(subject, Some(located.version))),
        latest: links.url(&version_path(subject, None)),
        bundled: format!("{url}?references=bundled"),
    };
    let document = SchemaDocument {
        subject: subject.qualified(),
        version: located.version,
        id: located.id,
        guid,
        schema_type: schema_type.as_str(),
        media_type: Representation::Text.media_type(schema_type),
        ts: located.created_at,
        deleted: located.deleted,
        references: references.collect(),
        dataschema: &url,
        urls,
    };
    plain_json(StatusCode::OK, &document)
}
