//! A URI and, behind a zero byte, a template: no panic, no long work, and a URI in its canonical form stays as it is.

#![no_main]

use accordant::cloudevents::resolve::{SchemaUri, Template, canonical, matches, message, read_path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (text, other) = input.split_once('\0').unwrap_or((input, ""));
    assert_eq!(canonical(&canonical(text)), canonical(text));
    let _ = matches(other, text);
    let Ok(uri) = SchemaUri::parse(text) else { return };
    let _ = message(&uri);
    let Ok(path) = uri.path() else { return };
    assert!(path.iter().all(|segment| !segment.is_empty() && segment != "." && segment != ".."));
    let _ = read_path(path, uri.query());
    if let Ok(template) = Template::parse(other) {
        let _ = template.read(path, uri.query());
    }
});
