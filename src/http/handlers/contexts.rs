//! `/contexts`.

use super::listing::page;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, Reply, json};
use crate::http::request::Request;
use crate::types::context_from_segment;

pub(in crate::http) async fn list(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let prefix = request.query("contextPrefix").unwrap_or("");
    let mut names = request.registry().contexts().await?;
    names.retain(|name| name.starts_with(prefix) && request.rights().sees_context(name));
    json(&page(names, paging))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let segment = request.param("context");
    let context = context_from_segment(segment).ok_or_else(|| ApiError::context_with_colon(segment))?;
    request.registry().delete_context(&context, request.actor()).await?;
    Ok(Reply::NoContent)
}
