//! Commands that log in to the registry that they ask.

use super::{OLD, Run, folder, run_with};
use crate::support::process::{Process, command, exchange};

const TOKEN: &str = "accordant_test";
const CHECK: &str = "check new.avsc --subject s --registry";
const COMPATIBLE: &str = "new.avsc is compatible with s version 1 under BACKWARD";

const USER: (&str, &str) = ("ACCORDANT_REGISTRY_USER", "alice");

type Variables = &'static [(&'static str, &'static str)];

/// A server with a user, a token, certificates of clients, and a subject that those may read and others may not.
fn server() -> (Process, tempfile::TempDir) {
    let hash = accordant::login::hash_token(&TOKEN.to_owned().into());
    let may = |principal: &str, role: &str| {
        format!("[[allow]]\nprincipals = [\"{principal}\"]\nroles = [\"{role}\"]\nsubjects = [\"*\"]\n")
    };
    let files = folder(&[
        ("users", &format!("alice:{}\n", bcrypt::hash("s3cret: ü", 4).unwrap())),
        ("tokens.toml", &format!("[[token]]\nname = \"ci\"\nhash = \"{hash}\"\nroles = [\"reader\"]\nsubjects = [\"*\"]\n")),
        ("access.toml", &may("*", "reader")),
        ("open.toml", &may("anonymous", "producer")),
    ]);
    for (name, to) in [
        ("server.pem", "cert.pem"),
        ("server.key", "key.pem"),
        ("ca.pem", "ca.pem"),
        ("client.pem", "client.pem"),
        ("client.key", "client.key"),
    ] {
        crate::tls::copy(name, files.path(), to);
    }
    // registered while anybody may, and closed to them afterwards
    let open = Process::start(files.path(), &["--access-file", "open.toml"]);
    let schema = serde_json::json!({ "schema": OLD }).to_string();
    assert_eq!(exchange(&open.address, "POST", "/subjects/s/versions", &schema).unwrap().0, 200);
    assert_eq!(open.stop().0, 0);
    let mut starting = command(files.path());
    starting.args(["--listen", "http://127.0.0.1:0,https://127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    starting.args(["--tls-client-auth", "optional", "--tls-client-ca", "ca.pem"]);
    starting.args(["--users-file", "users", "--tokens-file", "tokens.toml", "--access-file", "access.toml"]);
    (Process::spawn(&mut starting), files)
}

#[test]
fn a_login_comes_from_flags_from_the_url_or_from_variables() {
    let (server, _kept) = server();
    let (url, https) = (&server.urls[0], server.urls[1].replace("127.0.0.1", "localhost"));
    let files = folder(&[
        ("new.avsc", OLD),
        ("password", "s3cret: ü\n"),
        ("token", &format!("{TOKEN}\n")),
        ("wrong", "x"),
        ("empty", "\n"),
    ]);
    for name in ["ca.pem", "client.pem", "client.key"] {
        crate::tls::copy(name, files.path(), name);
    }
    let ask = |arguments: &str, environment: &[(&str, &str)]| -> Run {
        run_with(files.path(), &format!("{CHECK} {arguments}"), "", environment)
    };
    let with_url = url.replace("http://", "http://alice:s3cret%3A%20%C3%BC@");
    let in_tls = format!("{https} --ca ca.pem");
    let cases: [(String, Variables); 9] = [
        (format!("{url} --user alice --password-file password"), &[]),
        (format!("{url} --token-file token"), &[]),
        (with_url.clone(), &[]),
        (with_url.clone(), &[("ACCORDANT_REGISTRY_TOKEN", "wrong")]),
        (url.clone(), &[USER, ("ACCORDANT_REGISTRY_PASSWORD", "s3cret: ü")]),
        (url.clone(), &[USER, ("ACCORDANT_REGISTRY_PASSWORD_FILE", "password")]),
        (url.clone(), &[("ACCORDANT_REGISTRY_TOKEN", TOKEN)]),
        (format!("{in_tls} --cert client.pem --key client.key"), &[]),
        (
            https,
            &[
                ("ACCORDANT_REGISTRY_CA", "ca.pem"),
                ("ACCORDANT_REGISTRY_CERT", "client.pem"),
                ("ACCORDANT_REGISTRY_KEY", "client.key"),
            ],
        ),
    ];
    for (arguments, environment) in cases {
        let run = ask(&arguments, environment);
        assert_eq!((run.code, run.out.lines().last()), (0, Some(COMPATIBLE)), "{arguments} {environment:?}: {}", run.err);
    }
    let refused: [(String, Variables, &str); 10] = [
        (url.clone(), &[], "HTTP 401: Unauthorized"),
        (in_tls.clone(), &[], "HTTP 401: Unauthorized"),
        (format!("{url} --user alice --password-file wrong"), &[], "HTTP 401: Unauthorized"),
        (format!("{url} --user alice --password-file none"), &[], "none: "),
        (format!("{url} --token-file empty"), &[], "empty: it is empty"),
        (format!("{url} --user alice"), &[], "a user without password"),
        (format!("{with_url} --token-file token"), &[], "given twice"),
        (url.clone(), &[USER, ("ACCORDANT_REGISTRY_TOKEN", TOKEN)], "both set"),
        (format!("{url} --cert client.pem --key client.key"), &[], "for https:// only"),
        (format!("{in_tls} --cert client.pem --key ca.pem"), &[], "no certificate with its key"),
    ];
    for (arguments, environment, expected) in refused {
        let run = ask(&arguments, environment);
        assert!(run.code == 2 && run.err.contains(expected), "{arguments} {environment:?}: {}", run.err);
        assert!(!run.err.contains("s3cret") && !run.err.contains(TOKEN) && !run.err.contains("PRIVATE"), "{}", run.err);
    }
    // what asks for events logs in the same way
    let resolve = format!("ce resolve s --registry {url} --token-file token");
    assert!(!run_with(files.path(), &resolve, "", &[]).err.contains("401"));
    assert!(run_with(files.path(), &format!("ce resolve s --registry {url}"), "", &[]).err.contains("401"));
}

#[test]
fn variables_of_clients_are_no_settings_of_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut starting = command(directory.path());
    starting.args(["--listen", "127.0.0.1:0"]).env("ACCORDANT_REGISTRY_TOKEN", "x");
    assert_eq!(Process::spawn(&mut starting).stop().0, 0);
}
