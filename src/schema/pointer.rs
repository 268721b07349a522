//! JSON pointers (RFC 6901).

/// One segment of a pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment<'a> {
    Name(&'a str),
    Index(u64),
}

/// Appends a name, with `~` and `/` escaped.
pub(crate) fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

pub(crate) fn pointer_of(path: &[Segment<'_>]) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Name(name) => push(&mut pointer, name),
            Segment::Index(index) => push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}
