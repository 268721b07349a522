//! Which of the declared types is the root, where the text doesn't say.

use std::collections::{HashMap, HashSet};

use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::Type;
use crate::schema::meter;

/// The local types that no other one refers to, and that are not declared within another.
pub(super) fn roots<'t>(local: &[(&'t str, &Type)]) -> Result<Vec<&'t str>, ConversionError> {
    let defined: HashSet<&str> = local.iter().map(|(name, _)| *name).collect();
    let mut referenced = HashSet::new();
    for (name, body) in local {
        let mut found = Vec::new();
        body.references(&mut found);
        meter::charge_for(found.len())?;
        referenced.extend(found.into_iter().filter(|other| other != name));
    }
    let is_nested = |name: &str| {
        let mut rest = name;
        while let Some((outer, _)) = rest.rsplit_once('.') {
            if defined.contains(outer) {
                return true;
            }
            rest = outer;
        }
        false
    };
    let names = local.iter().map(|(name, _)| *name);
    Ok(names.filter(|name| !referenced.contains(name) && !is_nested(name)).collect())
}

/// A circle of types that refer to one another: the names along it, the first one again at its end.
pub(super) fn cycle<'t>(local: &[(&'t str, &'t Type)]) -> Result<Vec<&'t str>, ConversionError> {
    let bodies: HashMap<&str, &Type> = local.iter().copied().collect();
    let uses = |name: &'t str| -> Result<Vec<&'t str>, ConversionError> {
        let mut found = Vec::new();
        if let Some(body) = bodies.get(name) {
            body.references(&mut found);
        }
        meter::charge_for(found.len())?;
        let mut seen = HashSet::new();
        found.retain(|other| *other != name && bodies.contains_key(other) && seen.insert(*other));
        found.reverse();
        Ok(found)
    };
    let mut visited = HashSet::new();
    for (start, _) in local {
        if !visited.insert(*start) {
            continue;
        }
        // each name on the path with the names that are still to be tried from there, the next one last
        let mut path = vec![(*start, uses(start)?)];
        while let Some((_, open)) = path.last_mut() {
            let Some(next) = open.pop() else {
                path.pop();
                continue;
            };
            meter::charge_for(path.len() / 8 + 1)?;
            if let Some(at) = path.iter().position(|(name, _)| *name == next) {
                let mut circle: Vec<&str> = path.iter().skip(at).map(|(name, _)| *name).collect();
                circle.push(next);
                return Ok(circle);
            }
            if visited.insert(next) {
                path.push((next, uses(next)?));
            }
        }
    }
    Ok(vec!["?"])
}
