//! `/exporters`: what is copied into other registries (exporters 1).

use crate::codec::{ExporterInput, ExporterJson, exporter_config};
use crate::http::bodies;
use crate::http::reply::{Answer, Reply, json};
use crate::http::request::Request;
use crate::http::wire::{ExporterName, ExporterStatus};

fn named(request: &Request) -> Answer {
    json(&ExporterName { name: request.param("name") })
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    json(&request.registry().exporter_names().await?)
}

pub(in crate::http) async fn create(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createExporter.arg1", "ExporterInfo")?;
    let name = request.registry().create_exporter(ExporterInput::read(&body)?, request.actor()).await?;
    json(&ExporterName { name: &name })
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    json(&ExporterJson::from(&request.registry().exporter(request.param("name")).await?.exporter))
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "putExporter.arg2", "ExporterInfo")?;
    let input = ExporterInput { name: None, ..ExporterInput::read(&body)? };
    request.registry().update_exporter(request.param("name"), input, request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    request.registry().delete_exporter(request.param("name"), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn status(request: Request) -> Answer {
    json(&ExporterStatus::from(&request.registry().exporter(request.param("name")).await?))
}

pub(in crate::http) async fn config(request: Request) -> Answer {
    json(&request.registry().exporter(request.param("name")).await?.exporter.config)
}

pub(in crate::http) async fn put_config(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "putExporterConfig.arg2", "Map")?;
    let input = ExporterInput { config: Some(exporter_config(&body)?), ..ExporterInput::default() };
    request.registry().update_exporter(request.param("name"), input, request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn pause(request: Request) -> Answer {
    request.registry().pause_exporter(request.param("name"), request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn resume(request: Request) -> Answer {
    request.registry().resume_exporter(request.param("name"), request.actor()).await?;
    named(&request)
}

pub(in crate::http) async fn reset(request: Request) -> Answer {
    request.registry().reset_exporter(request.param("name"), request.actor()).await?;
    named(&request)
}
