//! The configuration of the server: where a setting may come from, and which values are refused.

use std::collections::BTreeMap;

use accordant::config::{self, SETTINGS};

fn load(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<config::Settings, config::ConfigError> {
    let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    let environment: BTreeMap<String, String> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    config::load(&flags, &environment)
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.toml");
    std::fs::write(&path, "listen = \"1.1.1.1:1\"\nlist-limit = 7\nmax_body_bytes = \"1KiB\"\nnormalize = true\n").unwrap();
    let file = path.to_str().unwrap();
    let settings = load(
        &[("listen", "3.3.3.3:3")],
        &[("ACCORDANT_CONFIG", file), ("ACCORDANT_LISTEN", "2.2.2.2:2"), ("ACCORDANT_LIST_LIMIT", "8")],
    );
    let settings = settings.unwrap();
    assert_eq!((settings.listen.as_str(), settings.list_limit), ("3.3.3.3:3", 8));
    assert_eq!((settings.max_body_bytes.0, settings.normalize), (1024, true));
    assert_eq!(settings.database, "sqlite://accordant.db");
}

#[test]
fn unknown_names_are_refused_with_a_hint() {
    let error = load(&[], &[("ACCORDANT_LISTENN", "x")]).unwrap_err().to_string();
    assert_eq!(error, "unknown environment variable 'ACCORDANT_LISTENN'; did you mean ACCORDANT_LISTEN?");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.toml");
    std::fs::write(&path, "databse = \"sqlite://x\"\n").unwrap();
    let error = load(&[("config", path.to_str().unwrap())], &[]).unwrap_err().to_string();
    assert!(error.ends_with("'databse'; did you mean database?"), "{error}");
}

#[test]
fn values_that_can_not_be_read_say_what_they_should_be() {
    for (name, value, reason) in [
        ("max-body-bytes", "4 megs", "is not a size such as 4194304, 512KiB or 4MiB"),
        ("body-timeout", "soon", "is not a duration such as 500ms, 30s or 2m"),
        ("normalize", "yes", "is not true or false"),
        ("log-format", "xml", "is not one of human, json"),
    ] {
        assert_eq!(load(&[(name, value)], &[]).unwrap_err().to_string(), format!("--{name}: '{value}' {reason}"));
    }
}

#[test]
fn every_setting_stands_in_the_readme_with_its_default() {
    let readme = include_str!("../../../README.md");
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let row = format!("| `{}` | {default} | {} |", setting.name, setting.help);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}
