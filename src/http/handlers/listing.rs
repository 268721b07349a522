//! What lists have in common: which subjects, and which page.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use crate::http::reply::{Answer, Reply};
use crate::http::request::Request;
use crate::registry::RegistryError;
use crate::store::{Freshness, SubjectFilter};
use crate::types::Subject;

/// `subjectPrefix`: `:*:` is every context, `:.ctx:` one, `:.ctx` all that begin so; without a context the default one. The
/// prefix of the path qualifies what is unqualified.
pub(super) fn subject_filter(request: &Request, absent: &str) -> SubjectFilter {
    let given = match (request.query("subjectPrefix"), &request.context) {
        (Some(given), _) => given,
        (None, Some(_)) => "",
        (None, None) => absent,
    };
    let mut filter =
        SubjectFilter { deleted: request.flag("deleted"), deleted_only: request.flag("deletedOnly"), ..SubjectFilter::default() };
    if let Some(prefix) = given.strip_prefix(":*:") {
        prefix.clone_into(&mut filter.prefix);
    } else if given.starts_with(":.") && !given.get(2..).is_some_and(|rest| rest.contains(':')) {
        filter.context_prefix = given.strip_prefix(':').map(str::to_owned);
    } else {
        let subject = Subject::parse_in(request.base_context(), given);
        filter.context = Some(subject.context().to_owned());
        subject.name().clone_into(&mut filter.prefix);
    }
    filter
}

/// A page of a list that is small enough to be in memory.
pub(super) fn page<T>(items: Vec<T>, (offset, limit): (usize, usize)) -> Vec<T> {
    items.into_iter().skip(offset).take(limit).collect()
}

/// Bytes up to which a list is sent in one piece.
const WHOLE_BYTES: usize = 256 << 10;

/// A list as a JSON array, page by page: a long one is never in memory. Up to [`WHOLE_BYTES`] a failure is an error, and the list is
/// given again while it is fresh; what fails later cuts the connection.
pub(super) async fn array<T: 'static>(
    freshness: Option<Freshness>,
    pages: impl Stream<Item = Result<Vec<T>, RegistryError>> + Send + 'static,
    item: impl Fn(&T) -> Bytes + Send + 'static,
) -> Answer {
    let mut pages = Box::pin(pages);
    let append = move |out: &mut Vec<u8>, page: &[T]| {
        for one in page {
            if out.last() != Some(&b'[') {
                out.push(b',');
            }
            out.extend_from_slice(&item(one));
        }
    };
    let mut begin = vec![b'['];
    while let Some(page) = pages.next().await.transpose()? {
        append(&mut begin, &page);
        if begin.len() > WHOLE_BYTES {
            let rest = pages.map(move |page| {
                page.map(|page| {
                    let mut chunk = Vec::new();
                    append(&mut chunk, &page);
                    Bytes::from(chunk)
                })
            });
            let end = stream::once(async { Ok(Bytes::from_static(b"]")) });
            let whole = stream::once(async move { Ok(Bytes::from(begin)) }).chain(rest).chain(end);
            return Ok(Reply::Stream(Body::from_stream(whole)));
        }
    }
    begin.push(b']');
    Ok(Reply::while_fresh(begin.into(), freshness))
}
