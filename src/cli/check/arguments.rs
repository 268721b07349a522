//! What `accordant check` can be told.

use clap::{Args, ValueEnum};

use crate::cli::registry_login::RegistryLogin;
use crate::types::{CompatibilityLevel, CompatibilityPolicy, ProtobufPolicy, SchemaType, VersionSelector};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct Arguments {
    /// Schemas, and folders of them, that are to become the next versions; `-` is standard input [default: the working directory]
    #[arg(value_name = "PATH")]
    pub(super) new: Vec<String>,
    /// The earlier versions: a folder, `git:REF[:FOLDER]`, `registry`, or for one schema a file; several files are a history, oldest
    /// first; `-` is standard input
    #[arg(long, value_name = "OLD")]
    pub(super) against: Vec<String>,
    /// A folder of earlier versions of one schema, in natural order of their names (v2 before v10)
    #[arg(long, value_name = "DIR")]
    pub(super) against_dir: Vec<String>,
    /// Paths that are left out, as `**/testdata/**`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(super) exclude: Vec<String>,
    /// A schema that is gone is refused
    #[arg(long)]
    pub(super) refuse_removed: bool,
    /// Check again whenever a file changes, until interrupted
    #[arg(long)]
    pub(super) watch: bool,
    /// The file with mappings and environments [default: accordant.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<String>,
    /// A registry that knows the earlier versions: http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH] [env: `ACCORDANT_REGISTRY`]
    #[arg(long, value_name = "URL", help_heading = "Registry")]
    pub(super) registry: Option<String>,
    /// The registry of this environment of accordant.toml
    #[arg(long, value_name = "NAME", help_heading = "Registry", conflicts_with = "registry")]
    pub(super) env: Option<String>,
    /// The subject in the registry, with its context if it has one (:.ctx:name)
    #[arg(long, value_name = "SUBJECT", help_heading = "Registry")]
    pub(super) subject: Option<String>,
    /// A subject that is not there is a new one, and the schema its first version
    #[arg(long, help_heading = "Registry", requires = "subject")]
    pub(super) allow_new: bool,
    /// Compare with this version of the subject only: a number or `latest`
    #[arg(long = "version", value_name = "VERSION", help_heading = "Registry", requires = "subject", value_parser = version)]
    pub(super) of_version: Option<VersionSelector>,
    #[command(flatten)]
    pub(super) login: RegistryLogin,
    /// Compatibility level [default: the subject's in the registry, else BACKWARD]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(super) level: Option<CompatibilityLevel>,
    /// Format of the schemas: `avro`, `protobuf` or `json` [default: by the extension]
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type)]
    pub(super) schema_type: Option<SchemaType>,
    /// How JSON Schema is judged, `strict` or `lenient`, or `logical` to ask Flink and Iceberg too [default: the subject's in the
    /// registry, else strict]
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    pub(super) policy: Option<CompatibilityPolicy>,
    /// Rule set for Protobuf: `default`, `wire`, `wire_json`, `file` or `compiled` [default: the subject's in the registry, else default]
    #[arg(long, value_name = "POLICY", value_parser = protobuf_policy)]
    pub(super) protobuf_policy: Option<ProtobufPolicy>,
    /// Refuse what a compiler (Protobuf) or the meta-schema (JSON Schema) would refuse
    #[arg(long)]
    pub(super) strict: bool,
    /// A schema that others refer to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH")]
    pub(super) reference: Vec<String>,
    /// Folder that Protobuf imports are relative to; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) proto_path: Vec<String>,
    /// Like --reference, for the earlier versions where theirs differ
    #[arg(long, value_name = "NAME=PATH", conflicts_with = "subject")]
    pub(super) against_reference: Vec<String>,
    /// Like --proto-path, for the earlier versions where theirs differ
    #[arg(long, value_name = "DIR", conflicts_with = "subject")]
    pub(super) against_proto_path: Vec<String>,
    /// The rule set of NEW, in JSON as a registration has it: rules that can't be right are refused, and so are checks in the schema
    #[arg(long, value_name = "FILE")]
    pub(super) rule_set: Option<String>,
    /// A metadata property of NEW, for compatibility groups and reserved fields; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) property: Vec<String>,
    /// Schemas are registered in normalized form
    #[arg(long)]
    pub(super) normalize: bool,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: OutputFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum OutputFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit XML, for GitLab, Jenkins and others
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Markdown, for the comment of a pull request
    Markdown,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn known<T>(found: Option<T>, names: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

fn level(name: &str) -> Result<CompatibilityLevel, String> {
    known(CompatibilityLevel::parse(name), CompatibilityLevel::NAMES)
}

fn policy(name: &str) -> Result<CompatibilityPolicy, String> {
    known(CompatibilityPolicy::parse(name), &["strict", "lenient", "logical"])
}

fn protobuf_policy(name: &str) -> Result<ProtobufPolicy, String> {
    known(ProtobufPolicy::parse(name), &["default", "wire", "wire_json", "file", "compiled"])
}

/// Reads the name of a format in any letter case.
pub(in crate::cli) fn schema_type(name: &str) -> Result<SchemaType, String> {
    known(SchemaType::parse(&name.to_ascii_uppercase()), &["avro", "protobuf", "json"])
}

fn version(text: &str) -> Result<VersionSelector, String> {
    VersionSelector::parse(text).ok_or_else(|| "expected a number from 1 or `latest`".to_owned())
}
