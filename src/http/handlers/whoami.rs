//! `/accordant/v1/whoami`: who the server takes its client for, and what it may do by which rule.

use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::WhoAmI;

pub(in crate::http) async fn get(request: Request) -> Answer {
    let caller = &request.caller;
    json(&WhoAmI::new(&caller.principal, &caller.groups, caller.method.as_str(), &caller.rights))
}
