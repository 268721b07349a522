//! `/exporters`: what is copied into other registries (exporters 1); `/importers`: what is copied out of them, by the same words.

use crate::codec::{ExporterInput, ExporterJson, exporter_config};
use crate::http::bodies;
use crate::http::reply::{Answer, Reply, json};
use crate::http::request::Request;
use crate::http::wire::{ExporterName, ExporterStatus};
use crate::types::LinkKind;

/// Whose routes they are.
pub(in crate::http) trait Link: Send {
    const KIND: LinkKind;
}

/// `/exporters`.
pub(in crate::http) enum Exporters {}

impl Link for Exporters {
    const KIND: LinkKind = LinkKind::Exporter;
}

/// `/importers`.
pub(in crate::http) enum Importers {}

impl Link for Importers {
    const KIND: LinkKind = LinkKind::Importer;
}

fn named(request: &Request) -> Answer {
    json(&ExporterName { name: request.param("name") })
}

pub(in crate::http) async fn list<L: Link>(request: Request) -> Answer {
    json(&request.registry().exporter_names(L::KIND).await?)
}

pub(in crate::http) async fn create<L: Link>(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createExporter.arg1", "ExporterInfo")?;
    let name = request.registry().create_exporter(L::KIND, ExporterInput::read(&body)?, request.actor()).await?;
    json(&ExporterName { name: &name })
}

pub(in crate::http) async fn get<L: Link>(request: Request) -> Answer {
    json(&ExporterJson::from(&request.registry().exporter(L::KIND, request.param("name")).await?.exporter))
}

pub(in crate::http) async fn put<L: Link>(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "putExporter.arg2", "ExporterInfo")?;
    let input = ExporterInput { name: None, ..ExporterInput::read(&body)? };
    request.registry().update_exporter(L::KIND, request.param("name"), input, request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn delete<L: Link>(request: Request) -> Answer {
    request.registry().delete_exporter(L::KIND, request.param("name"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn status<L: Link>(request: Request) -> Answer {
    json(&ExporterStatus::from(&request.registry().exporter(L::KIND, request.param("name")).await?))
}

pub(in crate::http) async fn config<L: Link>(request: Request) -> Answer {
    json(&request.registry().exporter(L::KIND, request.param("name")).await?.exporter.config)
}

pub(in crate::http) async fn put_config<L: Link>(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "putExporterConfig.arg2", "Map")?;
    let input = ExporterInput { config: Some(exporter_config(&body)?), ..ExporterInput::default() };
    request.registry().update_exporter(L::KIND, request.param("name"), input, request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn pause<L: Link>(request: Request) -> Answer {
    request.registry().pause_exporter(L::KIND, request.param("name"), request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn resume<L: Link>(request: Request) -> Answer {
    request.registry().resume_exporter(L::KIND, request.param("name"), request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn reset<L: Link>(request: Request) -> Answer {
    request.registry().reset_exporter(L::KIND, request.param("name"), request.actor()).await?;
    named(&request)
}
