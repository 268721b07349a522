//! `/dek-registry/v1/keks/{name}/deks`: data encryption keys (encryption 1.1).

use super::keks::page;
use crate::access::Operation;
use crate::http::bodies;
use crate::http::error::{self, ApiError};
use crate::http::reply::{Answer, Reply, json};
use crate::http::request::Request;
use crate::http::wire::Dek;
use crate::registry::{DekVersion, ReadDek, check_dek_name};
use crate::types::{DekAlgorithm, DekName, Subject, VersionSelector};

/// The version that is read where none is named.
const FIRST: VersionSelector = VersionSelector::Number(1);

/// `algorithm`; one that there is not is a 404, as all that can't be read in a query.
fn algorithm(request: &Request) -> Result<DekAlgorithm, ApiError> {
    match request.query("algorithm").filter(|name| !name.is_empty()) {
        None => Ok(DekAlgorithm::default()),
        Some(name) => DekAlgorithm::parse(name).ok_or_else(ApiError::not_found),
    }
}

async fn name(request: &Request) -> Result<DekName, ApiError> {
    let algorithm = algorithm(request)?;
    Ok(DekName { kek: request.param("name").to_owned(), written_subject: request.dek_subject().await?, algorithm })
}

fn answer(dek: &ReadDek) -> Reply {
    let json = Dek::from(dek).to_bytes();
    if dek.key_material.is_some() { Reply::SecretJson(json) } else { Reply::Json(json) }
}

pub(in crate::http) async fn subjects(request: Request) -> Answer {
    let page = page(&request)?;
    json(&request.registry().dek_subjects(request.param("name"), page, request.rights()).await?)
}

/// What older clients call: the subject is in the body alone.
pub(in crate::http) async fn create(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createDek.arg3", "CreateDekRequest")?;
    let input = bodies::key::new_dek(&body)?;
    request.require(Operation::SubjectWrite, &Subject::parse(input.subject.as_deref().unwrap_or_default()))?;
    Ok(answer(&request.registry().create_dek(request.param("name"), &input, false, request.actor()).await?))
}

pub(in crate::http) async fn create_for_subject(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createDekWithSubject.arg5", "CreateDekRequest")?;
    let mut input = bodies::key::new_dek(&body)?;
    let (subject, rewrap) = (request.dek_subject().await?, request.flag("rewrap"));
    if rewrap {
        // under a shared KEK the answer has a key that was there before
        request.require(Operation::SubjectRead, &Subject::parse(&subject))?;
    }
    input.subject = Some(subject);
    Ok(answer(&request.registry().create_dek(request.param("name"), &input, rewrap, request.actor()).await?))
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    Ok(answer(&request.registry().dek(&name(&request).await?, FIRST, request.flag("deleted")).await?))
}

pub(in crate::http) async fn get_version(request: Request) -> Answer {
    let (name, version) = named_version(&request).await?;
    Ok(answer(&request.registry().dek(&name, version, request.flag("deleted")).await?))
}

pub(in crate::http) async fn versions(request: Request) -> Answer {
    let (name, page) = (name(&request).await?, page(&request)?);
    json(&request.registry().dek_versions(&name, page).await?)
}

/// A DEK and the version in the path. Names are looked at before versions.
async fn named_version(request: &Request) -> Result<(DekName, VersionSelector), ApiError> {
    let name = name(request).await?;
    check_dek_name(&name)?;
    let version = error::selector(request.param("version"))?;
    Ok((name, version))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    request.registry().delete_dek(&name(&request).await?, DekVersion::All, request.flag("permanent"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn delete_version(request: Request) -> Answer {
    let (name, version) = named_version(&request).await?;
    request.registry().delete_dek(&name, DekVersion::One(version), request.flag("permanent"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn undelete(request: Request) -> Answer {
    request.registry().undelete_dek(&name(&request).await?, DekVersion::All, request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn undelete_version(request: Request) -> Answer {
    let (name, version) = named_version(&request).await?;
    request.registry().undelete_dek(&name, DekVersion::One(version), request.actor()).await?;
    Ok(Reply::NoContent)
}
