//! The same check again whenever a file changes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use ignore::WalkBuilder;

use super::arguments::Arguments;
use super::source::STDIN;
use super::style::print;
use crate::cli::exit::Exit;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(300);

/// Checks now and after each change. Ends only where nothing can be watched; what can't be judged is said, and waits for the next
/// change.
pub(super) fn watch(arguments: &Arguments, mut check: impl FnMut() -> Result<Exit, String>) -> Result<Exit, String> {
    if arguments.new.iter().chain(&arguments.against).any(|path| path == STDIN) {
        return Err("--watch can't watch standard input".to_owned());
    }
    loop {
        let seen = state(arguments);
        if let Err(line) = check() {
            print(&line)?;
        }
        print("(waiting for a change)\n")?;
        while state(arguments) == seen {
            std::thread::sleep(EVERY);
        }
    }
}

/// The files with their sizes and times, as one number.
fn state(arguments: &Arguments) -> u64 {
    let here = [".".to_owned()];
    let paths = if arguments.new.is_empty() { here.as_slice() } else { &arguments.new };
    let mut hash = DefaultHasher::new();
    let more = [&arguments.against_dir, &arguments.proto_path, &arguments.against].into_iter().flatten();
    for path in paths.iter().chain(more) {
        for entry in WalkBuilder::new(path).require_git(false).follow_links(false).build().flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if about.is_file() {
                (entry.path(), about.len(), about.modified().ok()).hash(&mut hash);
            }
        }
    }
    hash.finish()
}
