//! `/associations`: the look-up that official clients make before their first record (rest-api 6.1).

use serde_json::json;

use crate::http::reply::{Answer, json};
use crate::http::request::Request;

/// No associations are kept, so every resource has none; clients then fall back to their subject name strategy.
pub(in crate::http) async fn of_resource(_: Request) -> Answer {
    json(&json!([]))
}
