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

#[test]
fn every_setting_stands_in_the_readme_with_its_default() {
    let readme = include_str!("../../../README.md");
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let row = format!("| `{}` | {default} | {} |", setting.name, setting.help);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}
