//! `accordant lint`: are schemas valid, and what about them is worth a second look?
//!
//! - `rules`: which rules are on
//! - `conditions`: conditions of data contracts, tried on data that is made up
//! - `report`: what was found; `print`, `junit`, `sarif` and `markdown` show it

mod conditions;
mod junit;
mod markdown;
mod print;
mod report;
mod rules;
mod sarif;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};

use self::report::{LintReport, Linted};
use self::rules::LintRules;
use super::check::folder::{
    Choice, FolderSides, Lookup, ReadStrictness, Workspace, before, candidate, each, earlier_paths, named,
};
use super::check::{Color, InputError, OutputFormat, on_deep_stack};
use super::check::{contract, style};
use super::exit::Exit;
use super::manifest::{Manifest, Mapped, PathPattern};
use crate::schema::lint::fixed;

#[derive(Debug, Args)]
struct Arguments {
    /// Schemas, and folders of them [default: the working directory]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Look for what has changed too: a folder, or `git:REF[:FOLDER]`
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
    /// Repair what can be repaired without harm, in the files
    #[arg(long)]
    fix: bool,
    /// Warnings are refused too
    #[arg(long)]
    deny_warnings: bool,
    /// Refuse what a compiler (Protobuf) or the meta-schema (JSON Schema) would refuse
    #[arg(long)]
    strict: bool,
    /// Paths that are left out, as `**/testdata/**`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// A schema that others refer to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH")]
    reference: Vec<String>,
    /// Folder that Protobuf imports are relative to; may be given several times
    #[arg(long, value_name = "DIR")]
    proto_path: Vec<String>,
    /// The file that says which rules are on [default: accordant.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: OutputFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
}

const AFTER_HELP: &str = "\
Examples:
  accordant lint schemas
  accordant lint schemas --against git:main --fix
  accordant lint --format sarif > lint.sarif

Exit codes: 0 fine, 1 not valid or a rule that is an error, 2 can't tell (bad input).";

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("lint").disable_version_flag(true))
        .about("Look at schemas alone: are they valid, and do they keep to the rules?")
        .after_help(AFTER_HELP)
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let report = on_deep_stack(|| lint(&arguments)).map_err(|error| error.to_string())?;
    match arguments.format {
        OutputFormat::Human => style::print_styled(&print::human(&report), arguments.color),
        OutputFormat::Json => style::print(&print::json(&report)),
        OutputFormat::Github => style::print(&print::github(&report)),
        OutputFormat::Junit => style::print(&junit::print(&report, arguments.deny_warnings)),
        OutputFormat::Sarif => style::print(&sarif::print(&report)),
        OutputFormat::Markdown => style::print(&markdown::print(&report, arguments.deny_warnings)),
    }?;
    Ok(if report.is_refused(arguments.deny_warnings) { Exit::Refused } else { Exit::Success })
}

fn lint(arguments: &Arguments) -> Result<LintReport, InputError> {
    let manifest = Manifest::find(arguments.config.as_deref()).map_err(InputError::new)?;
    let rules = LintRules::of(manifest.as_ref())?;
    let paths = if arguments.paths.is_empty() { vec![".".to_owned()] } else { arguments.paths.clone() };
    let sides = FolderSides::new(&paths, arguments.against.as_deref().unwrap_or_default())?;
    let exclude = arguments.exclude.iter().map(|pattern| PathPattern::new(pattern)).collect::<Result<Vec<_>, _>>();
    let exclude = exclude.map_err(|error| InputError::new(format!("--exclude {error}")))?;
    let choose = |path: &str| {
        let in_manifest = manifest.as_ref().and_then(|manifest| Some((manifest, sides.from(&manifest.folder, path)?)));
        let excluded = in_manifest.is_some_and(|(manifest, path)| manifest.exclude.iter().any(|pattern| pattern.matches(&path)));
        if excluded || exclude.iter().any(|pattern| pattern.matches(path)) { Choice::Skip } else { Choice::ByContent }
    };
    let proto_path = sides.proto_path(&arguments.proto_path, manifest.as_ref())?;
    let lookup = Lookup { proto_path, named: named(&arguments.reference)?, inline: Vec::new() };
    let new = Workspace::read(sides.new_listing(), sides.scopes(), &choose, lookup.clone(), 0)?;
    let old = match &arguments.against {
        Some(against) => Some(Workspace::read(sides.old_listing(against)?, sides.scopes(), &choose, lookup, 1)?),
        None => None,
    };
    let earlier = old.as_ref().map(|old| earlier_paths(&new, old)).unwrap_or_default();
    let strictness = ReadStrictness { validate_fields: false, strict: arguments.strict, normalize: false };
    let mut schemas = each(&new.own, |path| {
        let mut linted = Linted::of(&new, path);
        match candidate(&new, path, strictness) {
            Err(error) => linted.error = Some(error),
            Ok(candidate) => {
                let before = old.as_ref().zip(earlier.get(path)).and_then(|(old, path)| before(old, path).ok());
                let found = candidate.parsed.lint(before.as_ref().map(|before| &before.parsed));
                linted.findings = found.into_iter().filter_map(|finding| rules.judged(finding)).collect();
                let of_manifest =
                    manifest.as_ref().zip(manifest.as_ref().and_then(|manifest| sides.from(&manifest.folder, path)));
                let mapped = of_manifest.and_then(|(manifest, path)| manifest.mapped(&path, None).ok().flatten());
                let rule_set = mapped.as_ref().and_then(|mapped| mapped.mapping.rule_set.as_ref());
                let metadata = mapped.as_ref().and_then(Mapped::metadata);
                let metadata = metadata.as_ref().and_then(contract::metadata_of);
                match contract::hold_rules(&linted.name, &candidate.parsed, rule_set, metadata.as_ref()) {
                    Err(error) => linted.error = Some(error),
                    Ok(rule_set) => {
                        let found = conditions::vacuous(&candidate.parsed, rule_set.as_ref(), metadata.as_ref());
                        linted.findings.extend(found.into_iter().filter_map(|finding| rules.judged(finding)));
                    }
                }
            }
        }
        linted
    });
    schemas.extend(new.unreadable.iter().map(|(path, error)| Linted { error: Some(error.clone()), ..Linted::named(path) }));
    if schemas.is_empty() {
        return Err(InputError::new(format!("no schemas in {}", paths.join(", "))));
    }
    if arguments.fix {
        for linted in &mut schemas {
            repair(&sides, linted)?;
        }
    }
    Ok(LintReport { schemas })
}

/// Writes a file with what can be repaired, and leaves the rest to be reported.
fn repair(sides: &FolderSides, linted: &mut Linted) -> Result<(), InputError> {
    let fixable: Vec<_> =
        linted.findings.iter().filter(|found| found.finding.edit.is_some()).map(|found| found.finding.clone()).collect();
    if fixable.is_empty() {
        return Ok(());
    }
    let text = fixed(&linted.text, &fixable);
    let failed = |error: std::io::Error| InputError::of(&linted.name, format!("can't be written: {error}"));
    std::fs::write(sides.on_disk(&linted.path), text).map_err(failed)?;
    linted.findings.retain(|found| found.finding.edit.is_none());
    linted.repaired = fixable.len();
    Ok(())
}
