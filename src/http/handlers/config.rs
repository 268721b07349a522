//! `/config`, of the registry as a whole, of contexts and of subjects.

use crate::access::Operation;
use crate::codec::{ConfigJson, ConfigPatch, LevelKey};
use crate::http::bodies;
use crate::http::reply::{Answer, Reply, json, to_bytes};
use crate::http::request::Request;
use crate::types::Subject;

pub(in crate::http) async fn get(request: Request) -> Answer {
    let subject = request.named_subject();
    let freshness = request.freshness(&subject);
    let config = request.registry().config(&subject, request.flag("defaultToGlobal")).await?;
    Ok(Reply::while_fresh(to_bytes(&ConfigJson::new(&config, LevelKey::CompatibilityLevel)), freshness))
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let operation = if request.is_top_level() { "updateTopLevelConfig.arg1" } else { "updateSubjectLevelConfig.arg2" };
    let body = bodies::json::required(&request.body, operation, "ConfigUpdateRequest")?;
    let patch = ConfigPatch::from_json(&body)?.unwrap_or_default();
    if let Some(alias) = patch.new_alias() {
        // what the subject then stands for is written through it
        request.require(Operation::SubjectWrite, &Subject::parse_in(request.named_subject().context(), alias))?;
    }
    let config = request.registry().put_config(&request.named_subject(), &patch).await?;
    json(&ConfigJson::new(&config, LevelKey::Compatibility))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let config = request.registry().delete_config(&request.named_subject()).await?;
    json(&ConfigJson::new(&config, LevelKey::CompatibilityLevel))
}
