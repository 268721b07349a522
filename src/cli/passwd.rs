//! `accordant passwd`: puts a user into the file of users, or gives it another password.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use super::exit::Exit;
use super::secret_file;
use crate::login::{check_name, hash_password};

const FILE: &str = "FILE";
const NAME: &str = "NAME";

pub(super) fn command() -> Command {
    let about = "Put a user into a file of users (setting users-file), or give it another password";
    let help = "The password is asked for, or is the first line of standard input. The file gets its argon2id hash.";
    Command::new("passwd")
        .about(about)
        .after_help(help)
        .arg(Arg::new(FILE).required(true).help("The file; it is made where there is none"))
        .arg(Arg::new(NAME).required(true).help("The user"))
}

pub(super) fn run(asked: &ArgMatches) -> Result<Exit, String> {
    let text = |name: &str| asked.get_one::<String>(name).map_or("", String::as_str);
    let (path, name) = (Path::new(text(FILE)), text(NAME));
    let said = |error: String| format!("passwd: {error}");
    check_name(name).map_err(|error| said(error.to_string()))?;
    if name.trim() != name || name.starts_with('#') {
        return Err(said("a name neither begins nor ends with a blank, nor begins with #".to_owned()));
    }
    let users = secret_file::read(path).map_err(said)?;
    if users.trim_start().starts_with('{') {
        return Err(said(format!("{} is a file of Karapace's: karapace_mkpasswd writes its entries", path.display())));
    }
    let password = password().map_err(said)?;
    let hash = hash_password(password.expose_secret().as_bytes()).map_err(|error| said(error.to_string()))?;
    secret_file::replace(path, &with_user(&users, name, &hash)).map_err(said)?;
    Ok(Exit::Success)
}

/// The lines with that of a user, in its place or at the end.
fn with_user(users: &str, name: &str, hash: &str) -> String {
    let new = format!("{name}:{hash}");
    let is_users = |line: &&str| line.trim().split_once(':').is_some_and(|(known, _)| known == name);
    let mut lines: Vec<&str> = users.lines().collect();
    match lines.iter().position(is_users) {
        Some(at) => lines.splice(at..=at, [new.as_str()]).for_each(drop),
        None => lines.push(&new),
    }
    lines.join("\n") + "\n"
}

/// The new password: asked for twice without being shown, or the first line of what is sent.
fn password() -> Result<SecretString, String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return line(&mut stdin.lock());
    }
    let first = unseen("Password: ")?;
    let second = unseen("The same again: ")?;
    if first.expose_secret() == second.expose_secret() { Ok(first) } else { Err("the two are not the same".to_owned()) }
}

fn line(input: &mut impl BufRead) -> Result<SecretString, String> {
    let mut text = String::new();
    input.read_line(&mut text).map_err(|error| error.to_string())?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err("the password is empty".to_owned()) } else { Ok(password.to_owned().into()) }
}

/// Asks on the terminal, which shows nothing of the answer.
fn unseen(question: &str) -> Result<SecretString, String> {
    let stdin = std::io::stdin();
    let said = |error: &dyn std::fmt::Display| format!("the terminal: {error}");
    let shown = tcgetattr(&stdin).map_err(|error| said(&error))?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    let mut out = std::io::stderr();
    write!(out, "{question}").and_then(|()| out.flush()).map_err(|error| said(&error))?;
    tcsetattr(&stdin, OptionalActions::Flush, &hidden).map_err(|error| said(&error))?;
    let answer = line(&mut stdin.lock());
    tcsetattr(&stdin, OptionalActions::Flush, &shown).map_err(|error| said(&error))?;
    writeln!(out).map_err(|error| said(&error))?;
    answer
}
