//! The record of who changed what: that nothing is missing in it, and that nothing can be done to it unseen.

mod cli;
mod entries;
mod refusals;
mod replicas;
mod routes;
mod storm;
mod tampering;

use serde_json::Value;

use crate::support::app::TestApp;

/// All entries of a query, page by page.
pub async fn entries(app: &TestApp, login: &str, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let target = format!("/accordant/v1/audit?{query}{after}");
        let headers: &[(&str, &str)] = if login.is_empty() { &[] } else { &[("authorization", login)] };
        let page = app.send(hyper::Method::GET, &target, headers, "").await.ok();
        all.extend(page["entries"].as_array().unwrap().iter().cloned());
        match page["next"].as_i64() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

/// The members of entries, as texts.
pub fn column(entries: &[Value], name: &str) -> Vec<String> {
    entries.iter().map(|entry| entry[name].as_str().map_or_else(|| entry[name].to_string(), str::to_owned)).collect()
}
