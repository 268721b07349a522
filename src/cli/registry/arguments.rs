//! What the everyday commands can be told.

use clap::{Args, ValueEnum};

use crate::cli::api::Api;
use crate::cli::check::{Color, InputError, schema_type};
use crate::cli::connection::required;
use crate::cli::manifest::Manifest;
use crate::cli::registry_login::RegistryLogin;
use crate::types::SchemaType;

pub(super) const DIFF_HELP: &str = "\
Examples:
  accordant diff order.old.avsc order.avsc
  accordant diff orders-value@1 orders-value@latest --env prod
  accordant diff orders-value@latest order.avsc

Exit codes: 0 the same, 3 they differ, 2 can't tell (bad input, no connection).";

/// Which registry.
#[derive(Debug, Args)]
#[command(next_help_heading = "Registry")]
pub(in crate::cli) struct RegistryOptions {
    /// The registry: http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH] [env: `ACCORDANT_REGISTRY`]
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// The registry of this environment of accordant.toml [env: `ACCORDANT_REGISTRY_ENV`]
    #[arg(long, value_name = "NAME", conflicts_with = "registry")]
    env: Option<String>,
    #[command(flatten)]
    login: RegistryLogin,
}

impl RegistryOptions {
    pub(in crate::cli) fn api(&self) -> Result<Api, InputError> {
        let manifest = Manifest::find(None).map_err(InputError::new)?;
        let found = required(self.registry.as_deref(), self.env.as_deref(), &self.login, manifest.as_ref());
        Ok(Api::new(found.map_err(InputError::new)?.client))
    }
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum PrintFormat {
    /// For people and pipes
    #[default]
    Human,
    /// JSON
    Json,
}

#[derive(Debug, Args)]
pub(super) struct SubjectsArguments {
    /// Only those that begin so
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(super) prefix: String,
    /// Those that are soft-deleted too
    #[arg(long)]
    pub(super) deleted: bool,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PrintFormat,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct VersionsArguments {
    /// The subject, with its context if it has one (:.ctx:name)
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: String,
    /// Those that are soft-deleted too
    #[arg(long)]
    pub(super) deleted: bool,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PrintFormat,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct GetArguments {
    /// The subject
    #[arg(value_name = "SUBJECT", required_unless_present_any = ["id", "guid"], conflicts_with_all = ["id", "guid"])]
    pub(super) subject: Option<String>,
    /// A number or `latest`
    #[arg(value_name = "VERSION", default_value = "latest")]
    pub(super) version: String,
    /// The schema of this id
    #[arg(long, value_name = "ID", conflicts_with = "guid")]
    pub(super) id: Option<u32>,
    /// The schema of this guid
    #[arg(long, value_name = "GUID")]
    pub(super) guid: Option<String>,
    /// Also when it is soft-deleted
    #[arg(long)]
    pub(super) deleted: bool,
    /// The text alone, or all that the registry says about it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PrintFormat,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct RegisterArguments {
    /// The subject
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: String,
    /// The schema; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: String,
    /// Format of the schema: avro, protobuf or json [default: by the file]
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type)]
    pub(super) schema_type: Option<SchemaType>,
    /// What a name in the schema stands for; may be given several times. Without a version it is the latest
    #[arg(long, value_name = "NAME=SUBJECT[@VERSION]")]
    pub(super) reference: Vec<String>,
    /// A metadata property; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) property: Vec<String>,
    /// In normalized form
    #[arg(long)]
    pub(super) normalize: bool,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PrintFormat,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct DeleteArguments {
    /// The subject
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: String,
    /// One version; without it the whole subject
    #[arg(value_name = "VERSION")]
    pub(super) version: Option<String>,
    /// For good: ids stand for nothing any more
    #[arg(long)]
    pub(super) permanent: bool,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// The subject; without it the registry as a whole
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: Option<String>,
    /// Set the compatibility level
    #[arg(long, value_name = "LEVEL")]
    pub(super) level: Option<String>,
    /// Set a key of the config; may be given several times. The value is JSON, or else a text
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Take a key out; may be given several times
    #[arg(long, value_name = "KEY")]
    pub(super) unset: Vec<String>,
    /// Delete the whole config
    #[arg(long, conflicts_with_all = ["level", "set", "unset"])]
    pub(super) delete: bool,
    /// What holds for the subject, with what it takes from the registry as a whole
    #[arg(long, requires = "subject")]
    pub(super) effective: bool,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct ModeArguments {
    /// The subject; without it the registry as a whole
    #[arg(value_name = "SUBJECT")]
    pub(super) subject: Option<String>,
    /// Set it: `READWRITE`, `READONLY`, `READONLY_OVERRIDE`, `IMPORT` or `FORWARD`
    #[arg(long, value_name = "MODE")]
    pub(super) set: Option<String>,
    /// Also where IMPORT would be refused because there are schemas
    #[arg(long, requires = "set")]
    pub(super) force: bool,
    /// Delete what is set for the subject
    #[arg(long, conflicts_with = "set", requires = "subject")]
    pub(super) delete: bool,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The earlier one: a file, or SUBJECT@VERSION
    #[arg(value_name = "OLD")]
    pub(super) old: String,
    /// The later one: a file, or SUBJECT@VERSION
    #[arg(value_name = "NEW")]
    pub(super) new: String,
    /// Format of files: avro, protobuf or json [default: by the file]
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type)]
    pub(super) schema_type: Option<SchemaType>,
    /// A schema that files refer to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH")]
    pub(super) reference: Vec<String>,
    /// Folder that Protobuf imports are relative to; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) proto_path: Vec<String>,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PrintFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
    #[command(flatten)]
    pub(super) place: RegistryOptions,
}
