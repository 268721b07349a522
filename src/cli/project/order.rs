//! The order of references, and which schemas belong together.

use std::collections::HashMap;

use super::wanted::WantedSchema;

/// The positions of what is wanted, each after what it refers to.
///
/// # Errors
/// Schemas refer to one another in a circle.
pub(super) fn order(wanted: &[WantedSchema]) -> Result<Vec<usize>, String> {
    let places = places(wanted.iter());
    let targets = |wanted: &WantedSchema| own_targets(wanted, &places);
    let mut open: Vec<usize> = wanted.iter().map(|one| targets(one).len()).collect();
    let mut referrers: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, one) in wanted.iter().enumerate() {
        for target in targets(one) {
            referrers.entry(target).or_default().push(at);
        }
    }
    let mut ready: std::collections::BTreeSet<usize> = (0..wanted.len()).filter(|at| open.get(*at) == Some(&0)).collect();
    let mut order = Vec::with_capacity(wanted.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for referrer in referrers.get(&at).into_iter().flatten() {
            if let Some(count) = open.get_mut(*referrer) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*referrer);
                }
            }
        }
    }
    if order.len() < wanted.len() {
        let circle = wanted.iter().zip(&open).filter(|(_, open)| **open > 0).map(|(one, _)| one.input.name.as_str());
        let named: Vec<&str> = circle.take(10).collect();
        return Err(format!("schemas refer to one another in a circle, so that none can be the first: {}", named.join(", ")));
    }
    Ok(order)
}

/// For each of those that are to be registered the number of its tree: those that refer to one another have the same.
pub(super) fn trees(wanted: &[&WantedSchema]) -> Vec<usize> {
    let places = places(wanted.iter().copied());
    let mut tree: Vec<usize> = (0..wanted.len()).collect();
    for (at, one) in wanted.iter().enumerate() {
        for target in own_targets(one, &places) {
            let (Some(a), Some(b)) = (tree.get(at).copied(), tree.get(target).copied()) else { continue };
            let (low, high) = (a.min(b), a.max(b));
            tree.iter_mut().filter(|number| **number == high).for_each(|number| *number = low);
        }
    }
    tree
}

fn places<'w>(wanted: impl Iterator<Item = &'w WantedSchema>) -> HashMap<&'w str, usize> {
    wanted.enumerate().map(|(at, one)| (one.subject.as_str(), at)).collect()
}

/// The places of what is referred to as it is about to be, each once.
fn own_targets(wanted: &WantedSchema, places: &HashMap<&str, usize>) -> Vec<usize> {
    let open = wanted.references.iter().filter(|reference| reference.version.is_none());
    let mut targets: Vec<usize> = open.filter_map(|reference| places.get(reference.subject.as_str()).copied()).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}
