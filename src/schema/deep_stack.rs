//! Threads for recursion whose depth the input decides.

use std::thread;

/// Nesting that is safe on any caller's stack, also in a debug build. What people write stays far below.
const SHALLOW: usize = 64;
/// Only address space is reserved: memory is used as far as the recursion really gets.
const STACK: usize = 256 << 20;

/// The nesting of work that nobody has measured, such as chains of references: always run on a deep stack.
pub(crate) const UNMEASURED: usize = usize::MAX;

/// Runs `work` where the caller stands, or on a thread with a 256 MiB stack if it works on something nested deeper than
/// [`SHALLOW`] levels. `None` when there is no memory for the thread, or when `work` panics on it.
pub(crate) fn on_deep_stack<T: Send>(nesting: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if nesting <= SHALLOW {
        return Some(work());
    }
    thread::scope(|scope| deep_thread("deep-schema").spawn_scoped(scope, work).ok()?.join().ok())
}

/// A thread of that size, for work that its caller may stop waiting for.
pub(crate) fn deep_thread(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned()).stack_size(STACK)
}
