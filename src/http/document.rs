//! Schema documents as they are sent: bytes, entity tag, and all headers, made once.

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use super::compression::compress;
use super::header_scan;
use super::negotiate;
use super::request_info::REQUEST_ID;
use crate::types::SchemaType;

/// A representation of a schema document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Representation {
    /// The stored text in the media type of its format.
    Text,
    /// The same as `application/json`.
    Json,
    /// Protobuf descriptors.
    Descriptors,
}

/// A representation and the media types by which `Accept` asks for it.
type Named = (Representation, &'static [&'static str]);

/// The representations of each format, its default first.
const REPRESENTATIONS: [(SchemaType, &[Named]); 3] = [
    (
        SchemaType::Avro,
        &[(Representation::Text, &["application/vnd.apache.avro+json"]), (Representation::Json, &["application/json"])],
    ),
    (SchemaType::Json, &[(Representation::Text, &["application/schema+json"]), (Representation::Json, &["application/json"])]),
    (
        SchemaType::Protobuf,
        &[
            (Representation::Text, &["text/plain"]),
            (Representation::Descriptors, &["application/protobuf", "application/x-protobuf"]),
        ],
    ),
];

impl Representation {
    /// The representation that the client likes best; the default one where it likes none of them.
    pub(super) fn choose(schema_type: SchemaType, headers: &HeaderMap) -> Self {
        if !header_scan::has(headers, &header::ACCEPT) {
            return Self::Text;
        }
        let representations = REPRESENTATIONS
            .iter()
            .find(|(known, _)| *known == schema_type)
            .map_or(&[][..], |(_, representations)| representations);
        let ranges: Vec<_> = negotiate::ranges(headers).collect();
        let mut best = (0, Self::Text);
        for (representation, names) in representations {
            let quality = negotiate::preference(&ranges, names);
            if quality > best.0 {
                best = (quality, *representation);
            }
        }
        best.1
    }

    /// True when every media type that the client accepts is that of a schema: it wants the document and nothing else. `text/plain`
    /// alone does not say so: Confluent answers it with 406.
    pub(super) fn only_schemas(headers: &HeaderMap) -> bool {
        let is_schema = |name: &str| {
            REPRESENTATIONS
                .iter()
                .flat_map(|(_, representations)| *representations)
                .any(|(representation, names)| *representation != Self::Json && names.contains(&name))
        };
        let mut any = false;
        negotiate::ranges(headers).all(|(name, quality)| {
            let name = name.to_ascii_lowercase();
            any |= quality > 0 && name != "text/plain";
            quality == 0 || is_schema(&name)
        }) && any
    }

    pub(super) fn media_type(self, schema_type: SchemaType) -> &'static str {
        match (self, schema_type) {
            (Self::Json, _) => "application/json",
            (Self::Descriptors, _) => "application/protobuf",
            (Self::Text, SchemaType::Avro) => "application/vnd.apache.avro+json",
            (Self::Text, SchemaType::Json) => "application/schema+json",
            (Self::Text, SchemaType::Protobuf) => "text/plain; charset=utf-8",
        }
    }

    /// What follows a request target in the answer cache; a target has no blanks.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Json => " json",
            Self::Descriptors => " protobuf",
        }
    }

    /// The entity tag of a body with this digest. Forms of the same bytes have different tags, for they differ in their type.
    pub(super) fn tag(self, digest: [u8; 32]) -> String {
        let kind = if self == Self::Json { "-json" } else { "" };
        format!("sha256-{}{kind}", URL_SAFE_NO_PAD.encode(digest))
    }
}

/// How long caches may keep a document, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CachePolicy {
    /// The URL will never mean anything else.
    Immutable(u64),
    MaxAge(u64),
    /// Not one second longer.
    Revalidated(u64),
    /// Kept, but asked about each time: what the URL means moves on.
    NoCache,
    /// The answer was for this request.
    NoStore,
}

impl CachePolicy {
    fn header(self) -> String {
        match self {
            Self::Immutable(seconds) => format!("public, max-age={seconds}, immutable"),
            Self::MaxAge(seconds) => format!("public, max-age={seconds}"),
            Self::Revalidated(seconds) => format!("public, max-age={seconds}, must-revalidate"),
            Self::NoCache => "no-cache".to_owned(),
            Self::NoStore => "no-store".to_owned(),
        }
    }
}

/// Headers of every document, whatever it is.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    (header::VARY, VARY),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Link, Content-Location, Schema-Id, Schema-Guid, Schema-Type, X-Request-ID"),
];
const VARY: &str = "accept, accept-encoding";

/// What a document is sent with beside its bytes.
pub(super) struct DocumentMeta {
    pub(super) schema_type: SchemaType,
    pub(super) representation: Representation,
    pub(super) tag: String,
    pub(super) cache_policy: CachePolicy,
    /// When the schema was stored, in milliseconds since 1970.
    pub(super) created_at: i64,
    pub(super) content_location: String,
    pub(super) further_headers: Vec<(HeaderName, String)>,
}

/// A document, ready to be sent. Cheap to share; the compressed representation is made for the first client that takes it.
pub(super) struct Document {
    pub(super) schema_type: SchemaType,
    pub(super) representation: Representation,
    /// None where nothing but the tag was read.
    bytes: Option<Bytes>,
    gzip_from: u64,
    gzip: OnceLock<Option<(Bytes, HeaderMap)>>,
    tag: String,
    headers: HeaderMap,
    /// Those of a 304.
    validators: HeaderMap,
}

fn quoted(tag: &str, coding: &str) -> String {
    format!("\"{tag}{coding}\"")
}

fn put(map: &mut HeaderMap, name: HeaderName, value: &str) {
    // what can't stand in a header is left out
    if let Ok(value) = HeaderValue::from_str(value) {
        map.insert(name, value);
    }
}

impl DocumentMeta {
    /// The headers that a 304 has too.
    fn validators(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(12);
        put(&mut map, header::ETAG, &quoted(&self.tag, ""));
        put(&mut map, header::CACHE_CONTROL, &self.cache_policy.header());
        put(&mut map, header::CONTENT_LOCATION, &self.content_location);
        map.insert(header::VARY, HeaderValue::from_static(VARY));
        map.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        // what every answer gets: a copy of the map has no room to spare, and would have to grow
        map.insert(REQUEST_ID, HeaderValue::from_static(""));
        map.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        map
    }

    pub(super) fn client_has_it(&self, headers: &HeaderMap) -> bool {
        has_current_copy(headers, &self.tag)
    }

    /// The document without its bytes, for clients that have them.
    pub(super) fn without_bytes(self) -> Document {
        let (validators, Self { schema_type, representation, tag, .. }) = (self.validators(), self);
        let (headers, gzip) = (HeaderMap::new(), OnceLock::new());
        Document { schema_type, representation, bytes: None, gzip_from: 0, gzip, tag, headers, validators }
    }

    pub(super) fn document(self, bytes: Bytes, gzip_from: u64) -> Document {
        let modified = u64::try_from(self.created_at / 1000).unwrap_or(0);
        let validators = self.validators();
        let mut headers = HeaderMap::with_capacity(24);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.representation.media_type(self.schema_type)));
        headers.extend(validators.clone());
        put(&mut headers, header::LAST_MODIFIED, &httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(modified)));
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in self.further_headers {
            put(&mut headers, name, &value);
        }
        let Self { schema_type, representation, tag, .. } = self;
        Document { schema_type, representation, bytes: Some(bytes), gzip_from, gzip: OnceLock::new(), tag, headers, validators }
    }
}

fn not_modified(headers: HeaderMap) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.headers_mut() = headers;
    response
}

/// Only tags tell, and no dates: two versions may have been stored in the same second, or an older one may be the latest again.
fn has_current_copy(headers: &HeaderMap, tag: &str) -> bool {
    match header_scan::first_two(headers, &header::IF_NONE_MATCH) {
        (line, None) => line.is_some_and(|line| lists(line.as_bytes(), tag)),
        _ => headers.get_all(header::IF_NONE_MATCH).iter().any(|line| lists(line.as_bytes(), tag)),
    }
}

/// Whether a line of `If-None-Match` has the tag, compressed or not, or `*`.
fn lists(line: &[u8], tag: &str) -> bool {
    let is_it = |one: &[u8]| {
        let one = one.strip_prefix(b"W/").unwrap_or(one);
        let inner = one.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        one == b"*" || inner.is_some_and(|inner| inner.strip_suffix(b"-gzip").unwrap_or(inner) == tag.as_bytes())
    };
    // most lines are one tag, and need not be looked through for others
    is_it(line) || line.split(|b| *b == b',').any(|one| is_it(one.trim_ascii()))
}

impl Document {
    /// Bytes held, roughly.
    pub(super) fn weight(&self) -> usize {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len() * 3 / 2) + 3000
    }

    /// 200 or 304. `None` when the bytes are needed and not there.
    pub(super) fn answer(&self, method: &Method, headers: &HeaderMap) -> Option<Response<Bytes>> {
        if has_current_copy(headers, &self.tag) {
            return Some(not_modified(self.validators.clone()));
        }
        let whole = self.bytes.as_ref()?;
        let (bytes, headers) = match self.compressed(whole, headers) {
            Some((bytes, headers)) => (bytes.clone(), headers.clone()),
            None => (whole.clone(), self.headers.clone()),
        };
        let length = bytes.len();
        let is_head = *method == Method::HEAD;
        let mut response = Response::new(if is_head { Bytes::new() } else { bytes });
        *response.headers_mut() = headers;
        if is_head {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Some(response)
    }

    fn compressed(&self, whole: &Bytes, headers: &HeaderMap) -> Option<&(Bytes, HeaderMap)> {
        if whole.len() as u64 <= self.gzip_from || !negotiate::accepts_gzip(headers) {
            return None;
        }
        let made = self.gzip.get_or_init(|| {
            let mut headers = self.headers.clone();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            put(&mut headers, header::ETAG, &quoted(&self.tag, "-gzip"));
            compress(whole).map(|bytes| (bytes, headers))
        });
        made.as_ref()
    }
}
