//! What `migrate` and `digest` can be told.

use clap::{Args, ValueEnum};

pub(super) const MIGRATE_HELP: &str = "\
Examples:
  accordant migrate --from https://old:8081 --to http://localhost:8081 --dry-run
  accordant migrate --from https://old:8081 --to http://localhost:8081
  accordant migrate --from old --to new --follow 5          (environments of accordant.toml)
  accordant migrate --from old --to new --cutover
  accordant migrate --from old --to new --verify --json

Exit codes: 0 both are equal, 1 they differ, 2 can't tell (bad input, no connection).";

pub(super) const DIGEST_HELP: &str = "\
Examples:
  accordant digest --registry http://localhost:8081
  accordant digest --registry prod --json

Exit codes: 0 printed, 2 can't tell (bad input, no connection).";

pub(super) const EXPORT_HELP: &str = "\
Examples:
  accordant export --from http://localhost:8081 --output registry.jsonl.gz
  accordant export --from prod --output schemas.txt --format schemas-topic

Exit codes: 0 written, 1 the registry lists what it does not give, 2 can't tell (bad input, no connection).";

pub(super) const IMPORT_HELP: &str = "\
Examples:
  accordant import registry.jsonl.gz --to http://localhost:8081
  kcat -C -b broker -t _schemas -e -J | accordant import - --to http://localhost:8081
  accordant import registry.jsonl.gz --database sqlite:///var/lib/accordant/accordant.db
  accordant import karapace.backup --to http://localhost:8081 --dry-run

Exit codes: 0 the registry says what the file says, 1 it does not, 2 can't tell (bad input, no connection).";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command, not states")]
pub(super) struct MigrateArguments {
    /// The registry to copy from: a URL (http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH]), an environment of accordant.toml, or a database
    #[arg(long, value_name = "URL | ENV")]
    pub(super) from: String,
    /// The registry to copy to
    #[arg(long, value_name = "URL | ENV", required_unless_present = "database")]
    pub(super) to: Option<String>,
    /// The database to copy to, without a server: a URL that begins with sqlite: or postgres:
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    pub(super) database: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long, conflicts_with_all = ["verify", "follow", "cutover"])]
    pub(super) dry_run: bool,
    /// Copy nothing; say where both differ
    #[arg(long, conflicts_with_all = ["follow", "cutover"])]
    pub(super) verify: bool,
    /// Go on copying what changes, every so many seconds, until it is stopped
    #[arg(long, value_name = "SECONDS", conflicts_with = "cutover")]
    pub(super) follow: Option<u64>,
    /// Make the source read-only, copy the rest, and let the target take writes
    #[arg(long)]
    pub(super) cutover: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) copy: CopyArguments,
}

/// How a copy is made.
#[derive(Debug, Args)]
pub(super) struct CopyArguments {
    /// Only subjects that begin so; `:.ctx:` for a context
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(super) prefix: String,
    /// Remove from the target what the source does not have
    #[arg(long)]
    pub(super) mirror: bool,
    /// Leave the target in mode IMPORT
    #[arg(long)]
    pub(super) keep_import: bool,
    /// Requests at once
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) parallel: u16,
    /// Most requests in a second, to each registry
    #[arg(long, value_name = "NUMBER")]
    pub(super) rate: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// The registry: a URL, or an environment of accordant.toml
    #[arg(long, value_name = "URL | ENV", required_unless_present = "database")]
    pub(super) from: Option<String>,
    /// The database instead, as it is at one moment, whether it is served or not: a URL that begins with sqlite: or postgres:
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    pub(super) database: Option<String>,
    /// The file to write, compressed where its name ends in .gz or .zst; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: String,
    /// What is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: ExportFormat,
    /// Only subjects that begin so; `:.ctx:` for a context
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(super) prefix: String,
    /// Requests at once
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) parallel: u16,
}

/// Which numbers of an export of Apicurio Registry clients know as ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ApicurioIds {
    /// Those of contents, as Apicurio's API for Confluent's clients has them
    Content,
    /// Those of versions, where apicurio.ccompat.legacy-id-mode.enabled is true
    Global,
}

/// Kinds of files that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ExportFormat {
    /// Lines of JSON with a digest at their end
    #[default]
    Bundle,
    /// Records of the topic `_schemas`, as KEY<TAB>VALUE: what Confluent's registry reads
    SchemasTopic,
    /// Records of the topic `_dek_registry_keys`, as KEY<TAB>VALUE: KEKs, and DEKs as they are wrapped
    DekRegistryTopic,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// A bundle, dumps of the topics `_schemas` and `_dek_registry_keys` (kcat -J, or a console consumer with keys), a Karapace backup (of
    /// version 3 its .metadata), an export of Apicurio, or what `AxonOps` imports; `-` is standard input. Of several, each adds to the others
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<String>,
    /// Of an export of Apicurio Registry: which of its numbers clients know as ids
    #[arg(long, value_enum, value_name = "IDS")]
    pub(super) ids: Option<ApicurioIds>,
    /// The registry to copy to: a URL, or an environment of accordant.toml
    #[arg(long, value_name = "URL | ENV", required_unless_present = "database")]
    pub(super) to: Option<String>,
    /// The database to copy to, without a server: a URL that begins with sqlite: or postgres:
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    pub(super) database: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) copy: CopyArguments,
}

#[derive(Debug, Args)]
pub(super) struct DigestArguments {
    /// The registry: a URL, or an environment of accordant.toml
    #[arg(long, value_name = "URL | ENV", required_unless_present_any = ["file", "database"])]
    pub(super) registry: Option<String>,
    /// A database instead, as it is at one moment, whether it is served or not: a URL that begins with sqlite: or postgres:
    #[arg(long, value_name = "URL", conflicts_with_all = ["registry", "file"])]
    pub(super) database: Option<String>,
    /// A file instead, as `import` reads it
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    pub(super) file: Option<String>,
    /// Of an export of Apicurio Registry: which of its numbers clients know as ids
    #[arg(long, value_enum, value_name = "IDS")]
    pub(super) ids: Option<ApicurioIds>,
    /// Only subjects that begin so
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(super) prefix: String,
    /// Requests at once
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) parallel: u16,
    /// Print it as JSON, with what it is made of
    #[arg(long)]
    pub(super) json: bool,
}
