//! `accordant access explain`: what a principal may do, and by which line.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CommandFailure;
use super::access::AccessFiles;
use super::exit::Exit;
use crate::access::{Effect, Operation, Principal};
use crate::config::Settings;
use crate::types::Subject;

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let one =
        |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
    let explain = Command::new("explain")
        .about("Say what a principal may do, and by which line of the rules")
        .arg(one("principal", "PRINCIPAL", "user:NAME, token:NAME or anonymous; a bare name is a user's").required(true))
        .arg(one("group", "GROUP", "A group that the login says; may be given several times").action(ArgAction::Append))
        .arg(
            one(
                "operation",
                "OPERATION",
                "SUBJECT_WRITE and the like, or Read, Write, Delete, ReadCompatibility, WriteCompatibility",
            )
            .required(true),
        )
        .arg(one("subject", "SUBJECT", "The subject; not for operations on the registry as a whole"))
        .args(settings);
    Command::new("access").about("Rules of who may do what").subcommand_required(true).subcommand(explain)
}

#[expect(clippy::print_stdout, reason = "what the command says")]
pub(super) fn run(settings: &Settings, asked: &ArgMatches) -> Result<Exit, CommandFailure> {
    let refused = |why: String| (Exit::Usage, format!("access explain: {why}"));
    let text = |name: &str| asked.get_one::<String>(name).map(String::as_str);
    let mut principal = Principal::parse(text("principal").unwrap_or_default());
    principal.groups = asked.get_many::<String>("group").into_iter().flatten().map(|group| group.as_str().into()).collect();
    let named = text("operation").unwrap_or_default();
    let subject = text("subject").map(Subject::parse);
    let operation = if subject.is_some() { Operation::parse_word(named) } else { Operation::parse(named) };
    let operation = operation.ok_or_else(|| refused(format!("'{named}' is no operation")))?;
    if operation.is_global() == subject.is_some() {
        let why = if operation.is_global() { "is about the registry as a whole: leave --subject out" } else { "needs --subject" };
        return Err(refused(format!("{} {why}", operation.name())));
    }
    let Some(logins) = AccessFiles::of(settings).load().map_err(refused)? else {
        println!("allowed: no logins and no rules are configured, so everybody may do everything");
        return Ok(Exit::Success);
    };
    let rights = logins.rights_of(&principal).ok_or_else(|| refused(format!("there is no {principal}")))?;
    let verdict = rights.verdict(operation, subject.as_ref());
    let word = if verdict.allowed { "allowed" } else { "denied" };
    match verdict.rule {
        Some(rule) => {
            let table = if rule.effect == Effect::Allow { "allow" } else { "deny" };
            println!("{word} by {}, [[{table}]]", rule.origin);
        }
        None if verdict.allowed => println!("{word}: without rules, who has logged in may do everything"),
        None => println!("{word}: no rule allows it"),
    }
    Ok(if verdict.allowed { Exit::Success } else { Exit::Refused })
}
