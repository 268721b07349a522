//! What lists have in common: which subjects, and which page.

use crate::http::request::Request;
use crate::store::SubjectFilter;
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
