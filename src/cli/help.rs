//! Help: commands in groups on one screen, settings under headings, completions for shells, man pages.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::check::style::print;
use super::exit::{self, Exit};

/// The commands as people look for them. One that stands in none comes last.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Schemas in files", &["check", "lint", "diff", "validate"]),
    ("Schemas as code", &["plan", "apply", "drift", "pull", "promote"]),
    ("A registry, day by day", &["subjects", "versions", "get", "register", "delete", "config", "mode"]),
    ("Messages and events", &["decode", "encode", "sample", "ce"]),
    ("Moving in and out", &["migrate", "export", "import", "digest"]),
    (
        "Running a registry",
        &["serve", "settings", "doctor", "ping", "migrate-database", "backup", "restore", "audit", "passwd", "token", "access"],
    ),
];

const EXAMPLES: &str = "\
Examples:
  accordant                                           serve on 127.0.0.1:8081, with accordant.db
  accordant check schemas --against git:main          what would a pull request break?
";

/// The commands that are about the command line itself.
pub(super) fn commands() -> [Command; 2] {
    let shell = Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)).help("The shell");
    let folder = Arg::new("folder").value_name("DIR").help("Write the pages of all commands into this folder");
    [
        Command::new("completions").about("Print completions for a shell").arg(shell),
        Command::new("man").about("Print the manual page, or write those of all commands").arg(folder),
    ]
}

/// The help of the command as a whole.
pub(super) fn overview(command: &Command) -> String {
    let mut out =
        format!("{}\n\nUsage: accordant [COMMAND] [OPTIONS]\n", command.get_about().map(ToString::to_string).unwrap_or_default());
    let line = |out: &mut String, name: &str| {
        if let Some(found) = command.find_subcommand(name) {
            let about = found.get_about().map(ToString::to_string).unwrap_or_default();
            // a String takes everything
            let _ = writeln!(out, "  {name:16} {about}");
        }
    };
    let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    for (title, names) in GROUPS {
        let _ = write!(out, "\n{title}:\n");
        for name in names {
            line(&mut out, name);
        }
    }
    out.push_str("\nThe command line:\n");
    let rest: Vec<&str> = command.get_subcommands().map(Command::get_name).filter(|name| !grouped(name)).collect();
    for name in rest {
        line(&mut out, name);
    }
    let _ = write!(
        out,
        "\n{EXAMPLES}\n`accordant COMMAND --help` has the options of a command; those of `serve` are taken without it too.\n{}\n",
        exit::HELP
    );
    out
}

/// Prints completions.
pub(super) fn completions(mut command: Command, asked: &ArgMatches) -> Result<Exit, String> {
    let Some(shell) = asked.get_one::<Shell>("shell") else { return Err("completions: which shell?".to_owned()) };
    let mut out = Vec::new();
    clap_complete::generate(*shell, &mut command, "accordant", &mut out);
    print(&String::from_utf8_lossy(&out)).map(|()| Exit::Success)
}

/// Prints the manual page, or writes all of them.
pub(super) fn man(command: Command, asked: &ArgMatches) -> Result<Exit, String> {
    let failed = |error: std::io::Error| format!("man: {error}");
    if let Some(folder) = asked.get_one::<String>("folder") {
        let folder = Path::new(folder);
        std::fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(command, folder).map_err(failed)?;
        return Ok(Exit::Success);
    }
    let mut out = Vec::new();
    clap_mangen::Man::new(command).render(&mut out).map_err(failed)?;
    print(&String::from_utf8_lossy(&out)).map(|()| Exit::Success)
}
