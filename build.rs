//! Which commit a release build is of, what it was built with, and its features: for `--version --verbose` and `/v1/metadata/version`.
//!
//! What it says has names that are no settings': `cargo run` hands them to the program as environment variables.
//!
//! Debug builds are of no commit, for otherwise each commit would have them built anew. `ACCORDANT_COMMIT` counts in every build.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ACCORDANT_COMMIT");
    let given = env::var("ACCORDANT_COMMIT").ok().filter(|commit| !commit.is_empty());
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if let Some(commit) = given.or_else(|| is_release.then(commit).flatten()) {
        println!("cargo:rustc-env=BUILD_COMMIT={commit}");
    }
    println!(
        "cargo:rustc-env=BUILD_RUSTC={}",
        output(&env::var("RUSTC").unwrap_or_default(), &["--version"]).unwrap_or_default()
    );
    println!("cargo:rustc-env=BUILD_PROFILE={}", env::var("PROFILE").unwrap_or_default());
    println!("cargo:rustc-env=BUILD_TARGET={}", env::var("TARGET").unwrap_or_default());
    let features =
        env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase().replace('_', "-")));
    let mut features: Vec<String> = features.filter(|feature| feature != "default").collect();
    features.sort();
    println!("cargo:rustc-env=BUILD_FEATURES={}", features.join(", "));
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Of a checkout the commit that is checked out, of a package that which it was made from.
fn commit() -> Option<String> {
    if let Ok(packaged) = std::fs::read_to_string(".cargo_vcs_info.json") {
        return packaged.split("\"sha1\": \"").nth(1)?.split('"').next().map(str::to_owned);
    }
    // a checkout of its own, not a folder within somebody else's
    if !Path::new(".git").exists() {
        return None;
    }
    let log = output("git", &["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo:rerun-if-changed={log}");
    output("git", &["rev-parse", "HEAD"])
}
