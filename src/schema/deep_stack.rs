//! Threads for recursion whose depth the input decides.

use std::thread;

use super::meter::{self, Exhausted};

/// Nesting that is safe on any caller's stack, also in a debug build. What people write stays far below.
const SHALLOW: usize = 64;
/// What a level may take, also in a debug build.
const LEVEL: usize = 64 << 10;
/// The most that is reserved. It is address space: memory is used as far as the recursion really gets.
const MOST: usize = 256 << 20;

/// The nesting of work that nobody has measured, such as chains of references: always run on a deep stack.
pub(crate) const UNMEASURED: usize = usize::MAX;

/// Runs `work` where the caller stands, or on a thread with a stack of its own if it works on something nested deeper than
/// [`SHALLOW`] levels. `None` when there is no memory for the thread, which the meter notes, or when `work` panics on it.
pub(crate) fn on_deep_stack<T: Send>(nesting: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if nesting <= SHALLOW {
        return Some(work());
    }
    let carried = meter::carry();
    let worked = thread::scope(|scope| {
        let builder = deep_thread("deep-schema", nesting);
        let thread = builder.spawn_scoped(scope, || carried.run(work)).map_err(|_| meter::fail(Exhausted::Threads));
        thread.ok()?.join().ok()
    });
    let (result, carried) = worked?;
    carried.settle();
    Some(result)
}

/// A thread for work of this nesting, which its caller may stop waiting for.
pub(crate) fn deep_thread(name: &str, nesting: usize) -> thread::Builder {
    thread::Builder::new().name(name.to_owned()).stack_size(nesting.saturating_mul(LEVEL).min(MOST))
}
