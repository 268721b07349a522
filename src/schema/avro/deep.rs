//! Room for deep texts. Reading a text is recursive, and a thousand levels need more stack than a caller may have left,
//! above all in a debug build. Texts that people write stay far below the threshold and never see a second thread.

use std::thread;

use super::super::format::SchemaError;

/// Nesting that fits on any stack.
const SHALLOW: usize = 64;
/// Stack for the deepest text that is allowed, with room to spare in a debug build.
const STACK: usize = 32 << 20;

/// Does some work on a text, on a stack of its own where the text is deep.
///
/// # Errors
/// When the machine has no room for another stack.
pub(super) fn with_room<T: Send>(nesting: usize, work: impl FnOnce() -> T + Send) -> Result<T, SchemaError> {
    if nesting <= SHALLOW {
        return Ok(work());
    }
    thread::scope(|scope| {
        match thread::Builder::new().name("deep-schema".to_owned()).stack_size(STACK).spawn_scoped(scope, work) {
            Ok(handle) => Ok(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
            Err(_) => Err(SchemaError::parse(format!("no memory to read a schema nested {nesting} levels deep"))),
        }
    })
}

/// Deepest nesting of a JSON text with comments. Of a text that is no JSON, at least as far as it is.
pub(super) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(inner) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'/' if bytes.next_if_eq(&b'/').is_some() => drop(bytes.find(|byte| *byte == b'\n')),
            b'/' if bytes.next_if_eq(&b'*').is_some() => {
                while let Some(inner) = bytes.next() {
                    if inner == b'*' && bytes.next_if_eq(&b'/').is_some() {
                        break;
                    }
                }
            }
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
