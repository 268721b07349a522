//! The `accordant` binary.

fn main() {}
