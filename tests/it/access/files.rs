//! Files of logins and rules: what is read, what is refused, and that changes are taken over.

use std::process::Stdio;

use accordant::access::Operation as O;
use accordant::access::{DenialForm, Operation, Principal};
use accordant::login::{PasswordHash, StaticTokens, Users};
use accordant::types::Subject;

use crate::support::process::{Process, command, eventually, exchange};

/// As `karapace_mkpasswd` writes them, for the password `secret` and the salt `salt`.
const KARAPACE: &str = r#"{
  "users": [
    {"username": "one", "algorithm": "sha1", "salt": "salt", "password_hash": "@sha1@"},
    {"username": "two", "algorithm": "sha256", "salt": "salt", "password_hash": "@sha256@"},
    {"username": "three", "algorithm": "sha512", "salt": "salt", "password_hash": "@sha512@"},
    {"username": "four", "algorithm": "scrypt", "salt": "salt", "password_hash": "@scrypt@"}
  ],
  "permissions": [
    {"username": "one", "operation": "Read", "resource": "Subject:orders.*"},
    {"username": "one", "operation": "Read", "resource": "Config:"},
    {"username": "two", "operation": "Write", "resource": "Subject:orders"},
    {"username": "three", "operation": "Write", "resource": ".*"},
    {"username": "four", "operation": "Read", "resource": "Subject:(a|b)$"}
  ]
}"#;

fn karapace() -> String {
    KARAPACE.replace("@sha1@", SHA1).replace("@sha256@", SHA256).replace("@sha512@", SHA512).replace("@scrypt@", SCRYPT)
}

const SHA1: &str = "VX3+sELQ3E/XEieZk015m67CUUs=";
const SHA256: &str = "7ZGPbVNZIB/myxbcOkz8BR/eQmW4Yy1zqkF3W7DSWMM=";
const SHA512: &str = "CUXHCPbYxKenfgrWHqiIuqAd1VCVkR7YWGdyCnmRFCyRFsblNuriBcesDSvgaxCPb397R4ueFcjWzBcCNtGOYw==";
const SCRYPT: &str = "Bf+uvMpBdwr0JdS6m057zf9TIjfcqTHBkqNtlNtzB9TC35XmBlFLQRPMs608GffKZI43OhEqa4KQ86aYGKqbfg==";

#[test]
fn a_file_of_karapace_is_read_as_it_is() {
    let (users, rules) = Users::parse(&karapace(), &"auth.json".into()).unwrap();
    for name in ["one", "two", "three", "four"] {
        assert!(users.verify(name, b"secret"), "{name}");
        assert!(!users.verify(name, b"wrong"), "{name}");
    }
    let rules = rules.unwrap();
    let allows = |name: &str, operation: Operation, subject: &str| {
        rules.rights_of(&Principal::user(name), DenialForm::Forbidden).allows(operation, &Subject::parse(subject))
    };
    for (name, operation, subject, expected) in [
        ("one", O::SubjectRead, "orders-1", true),
        ("one", O::SubjectWrite, "orders-1", false),
        ("one", O::SubjectRead, "xorders", false),
        // the beginning alone must match
        ("two", O::SubjectWrite, "orders-and-more", true),
        ("two", O::SubjectRead, "orders-and-more", true),
        ("two", O::SubjectDelete, "order", false),
        ("two", O::SubjectCompatibilityWrite, "orders", true),
        ("three", O::SubjectDelete, ":.ctx:anything", true),
        ("four", O::SubjectRead, "a", true),
        ("four", O::SubjectRead, "ab", false),
        ("nobody", O::SubjectRead, "orders", false),
    ] {
        assert_eq!(allows(name, operation, subject), expected, "{name} {operation:?} {subject}");
    }
    let registry =
        |name: &str, operation| rules.rights_of(&Principal::user(name), DenialForm::Forbidden).allows_globally(operation);
    assert!(registry("one", O::GlobalCompatibilityRead) && !registry("one", O::GlobalCompatibilityWrite));
    assert!(registry("three", O::GlobalCompatibilityWrite) && !registry("three", O::Admin));
    assert!(!registry("two", O::GlobalCompatibilityRead) && registry("two", O::GlobalRead));
}

#[test]
fn hashes_of_htpasswd_and_our_own_are_read() {
    let ours = accordant::login::hash_password(b"s3cret").unwrap();
    assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
    let text = format!("# who may log in\n\nalice:{ours}\nbob:{}\n", bcrypt::hash("s3cret", 4).unwrap().replace("$2b$", "$2y$"));
    let (users, rules) = Users::parse(&text, &"users".into()).unwrap();
    assert!(rules.is_none());
    for name in ["alice", "bob"] {
        assert!(users.verify(name, b"s3cret") && !users.verify(name, b"S3cret") && !users.verify(name, b""), "{name}");
    }
}

#[test]
fn broken_files_are_refused_with_the_line_and_without_the_secret() {
    let hash = bcrypt::hash("x", 4).unwrap();
    for (text, expected) in [
        ("alice".to_owned(), "line 1: no colon behind the name"),
        ("\nalice:hunter2".to_owned(), "line 2: the hash is neither argon2 nor bcrypt"),
        (format!("a:{hash}\na:{hash}"), "line 2: the same name for a second time"),
        (format!(":{hash}"), "line 1: a name is empty"),
        (
            "a:$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
            "line 1: the argon2 hash takes more than 256 MiB",
        ),
        ("a:$2y$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuuabcdefghijklmnopqrst".to_owned(), "line 1: the bcrypt hash"),
        ("{\"users\": [{\"username\": \"hunter2\"}]}".to_owned(), "line 1: not what Karapace reads"),
    ] {
        let error = Users::parse(&text, &"users".into()).unwrap_err().to_string();
        assert!(error.starts_with(expected) && !error.contains("hunter2"), "{error}");
    }
    for (text, expected) in [
        ("[[token]]\nname = \"a\"\nhash = \"hunter2\"\nroles = [\"reader\"]\nsubjects = [\"*\"]", "line 1: hash is not sha256:"),
        (
            "[[token]]\nname = \"a\"\nhash = \"sha256:00\"\nroles = [\"reader\"]\nsubjects = [\"*\"]",
            "line 1: hash is not sha256:",
        ),
        ("[[token]]\nname = \"a\"\n", "line 1: missing field"),
    ] {
        let error = StaticTokens::parse(text, &"tokens".into()).unwrap_err().to_string();
        assert!(error.starts_with(expected) && !error.contains("hunter2"), "{error}");
    }
    let none = "[[token]]\nname = \"a\"\nhash = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n";
    assert_eq!(
        StaticTokens::parse(none, &"tokens".into()).unwrap_err().to_string(),
        "line 1: neither roles nor operations are named"
    );
    assert!(!format!("{:?}", PasswordHash::parse(&hash).unwrap()).contains(&hash));
}

/// Runs the binary with something on its standard input: its exit code, and what it said.
fn run(directory: &std::path::Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    use std::io::Write;
    let mut child = command(directory).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn passwd_writes_users_and_replaces_their_passwords() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    for (name, password) in [("alice", "one"), ("bob", "two"), ("alice", "three")] {
        let (code, said, complaint) = run(directory.path(), &["passwd", "users", name], &format!("{password}\n"));
        assert_eq!(code, 0, "{complaint}");
        assert!(!said.contains(password));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(mode(&file), 0o600);
    let users = Users::parse(&text, &"users".into()).unwrap().0;
    assert!(users.verify("alice", b"three") && users.verify("bob", b"two") && !users.verify("alice", b"one"));
    for (name, input) in [("a:b", "x\n"), ("a", "\n"), ("a", "")] {
        assert_eq!(run(directory.path(), &["passwd", "users", name], input).0, 2, "{name} {input:?}");
    }
    std::fs::write(&file, karapace()).unwrap();
    let (code, _, complaint) = run(directory.path(), &["passwd", "users", "alice"], "x\n");
    assert!(code == 2 && complaint.contains("Karapace"), "{complaint}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), karapace());
}

#[test]
fn token_new_shows_the_token_once_and_stores_its_hash() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "token",
        "new",
        "tokens.toml",
        "ci",
        "--role",
        "producer",
        "--subject",
        "orders-*",
        "--subject",
        ":.pay:*",
        "--expires",
        "90d",
    ];
    let (code, said, complaint) = run(directory.path(), &arguments, "");
    assert_eq!(code, 0, "{complaint}");
    let token = said.trim();
    let text = std::fs::read_to_string(directory.path().join("tokens.toml")).unwrap();
    assert!(token.starts_with("accordant_") && token.len() > 50 && !text.contains(token), "{said}");
    assert_eq!(mode(&directory.path().join("tokens.toml")), 0o600);
    let tokens = StaticTokens::parse(&text, &"tokens.toml".into()).unwrap();
    let stored = tokens.find(token).unwrap();
    assert_eq!(&*stored.name, "ci");
    assert!(stored.expires_at.is_some());
    assert!(stored.given.decides(Operation::SubjectWrite, Some(&Subject::parse(":.pay:x"))));
    assert!(!stored.given.decides(Operation::SubjectDelete, Some(&Subject::parse("orders-1"))));
    for arguments in [
        &["token", "new", "tokens.toml", "ci", "--role", "reader", "--subject", "*"][..],
        &["token", "new", "tokens.toml", "other"],
        &["token", "new", "tokens.toml", "other", "--role", "king", "--subject", "*"],
        &["token", "new", "tokens.toml", "other", "--role", "reader"],
        &["token", "new", "tokens.toml", "other", "--role", "reader", "--subject", "*", "--expires", "soon"],
    ] {
        let (code, said, complaint) = run(directory.path(), arguments, "");
        assert_eq!((code, said.as_str()), (2, ""), "{arguments:?}: {complaint}");
    }
    assert_eq!(std::fs::read_to_string(directory.path().join("tokens.toml")).unwrap(), text, "nothing half-written");
}

#[test]
fn explain_says_which_line_decides() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("access.toml"),
        "[groups]\nteam = [\"user:alice\"]\n[[allow]]\nprincipals = [\"group:team\"]\nroles = [\"producer\"]\nsubjects = [\"orders-*\"]\n\
         [[deny]]\nprincipals = [\"*\"]\noperations = [\"SUBJECT_WRITE\"]\nsubjects = [\"orders-old\"]\n",
    )
    .unwrap();
    for (principal, operation, subject, code, expected) in [
        ("alice", "Write", "orders-1", 0, "allowed by access.toml:3"),
        ("user:alice", "SUBJECT_WRITE", "orders-old", 1, "denied by access.toml:7"),
        ("user:alice", "Delete", "orders-1", 1, "denied: no rule allows it"),
        ("bob", "Read", "orders-1", 1, "denied: no rule allows it"),
        ("anonymous", "Read", "orders-1", 1, "denied: no rule allows it"),
    ] {
        let arguments = [
            "access",
            "explain",
            "--access-file",
            "access.toml",
            "--principal",
            principal,
            "--operation",
            operation,
            "--subject",
            subject,
        ];
        let (found, said, complaint) = run(directory.path(), &arguments, "");
        assert_eq!(found, code, "{complaint}");
        assert!(said.contains(expected), "{said}");
    }
    let arguments = ["access", "explain", "--access-file", "access.toml", "--principal", "alice", "--operation", "GLOBAL_READ"];
    assert_eq!(run(directory.path(), &arguments, "").0, 0);
    let arguments =
        ["access", "explain", "--access-file", "access.toml", "--principal", "alice", "--operation", "Fly", "--subject", "x"];
    assert_eq!(run(directory.path(), &arguments, "").0, 2);
    let arguments = ["access", "explain", "--principal", "alice", "--operation", "Write", "--subject", "x"];
    let (code, said, _) = run(directory.path(), &arguments, "");
    assert!(code == 0 && said.contains("no logins and no rules are configured"), "{said}");
}

#[test]
fn changed_rules_are_taken_over_and_broken_ones_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access.toml");
    let rules = |role: &str, subject: &str| {
        format!("[[allow]]\nprincipals = [\"anonymous\"]\nroles = [\"{role}\"]\nsubjects = [\"{subject}\"]\n")
    };
    std::fs::write(&path, rules("reader", "*")).unwrap();
    let server = Process::start(directory.path(), &["--access-file", "access.toml"]);
    assert!(server.begin.contains("logins: 0 users, 0 tokens, 1 rules"), "{}", server.begin);
    let register = || exchange(&server.address, "POST", "/subjects/a/versions", r#"{"schema":"\"int\""}"#).unwrap().0;
    let metric = |name: &str| {
        let text = exchange(&server.address, "GET", "/metrics", "").unwrap().1;
        text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    assert_eq!(register(), 403);
    std::fs::write(&path, rules("producer", "*")).unwrap();
    eventually("the new rule", || register() == 200);
    std::fs::write(&path, rules("king", "*")).unwrap();
    eventually("a metric of the broken file", || metric("accordant_access_stale").as_deref() == Some("1"));
    assert_eq!(register(), 200, "the old rules stay in force");
    std::fs::write(&path, rules("reader", "*")).unwrap();
    server.signal("-HUP");
    eventually("the rule after SIGHUP", || register() == 403);
    assert_eq!(metric("accordant_access_stale").as_deref(), Some("0"));
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("logins and rules stay as they are: access.toml: line 1: the role \"king\""), "{log}");
}

#[test]
fn rules_can_stand_in_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let text =
        "log-level = \"info\"\n\n[[access.allow]]\nprincipals = [\"anonymous\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n";
    std::fs::write(directory.path().join("a.toml"), text).unwrap();
    let server = Process::start(directory.path(), &["--config", "a.toml"]);
    assert_eq!(exchange(&server.address, "GET", "/subjects", "").unwrap().0, 200);
    let (status, body) = exchange(&server.address, "POST", "/subjects/a/versions", r#"{"schema":"\"int\""}"#).unwrap();
    assert_eq!(
        (status, body.as_str()),
        (403, r#"{"error_code":40301,"message":"User is denied operation Write on Subject: a"}"#)
    );
    drop(server);
    std::fs::write(directory.path().join("a.toml"), text.replace("reader", "king")).unwrap();
    let (code, _, complaint) = run(directory.path(), &["--config", "a.toml", "--listen", "127.0.0.1:0"], "");
    assert!(code == 2 && complaint.contains("a.toml: line 3: the role"), "{complaint}");
}

#[test]
fn a_start_without_logins_says_so_and_warns_where_others_can_connect() {
    let directory = tempfile::tempdir().unwrap();
    let begin = |arguments: &[&str]| {
        let mut command = command(directory.path());
        let server = Process::spawn(command.args(arguments));
        server.begin.clone()
    };
    let said = begin(&["--listen", "127.0.0.1:0"]);
    assert!(said.contains("INFO") && said.contains("no logins are configured: everybody may do everything"), "{said}");
    let said = begin(&["--listen", "0.0.0.0:0"]);
    assert!(said.contains("WARN") && said.contains("everybody who can connect may do everything"), "{said}");
    assert!(!begin(&["--listen", "0.0.0.0:0", "--allow-anonymous", "true"]).contains("WARN"));
    std::fs::write(directory.path().join("users"), format!("a:{}\n", bcrypt::hash("x", 4).unwrap())).unwrap();
    let said = begin(&["--listen", "127.0.0.1:0", "--users-file", "users"]);
    assert!(said.contains("1 users, who may do everything") && said.contains("users can be read by everybody"), "{said}");
    std::fs::write(directory.path().join("audit.key"), "0123456789abcdef").unwrap();
    let said = begin(&["--listen", "127.0.0.1:0", "--audit-key-file", "audit.key"]);
    assert!(said.contains("audit.key can be read by everybody"), "{said}");
}
