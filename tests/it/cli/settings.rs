//! The configuration of the server: where a setting may come from, and which values are refused.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use accordant::config::{self, GROUPS, SETTINGS};

use super::check::{folder, run_with};

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
    assert_eq!((settings.listen.iter().next().unwrap().address.as_str(), settings.list_limit), ("3.3.3.3:3", 8));
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
fn variables_that_kubernetes_sets_for_services_are_no_settings() {
    let environment = [
        ("ACCORDANT_PORT", "tcp://10.0.0.1:8081"),
        ("ACCORDANT_SERVICE_HOST", "10.0.0.1"),
        ("ACCORDANT_SERVICE_PORT", "8081"),
        ("ACCORDANT_SERVICE_PORT_HTTP", "8081"),
        ("ACCORDANT_PORT_8081_TCP", "tcp://10.0.0.1:8081"),
        ("ACCORDANT_PORT_8081_TCP_PROTO", "tcp"),
        ("ACCORDANT_PORT_8081_TCP_PORT", "8081"),
        ("ACCORDANT_PORT_8081_TCP_ADDR", "10.0.0.1"),
        ("ACCORDANT_ADMIN_SERVICE_HOST", "10.0.0.2"),
        ("ACCORDANT_ADMIN_PORT", "tcp://10.0.0.2:9090"),
        ("ACCORDANT_ADMIN_PORT_9090_UDP_ADDR", "10.0.0.2"),
    ];
    assert_eq!(load(&[], &environment).unwrap().listen.iter().next().unwrap().address.as_str(), "127.0.0.1:8081");
    assert!(load(&[], &[("ACCORDANT_PORT", "8081")]).is_err(), "that is somebody's mistake");
}

#[test]
fn addresses_have_a_host_and_a_port() {
    for text in
        ["8081", ":8081", "localhost", "ftp://localhost:8081", "localhost:", "localhost:99999", "::1:8081", "", "localhost:8081,"]
    {
        let error = load(&[("listen", text)], &[]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("--listen: '{text}' is not HOST:PORT, such as 127.0.0.1:8081")), "{error}");
    }
    let listen = |text| {
        let settings = load(&[("listen", text)], &[]).unwrap();
        settings
            .listen
            .iter()
            .map(|endpoint| (endpoint.address.as_str().to_owned(), endpoint.is_https(false)))
            .collect::<Vec<_>>()
    };
    for text in ["localhost:8081", "0.0.0.0:0", "[::]:8081", "registry:80"] {
        assert_eq!(listen(text), [(text.to_owned(), false)]);
        assert_eq!(load(&[("admin-listen", text)], &[]).unwrap().admin_listen.unwrap().as_str(), text);
    }
    let several = listen("https://0.0.0.0:8081, http://127.0.0.1:8082");
    assert_eq!(several, [("0.0.0.0:8081".to_owned(), true), ("127.0.0.1:8082".to_owned(), false)]);
}

#[test]
fn secrets_are_read_from_files_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("url");
    std::fs::write(&secret, "postgres://u:hunter2@h/d\n").unwrap();
    let file = secret.to_str().unwrap();
    let url = "postgres://u:hunter2@h/d";
    assert_eq!(load(&[("database-file", file)], &[("ACCORDANT_DATABASE", "sqlite://x")]).unwrap().database, url);
    assert_eq!(load(&[], &[("ACCORDANT_DATABASE_FILE", file)]).unwrap().database, url);
    assert_eq!(load(&[("database", "sqlite://x")], &[("ACCORDANT_DATABASE_FILE", file)]).unwrap().database, "sqlite://x");
    let error = load(&[], &[("ACCORDANT_DATABASE_FILE", "/no/such/file")]).unwrap_err().to_string();
    assert!(error.starts_with("environment variable ACCORDANT_DATABASE_FILE: /no/such/file: "), "{error}");
    let path = directory.path().join("a.toml");
    let config = path.to_str().unwrap();
    for text in
        ["database = postgres://u:hunter2@h/d\n", "database = \"postgres://u:hunter2@h/d\n", "database = [\"x:hunter2@\"]\n"]
    {
        std::fs::write(&path, text).unwrap();
        let error = load(&[("config", config)], &[]).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("a.toml: "), "{error}");
    }
    std::fs::write(&path, format!("database-file = \"{file}\"\n")).unwrap();
    assert_eq!(load(&[("config", config)], &[]).unwrap().database, url);
}

const HEAD: &str = "# Settings

Each setting has a flag (`--list-limit 50`), an environment variable (`ACCORDANT_LIST_LIMIT=50`) and a key in the TOML file that `--config`
names (`list-limit = 50`); flags win over the environment, that over the file. Unknown names are refused. Secrets can come from files:
`database-file` for `database`, and so on. The tables `[access]` and `[cloudevents]` of the file are described in [security.md](security.md)
and [cloudevents.md](cloudevents.md).

```sh
accordant settings defaults > accordant.toml     # a file with all of this in it, as comments
accordant settings check --config accordant.toml # could a server start with it?
accordant settings show --config accordant.toml  # what counts, and where each value comes from; secrets are hidden
```

The list-like settings of CloudEvents may be given several times as flags. Sizes are written as `4194304`, `512KiB` or `4MiB`, times as
`500ms`, `30s`, `2m` or `1h`, ages as `0s`, `5m`, `24h` or `365d`. At SIGHUP `log-level` and the files that are named here are read anew;
everything else needs a restart.

This page is made from the table in `src/config/settings.rs` (`UPDATE_DOCS=1 cargo test --test it -- page_of_settings`).
";

#[test]
fn the_page_of_settings_says_what_the_table_says() {
    let mut page = HEAD.to_owned();
    for heading in GROUPS {
        write!(page, "\n## {heading}\n\n| Setting | Default | What it does |\n| --- | --- | --- |\n").unwrap();
        for setting in SETTINGS.iter().filter(|setting| config::group(setting.name) == heading) {
            let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
            writeln!(page, "| `{}` | {default} | {} |", setting.name, setting.help).unwrap();
        }
    }
    assert!(SETTINGS.iter().all(|setting| GROUPS.contains(&config::group(setting.name))));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/settings.md is not what the table says: UPDATE_DOCS=1 cargo test --test it -- page_of_settings"
    );
}

#[test]
fn what_counts_is_shown_with_its_origin_and_without_secrets() {
    let files = folder(&[("a.toml", "list-limit = 7\nlog-format = \"json\"\nexporter-secret = \"hunter2-hunter2\"\n")]);
    let variables =
        [("ACCORDANT_DATABASE", "postgres://u:hunter2@h:5432/d?sslpassword=hunter2"), ("ACCORDANT_LOG_FORMAT", "human")];
    let shown = run_with(files.path(), "settings show --config a.toml --list-limit 8", "", &variables);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(!shown.out.contains("hunter2"), "{}", shown.out);
    for line in [
        "list-limit = 8 # --list-limit",
        "log-format = \"human\" # environment variable ACCORDANT_LOG_FORMAT",
        "exporter-secret = \"********\" # a.toml: exporter-secret",
        "database = \"postgres://u:********@h:5432/d\" # environment variable ACCORDANT_DATABASE",
        "cache-bytes = \"16MiB\" # default",
    ] {
        assert!(shown.out.lines().any(|shown| shown == line), "{line}\n{}", shown.out);
    }
    // what is shown is a configuration file again, but for what is hidden
    std::fs::write(files.path().join("again.toml"), &shown.out).unwrap();
    assert_eq!(run_with(files.path(), "settings check --config again.toml --database sqlite://x.db", "", &[]).code, 0);
    let shown = run_with(files.path(), "settings show --config a.toml --format json", "", &[]);
    let rows: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), SETTINGS.len());
    let row = rows.as_array().unwrap().iter().find(|row| row["setting"] == "list-limit").unwrap();
    assert_eq!((row["value"].as_str(), row["origin"].as_str()), (Some("7"), Some("a.toml: list-limit")));
}

#[test]
fn settings_are_checked_with_the_files_that_they_name() {
    let files = folder(&[
        ("rules.toml", "[[allow]]\nprincipals = [\"*\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n"),
        ("broken.toml", "[[allow]]\nroles = 7\n"),
    ]);
    let check = |arguments: &str| run_with(files.path(), &format!("settings check {arguments}"), "", &[]);
    let good = check("--access-file rules.toml");
    assert!(good.code == 0 && good.out.starts_with("the settings are good; 1 of "), "{}{}", good.out, good.err);
    for (arguments, said) in [
        ("--access-file broken.toml", "broken.toml"),
        ("--access-file missing.toml", "missing.toml"),
        ("--list-limit many", "--list-limit: 'many' is not a whole number"),
        ("--tls-cert missing.pem", "tls-cert is given without tls-key"),
        ("--listen https://0.0.0.0:1", "needs tls-cert and tls-key"),
        ("--log-level loud", "log-level: 'loud'"),
        ("--database mysql://x", "database: 'mysql:...'"),
    ] {
        let run = check(arguments);
        assert!(run.code == 2 && run.err.contains(said), "{arguments}: {} {}", run.code, run.err);
    }
    assert!(!files.path().join("accordant.db").exists(), "nothing was opened");
}

#[test]
fn the_defaults_are_a_file_in_which_every_setting_stands() {
    let files = folder(&[]);
    let defaults = run_with(files.path(), "settings defaults", "", &[]);
    assert_eq!(defaults.code, 0, "{}", defaults.err);
    let uncommented = |line: &str| line.strip_prefix("# ").filter(|line| line.contains(" = ")).map(str::to_owned);
    let known = |line: &String| SETTINGS.iter().any(|setting| line.starts_with(&format!("{} = ", setting.name)));
    let lines: Vec<String> = defaults.out.lines().filter_map(uncommented).filter(known).collect();
    assert_eq!(lines.len(), SETTINGS.len() - 1, "all but `config`");
    std::fs::write(files.path().join("a.toml"), lines.join("\n")).unwrap();
    let shown = run_with(files.path(), "settings show --format json --config a.toml", "", &[]);
    let rows: serde_json::Value = serde_json::from_str(&shown.out).unwrap_or_else(|_| panic!("{}", shown.err));
    for row in rows.as_array().unwrap() {
        let setting = SETTINGS.iter().find(|setting| setting.name == row["setting"]).unwrap();
        assert!(setting.name == "config" || row["value"] == setting.default, "{row}");
    }
}
