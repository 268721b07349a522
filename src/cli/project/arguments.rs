//! What the commands can be told.

use clap::{Args, ValueEnum};

use crate::cli::check::Color;
use crate::cli::registry_login::RegistryLogin;

/// Which files, and which registry.
#[derive(Debug, Args)]
pub(super) struct ProjectOptions {
    /// The file with mappings and environments, or a state file of schema-registry-gitops [default: accordant.toml here or above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<String>,
    /// The registry: http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH] [env: `ACCORDANT_REGISTRY`]
    #[arg(long, value_name = "URL", help_heading = "Registry")]
    pub(super) registry: Option<String>,
    /// The registry of this environment [env: `ACCORDANT_REGISTRY_ENV`]
    #[arg(long, value_name = "NAME", help_heading = "Registry", conflicts_with = "registry")]
    pub(super) env: Option<String>,
    #[command(flatten, next_help_heading = "Registry")]
    pub(super) login: RegistryLogin,
}

/// How a plan is printed.
#[derive(Debug, Args)]
pub(super) struct PrintOptions {
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(super) format: PlanFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum PlanFormat {
    /// For people
    #[default]
    Human,
    /// The plan itself, which `apply --plan` takes
    Json,
    /// For the comment of a pull request
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct Enabled {
    /// Delete subjects that no file is
    #[arg(long)]
    pub(super) enable_deletes: bool,
    /// Change configs and modes
    #[arg(long)]
    pub(super) enable_configs: bool,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) enabled: Enabled,
    /// Write the plan into a file as well
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<String>,
    #[command(flatten)]
    pub(super) shown: PrintOptions,
    #[command(flatten)]
    pub(super) place: ProjectOptions,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// Do what this plan says, unless the registry has moved since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["enable_deletes", "enable_configs"])]
    pub(super) plan: Option<String>,
    #[command(flatten)]
    pub(super) enabled: Enabled,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
    #[command(flatten)]
    pub(super) place: ProjectOptions,
}

#[derive(Debug, Args)]
pub(super) struct DriftArguments {
    /// Subjects that no file is count too
    #[arg(long)]
    pub(super) unmanaged: bool,
    #[command(flatten)]
    pub(super) shown: PrintOptions,
    #[command(flatten)]
    pub(super) place: ProjectOptions,
}

#[derive(Debug, Args)]
pub(super) struct PullArguments {
    /// The folder that is written
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) folder: String,
    /// Only subjects that begin so
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(super) prefix: String,
    /// The versions before the latest too, in files of their own; plan compares them
    #[arg(long)]
    pub(super) all_versions: bool,
    /// Write over what is there
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) place: ProjectOptions,
}

#[derive(Debug, Args)]
pub(super) struct PromoteArguments {
    /// The subjects, their latest versions unless they say which: `orders-value@3`, `@2..4` or `@*` for all. What they refer to goes with them
    #[arg(value_name = "SUBJECT[@VERSION]", required = true)]
    pub(super) subjects: Vec<String>,
    /// The environment that has them
    #[arg(long, value_name = "NAME")]
    pub(super) from: String,
    /// The environment that is to have them
    #[arg(long, value_name = "NAME")]
    pub(super) to: String,
    /// Promote their configs too
    #[arg(long)]
    pub(super) enable_configs: bool,
    /// Only say what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) shown: PrintOptions,
    /// The file with environments [default: accordant.toml here or above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<String>,
}
