//! The `accordant` binary; everything is in the library.

use std::process::ExitCode;

/// Requests allocate a lot of what is small and short-lived; docs/performance.md says what this is worth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    accordant::cli::run()
}
