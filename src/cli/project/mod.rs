//! `accordant plan`, `apply`, `pull`, `drift` and `promote`: a registry that is what files say.
//!
//! - `arguments`: what can be asked
//! - `wanted`: what files want; `promote`: what another registry wants
//! - `old`: versions beside the latest that files have
//! - `order`: the order of references, and which schemas belong together
//! - `planner`, `plan`: what is to be done; `print` shows it
//! - `apply`: doing it
//! - `pull`: the way back, from a registry to files

mod apply;
mod arguments;
mod old;
mod order;
mod plan;
mod planner;
mod print;
mod promote;
mod pull;
mod wanted;

use std::fmt::Write as _;
use std::path::Path;

use clap::{ArgMatches, Args as _, Command};

use self::arguments::{
    ApplyArguments, DriftArguments, Enabled, PlanArguments, PlanFormat, PrintOptions, ProjectOptions, PromoteArguments,
    PullArguments,
};
use self::plan::{FORMAT, Plan};
use self::planner::{Allowed, PlanResult, Whole};
use super::api::{Api, block_on};
use super::check::style::{print, print_styled};
use super::check::{Color, InputError, on_deep_stack};
use super::connection::required;
use super::exit::Exit;
use super::manifest::{FILE, Manifest};
use super::registry_login::RegistryLogin;

const EXITS: &str = "Exit codes: 0 nothing to do, 3 changes, 1 refused, 2 can't tell (bad input, no connection).";
const APPLY_EXITS: &str = "Exit codes: 0 done or nothing to do, 1 refused, 2 can't tell (bad input, no connection).";

/// The commands for the command line.
pub(super) fn commands() -> [Command; 5] {
    let command = |name: &'static str| Command::new(name).disable_version_flag(true);
    [
        PlanArguments::augment_args(command("plan"))
            .about("Say what would be registered, changed and deleted for a registry to be what the files say")
            .after_help(EXITS),
        ApplyArguments::augment_args(command("apply")).about("Do what plan says").after_help(APPLY_EXITS),
        DriftArguments::augment_args(command("drift"))
            .about("Say where a registry is not what the files say, for cron")
            .after_help("Exit codes: 0 no drift, 3 drift, 2 can't tell (bad input, no connection)."),
        PullArguments::augment_args(command("pull"))
            .visible_alias("dump")
            .about("Write a registry into a folder for which plan says nothing to do"),
        PromoteArguments::augment_args(command("promote"))
            .about("Register in one environment what another one has")
            .after_help(APPLY_EXITS),
    ]
}

/// Runs one of the commands; an error is the one line that says why it can't.
pub(super) fn run(name: &str, matches: &ArgMatches) -> Result<Exit, String> {
    fn of<A: clap::FromArgMatches>(matches: &ArgMatches) -> Result<A, String> {
        A::from_arg_matches(matches).map_err(|error| error.to_string())
    }
    let (exit, out, color) = match name {
        "plan" => {
            let asked = of::<PlanArguments>(matches)?;
            said(on_deep_stack(|| plan(&asked)))?
        }
        "apply" => {
            let asked = of::<ApplyArguments>(matches)?;
            said(on_deep_stack(|| apply(&asked)))?
        }
        "drift" => {
            let asked = of::<DriftArguments>(matches)?;
            said(on_deep_stack(|| drift(&asked)))?
        }
        "pull" => {
            let asked = of::<PullArguments>(matches)?;
            said(on_deep_stack(|| pull(&asked)))?
        }
        _ => {
            let asked = of::<PromoteArguments>(matches)?;
            said(on_deep_stack(|| promote(&asked)))?
        }
    };
    match color {
        Some(color) => print_styled(&out, color)?,
        None => print(&out)?,
    }
    Ok(exit)
}

/// What a command ends with: the exit, the text, and when that has colours.
type ProjectOutput = (Exit, String, Option<Color>);

fn said(answer: Result<ProjectOutput, InputError>) -> Result<ProjectOutput, String> {
    answer.map_err(|error| error.to_string())
}

impl ProjectOptions {
    fn manifest(&self) -> Result<Option<Manifest>, InputError> {
        Manifest::find(self.config.as_deref()).map_err(InputError::new)
    }

    fn required_manifest(&self) -> Result<Manifest, InputError> {
        self.manifest()?
            .ok_or_else(|| InputError::new(format!("there is no {FILE} here or in a folder above; --config names one")))
    }

    fn api(&self, manifest: Option<&Manifest>) -> Result<(Api, Option<String>), InputError> {
        let found = required(self.registry.as_deref(), self.env.as_deref(), &self.login, manifest).map_err(InputError::new)?;
        Ok((Api::new(found.client), found.environment))
    }
}

fn planned(manifest: &Manifest, api: &Api, allowed: Allowed) -> Result<PlanResult, InputError> {
    let wanted = wanted::wanted(manifest, api)?;
    let whole = Whole { config: manifest.config.as_ref(), mode: manifest.mode.as_deref(), prefix: &manifest.prefix };
    block_on(async {
        let mut planned = planner::plan(api, &wanted, whole, allowed).await?;
        planned.plan.old = old::compared(api, manifest).await?;
        Ok(planned)
    })
}

impl PrintOptions {
    fn text(&self, planned: &PlanResult, name: &str) -> Result<String, InputError> {
        Ok(match self.format {
            PlanFormat::Human => print::human(planned, name),
            PlanFormat::Markdown => print::markdown(planned, name),
            PlanFormat::Json => json(&planned.plan)?,
        })
    }

    fn colors(&self) -> Option<Color> {
        (self.format == PlanFormat::Human).then_some(self.color)
    }
}

fn json(plan: &Plan) -> Result<String, InputError> {
    let text =
        serde_json::to_string_pretty(plan).map_err(|error| InputError::new(format!("the plan can't be written: {error}")))?;
    Ok(format!("{text}\n"))
}

fn plan(asked: &PlanArguments) -> Result<ProjectOutput, InputError> {
    let manifest = asked.place.required_manifest()?;
    let (api, _) = asked.place.api(Some(&manifest))?;
    let planned = planned(&manifest, &api, asked.enabled.allowed())?;
    if let Some(file) = &asked.out {
        std::fs::write(file, json(&planned.plan)?).map_err(|error| InputError::of(file, format!("can't be written: {error}")))?;
    }
    Ok((planned.plan.exit(), asked.shown.text(&planned, "Plan")?, asked.shown.colors()))
}

impl Enabled {
    fn allowed(&self) -> Allowed {
        Allowed { deletes: self.enable_deletes, configs: self.enable_configs }
    }
}

fn apply(asked: &ApplyArguments) -> Result<ProjectOutput, InputError> {
    let (api, planned) = if let Some(file) = &asked.plan {
        let plan = read_plan(file)?;
        let (api, _) = asked.place.api(asked.place.manifest()?.as_ref())?;
        if plan.registry != api.url() {
            return Err(InputError::of(file, format!("the plan is for {}, not for {}", plan.registry, api.url())));
        }
        let moved = block_on(apply::moved(&api, &plan))?;
        if !moved.is_empty() {
            let mut text = String::new();
            for line in &moved {
                let _ = writeln!(text, "moved: {line}");
            }
            text.push_str("Nothing was applied: the registry is not as the plan saw it. Plan again.\n");
            return Ok((Exit::Refused, super::check::style::without_controls(&text), None));
        }
        (api, PlanResult { plan, outcomes: Vec::new() })
    } else {
        let manifest = asked.place.required_manifest()?;
        let (api, _) = asked.place.api(Some(&manifest))?;
        let planned = planned(&manifest, &api, asked.enabled.allowed())?;
        (api, planned)
    };
    carry_out(&api, &planned, asked.color)
}

/// Applies a plan unless something speaks against it, and says what was done.
fn carry_out(api: &Api, planned: &PlanResult, color: Color) -> Result<ProjectOutput, InputError> {
    let plan = &planned.plan;
    if plan.is_refused() {
        let text = format!("{}Nothing was applied.\n", print::human(planned, "Plan"));
        return Ok((Exit::Refused, text, Some(color)));
    }
    let applied = block_on(apply::apply(api, plan))?;
    let mut out = String::new();
    for line in &applied.done {
        let _ = writeln!(out, "done: {line}");
    }
    for line in &applied.failed {
        let _ = writeln!(out, "failed: {line}");
    }
    let (done, failed) = (applied.done.len(), applied.failed.len());
    let sum = match (done, failed) {
        (0, 0) => format!("{}: nothing to do, {} unchanged\n", plan.registry, plan.unchanged.len()),
        (done, 0) => format!("{}: {done} done, {} unchanged\n", plan.registry, plan.unchanged.len()),
        (done, failed) => format!("{}: {done} done, {failed} failed\n", plan.registry),
    };
    out.push_str(&sum);
    let exit = if failed == 0 { Exit::Success } else { Exit::Refused };
    Ok((exit, super::check::style::without_controls(&out), None))
}

fn read_plan(file: &str) -> Result<Plan, InputError> {
    let text = std::fs::read_to_string(file).map_err(|error| InputError::of(file, format!("can't be read: {error}")))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| InputError::of(file, format!("is no plan: {error}")))?;
    if plan.format != FORMAT {
        return Err(InputError::of(file, format!("a plan of form {}; this release knows form {FORMAT}", plan.format)));
    }
    Ok(plan)
}

fn drift(asked: &DriftArguments) -> Result<ProjectOutput, InputError> {
    let manifest = asked.place.required_manifest()?;
    let (api, _) = asked.place.api(Some(&manifest))?;
    let planned = planned(&manifest, &api, Allowed { deletes: asked.unmanaged, configs: true })?;
    let exit = if planned.plan.has_drift() { Exit::Changes } else { Exit::Success };
    Ok((exit, asked.shown.text(&planned, "Drift")?, asked.shown.colors()))
}

fn pull(asked: &PullArguments) -> Result<ProjectOutput, InputError> {
    let manifest = asked.place.manifest()?;
    let (api, environment) = asked.place.api(manifest.as_ref())?;
    let folder = Path::new(&asked.folder);
    if folder.join(FILE).exists() && !asked.force {
        return Err(InputError::of(&folder.join(FILE).to_string_lossy(), "is there already; --force writes over it"));
    }
    let count = block_on(pull::pull(&api, folder, asked, environment.as_deref()))?;
    let subjects = if count == 1 { "1 subject".to_owned() } else { format!("{count} subjects") };
    Ok((Exit::Success, format!("{subjects} of {} in {}\n", api.url(), asked.folder), None))
}

fn promote(asked: &PromoteArguments) -> Result<ProjectOutput, InputError> {
    let manifest = Manifest::find(asked.config.as_deref()).map_err(InputError::new)?;
    let api = |name: &str| {
        let found = required(None, Some(name), &RegistryLogin::default(), manifest.as_ref()).map_err(InputError::new)?;
        Ok::<_, InputError>(Api::new(found.client))
    };
    let (from, to) = (api(&asked.from)?, api(&asked.to)?);
    let allowed = Allowed { deletes: false, configs: asked.enable_configs };
    let mut all = (Exit::Success, String::new(), None);
    for chosen in block_on(promote::rounds(&from, &asked.subjects))? {
        let mut planned = block_on(async {
            let wanted = promote::promoted(&from, &chosen, asked.enable_configs).await?;
            planner::plan(&to, &wanted, Whole::default(), allowed).await
        })?;
        // what else is there is not what this is about
        planned.plan.deletions.clear();
        let (exit, text, color) = if asked.dry_run {
            (planned.plan.exit(), asked.shown.text(&planned, "Plan")?, asked.shown.colors())
        } else {
            carry_out(&to, &planned, asked.shown.color)?
        };
        all = (if exit == Exit::Success { all.0 } else { exit }, all.1 + &text, all.2.or(color));
        // what comes after it was to come after it
        if exit == Exit::Refused {
            break;
        }
    }
    Ok(all)
}
