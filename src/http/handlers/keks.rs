//! `/dek-registry/v1/keks`: key encryption keys (encryption 1.1).

use crate::access::Operation;
use crate::http::bodies;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, Reply, json};
use crate::http::request::Request;
use crate::http::wire::{Kek, TestedKek};
use crate::registry::{KeyPage, RegistryError};

/// Which keys to list; without a limit it is all of them.
pub(super) fn page(request: &Request) -> Result<KeyPage, ApiError> {
    let (offset, limit) = request.page(usize::MAX)?;
    Ok(KeyPage { deleted: request.flag("deleted"), offset, limit })
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    let page = page(&request)?;
    json(&request.registry().kek_names(&request.query_all("subjectPrefix"), page, request.rights()).await?)
}

pub(in crate::http) async fn create(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createKek.arg3", "CreateKekRequest")?;
    let input = bodies::key::new_kek(&body)?;
    if input.shared {
        // the server would use its own way into the KMS
        request.rights().require_globally(Operation::Admin).map_err(RegistryError::from)?;
    }
    json(&Kek::from(&request.registry().create_kek(input, request.flag("testSharing"), request.actor()).await?))
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    json(&Kek::from(&request.registry().kek(request.param("name"), request.flag("deleted")).await?))
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "putKek.arg4", "UpdateKekRequest")?;
    let patch = bodies::key::kek_patch(&body)?;
    json(&Kek::from(
        &request.registry().update_kek(request.param("name"), &patch, request.flag("testSharing"), request.actor()).await?,
    ))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    request.registry().delete_kek(request.param("name"), request.flag("permanent"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn undelete(request: Request) -> Answer {
    request.registry().undelete_kek(request.param("name"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn test(request: Request) -> Answer {
    json(&TestedKek::from(&request.registry().test_kek(request.param("name")).await?))
}
