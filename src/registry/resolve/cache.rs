//! What URIs named. Kept only where no registration could make a URI name something else, so it holds for a generation.

use std::sync::Arc;

use super::ResolutionRule;
use crate::cache::Generational;
use crate::types::{SchemaId, Subject, Version};

const BYTES: u64 = 4 << 20;

/// What a URI named. The schema itself is in the cache of schemas, which has its own bound.
#[derive(Debug)]
pub(in crate::registry) struct ResolvedUri {
    pub(super) rule: ResolutionRule,
    pub(super) subject: Subject,
    pub(super) version: Version,
    pub(super) context: Box<str>,
    pub(super) id: SchemaId,
    pub(super) fragment: Option<Box<str>>,
}

pub(in crate::registry) type ResolvedUris = Generational<String, Arc<ResolvedUri>>;

pub(in crate::registry) fn resolved_uris() -> ResolvedUris {
    Generational::new(BYTES, 1024, |uri, named| {
        let subject = named.subject.name().len() + named.subject.context().len();
        uri.len() + subject + named.context.len() + named.fragment.as_ref().map_or(0, |fragment| fragment.len()) + 128
    })
}
