//! Stack for recursion whose depth the input decides.
//!
//! Texts nested up to [`SHALLOW`] levels are handled where the caller stands: that fits into 2 MiB without optimization. Deeper
//! ones, and what the `jsonschema` crate does with long chains of references, run on a thread whose stack is known.

/// Nesting of a text up to which it is read, printed and walked on the caller's stack.
const SHALLOW: usize = 100;
/// Stack of a thread made for deep work. It is reserved, not used: pages are taken as the recursion reaches them.
const STACK: usize = 256 << 20;

/// Whether a JSON text is nested so deep that work on it needs room. Brackets in strings do not count; a text that is not JSON
/// may be judged wrongly, which harms nobody.
pub(crate) fn is_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > SHALLOW {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Runs on a stack of known size; `None` when there is no thread to be had or the work panics.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("json-schema".to_owned()).stack_size(STACK);
        builder.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Runs on a stack of known size where `deep` says so, else here.
pub(crate) fn run_if<T: Send>(deep: bool, work: impl FnOnce() -> T + Send) -> Option<T> {
    if deep { run(work) } else { Some(work()) }
}

#[cfg(test)]
mod tests {
    use super::{SHALLOW, is_deep};

    #[test]
    fn only_brackets_outside_strings_count() {
        assert!(is_deep(&"[".repeat(SHALLOW + 1)));
        assert!(!is_deep(&"[".repeat(SHALLOW)));
        assert!(!is_deep(&format!("[\"{}\"]", "[".repeat(500))));
        assert!(!is_deep(&format!("[\"\\\"{}\"]", "{".repeat(500))));
        assert!(!is_deep(&"[]".repeat(500)));
    }
}
