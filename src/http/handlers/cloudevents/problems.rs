//! `/cloudevents/problems/{name}`: the pages that the `type` of a problem leads to.

use bytes::Bytes;
use strum::VariantArray;

use crate::http::error::{ApiError, ProblemKind};
use crate::http::problem;
use crate::http::reply::{Answer, Reply};
use crate::http::request::Request;

pub(in crate::http) async fn page(request: Request) -> Answer {
    let page = ProblemKind::VARIANTS.iter().copied().map(problem::page).find(|page| page.name == request.param("name"));
    let page = page.ok_or_else(ApiError::not_found)?;
    let text = format!("{}\n\n{}\n", page.title, page.about);
    Ok(Reply::Typed("text/plain; charset=utf-8", Bytes::from(text)))
}
