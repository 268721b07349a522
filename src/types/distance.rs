//! How far two names are from one another, for hints.

/// Levenshtein's distance of the first 200 letters; the bound keeps the work small for hostile names.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|name| name.chars().take(200).collect::<String>());
    strsim::levenshtein(&a, &b)
}
