//! `accordant token new`: makes a static token.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Arg, ArgAction, ArgMatches, Command};
use secrecy::ExposeSecret;

use super::exit::Exit;
use super::secret_file;
use crate::login::{StaticTokens, check_name, fresh_token, hash_token};
use crate::types::civil;

const FILE: &str = "FILE";
const NAME: &str = "NAME";

pub(super) fn command() -> Command {
    let many = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
    };
    let new = Command::new("new")
        .about("Make a token, show it once, and store its hash in a file of tokens (setting tokens-file)")
        .arg(Arg::new(FILE).required(true).help("The file; it is made where there is none"))
        .arg(Arg::new(NAME).required(true).help("What the token is called; its principal is token:NAME"))
        .arg(many(
            "role",
            "ROLE",
            "What it may do: reader, producer, developer, manager, owner, admin; may be given several times",
        ))
        .arg(many("operation", "OPERATION", "What it may do: SUBJECT_READ, ...; may be given several times"))
        .arg(many("subject", "PATTERN", "The subjects on which it may do that, such as 'orders-*'; may be given several times"))
        .arg(Arg::new("expires").long("expires").value_name("AGE").help("When it ends: 30d, 12h; without it never"));
    Command::new("token").about("Static tokens").subcommand_required(true).subcommand(new)
}

#[expect(clippy::print_stdout, reason = "what the command says")]
pub(super) fn run(asked: &ArgMatches) -> Result<Exit, String> {
    let Some(("new", asked)) = asked.subcommand() else { return Err("token: the command is new".to_owned()) };
    let said = |error: String| format!("token new: {error}");
    let text = |name: &str| asked.get_one::<String>(name).map_or("", String::as_str);
    let many = |name: &str| asked.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let (path, name) = (Path::new(text(FILE)), text(NAME));
    check_name(name).map_err(|error| said(error.to_string()))?;
    let token = fresh_token().map_err(|error| said(error.to_string()))?;
    // a text of JSON is one of TOML, for there are no control characters in these; writing to a string does not fail
    let mut entry = format!("[[token]]\nname = {}\nhash = \"{}\"\n", serde_json::Value::from(name), hash_token(&token));
    for (key, texts) in [("roles", many("role")), ("operations", many("operation")), ("subjects", many("subject"))] {
        if !texts.is_empty() {
            let _ = writeln!(entry, "{key} = {}", serde_json::Value::from(texts));
        }
    }
    if let Some(age) = asked.get_one::<String>("expires") {
        let _ = writeln!(entry, "expires = {}", end(age).map_err(said)?);
    }
    let mut tokens = secret_file::read(path).map_err(said)?;
    if !tokens.is_empty() && !tokens.ends_with("\n\n") {
        tokens.push('\n');
    }
    tokens.push_str(&entry);
    let shown: Arc<str> = path.display().to_string().into();
    // what is written can be read, by the rules that the server has
    StaticTokens::parse(&tokens, &shown).map_err(|error| said(format!("{}: {error}", path.display())))?;
    secret_file::replace(path, &tokens).map_err(said)?;
    println!("{}", token.expose_secret());
    Ok(Exit::Success)
}

/// The time after an age, as the file has it.
#[expect(clippy::disallowed_methods, reason = "a command that runs once has no other clock")]
fn end(age: &str) -> Result<String, String> {
    let wrong = || format!("'{age}' is not an age such as 12h or 30d");
    let units = [("d", 86_400_i64), ("h", 3600), ("m", 60)];
    let (digits, unit) = units.iter().find_map(|(suffix, unit)| Some((age.strip_suffix(suffix)?, unit))).ok_or_else(wrong)?;
    let seconds = digits.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(*unit)).ok_or_else(wrong)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let end = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_add(seconds);
    let ((year, month, day), of_day) = (civil(end.div_euclid(86_400)), end.rem_euclid(86_400));
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}
