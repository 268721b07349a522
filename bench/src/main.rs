//! Measures the registry beside a bare axum server. Started by `bench/run`.

mod audit;
mod bare;
mod load;
mod logins;
mod measure;
mod plan;
mod process;
mod report;
mod tls;

use std::path::Path;

use anyhow::{Result, bail};

/// The registry's, which the bare server is to have as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bare", body, "--listen", address] => bare::run(address, None, Path::new(body)),
        ["bare", body, "--tls", encrypted, "--listen", address] => bare::run(address, Some(encrypted), Path::new(body)),
        ["drive", registry, work, options @ ..] => {
            let effort = if options.contains(&"--quick") { &measure::QUICK } else { &measure::FULL };
            let part = options.iter().find_map(|option| option.strip_prefix("--only="));
            measure::run(Path::new(registry), Path::new(work), effort, part)
        }
        _ => bail!("use bench/run"),
    }
}
