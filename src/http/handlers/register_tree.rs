//! `/accordant/v1/register`: schemas that refer to one another, all of them or none.

use crate::http::bodies;
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::RegisteredTree;
use crate::registry::{RegisterOptions, TreeMember};
use crate::types::Subject;

pub(in crate::http) async fn post(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "registerTree.arg1", "RegisterTreeRequest")?;
    let mut members = Vec::new();
    for (name, submission) in bodies::schema::tree(&body)? {
        let subject = request.registry().resolve_alias(&Subject::parse_in(request.base_context(), &name)).await?;
        members.push(TreeMember { subject, submission });
    }
    let dry_run = request.flag("dryRun");
    let options = RegisterOptions { normalize: request.flag("normalize"), ..RegisterOptions::default() };
    let answers = request.registry().register_tree(&members, options, dry_run, request.rights(), request.actor()).await?;
    if !dry_run {
        for answer in &answers {
            request.state.metrics.registration(answer.is_new);
        }
    }
    json(&RegisteredTree::from(answers.as_slice()))
}
