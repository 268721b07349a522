//! What differs between two declarations that are one.

use std::collections::{HashMap, HashSet};

use super::change::{Change, ChangeKind, change};
use super::pairing::{Bond, DeclarationTree, pair};
use crate::schema::outline::{Declaration, DeclarationKind, Outline};

/// A change, and where it is in the two lists.
pub(super) struct LocatedChange {
    pub(super) change: Change,
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
}

/// All changes. `ordered`: the order of fields and symbols means something.
pub(super) fn changes(before: &Outline, after: &Outline, ordered: bool) -> Vec<LocatedChange> {
    let (old, new) = (DeclarationTree::new(before), DeclarationTree::new(after));
    let pairing = pair(&old, &new);
    let mut found = Vec::new();
    for (was, is, bond) in &pairing.pairs {
        let (Some(own_old), Some(own_new)) = (old.declarations.get(*was), new.declarations.get(*is)) else { continue };
        let renamed_root = own_new.kind == DeclarationKind::Schema && own_old.name != own_new.name;
        let mut own = Vec::new();
        let kind = match bond {
            Bond::Same => None,
            Bond::Renamed => Some(ChangeKind::Renamed),
            Bond::Moved => Some(ChangeKind::Moved),
        };
        own.extend(kind.map(|kind| change(kind, own_new)));
        compare(own_old, own_new, renamed_root, &mut own);
        let old_path = (own_old.path != own_new.path).then(|| own_old.path.clone());
        let places = (Some(*was), Some(*is));
        found.extend(own.into_iter().map(|own| LocatedChange {
            change: Change { old_path: old_path.clone(), ..own },
            old: places.0,
            new: places.1,
        }));
    }
    if ordered {
        found.extend(reordered(&old, &new, &pairing.pairs));
    }
    for at in pairing.removed {
        let Some(own) = old.declarations.get(at) else { continue };
        let from = Some(own.ty.clone()).filter(|ty| !ty.is_empty());
        let own = Change { from, inside: old.count_inside(at), ..change(ChangeKind::Removed, own) };
        found.push(LocatedChange { change: own, old: Some(at), new: None });
    }
    for at in pairing.added {
        let Some(own) = new.declarations.get(at) else { continue };
        let to = Some(own.ty.clone()).filter(|ty| !ty.is_empty());
        let own = Change { to, inside: new.count_inside(at), ..change(ChangeKind::Added, own) };
        found.push(LocatedChange { change: own, old: None, new: Some(at) });
    }
    // by the new text; what is gone stands by the old one
    found.sort_by_key(|found| found.new.or(found.old));
    found
}

fn compare(old: &Declaration, new: &Declaration, renamed_root: bool, out: &mut Vec<Change>) {
    let mut differs = |what: &str, from: Option<String>, to: Option<String>| {
        let what = Some(what.to_owned());
        out.push(Change { what, from, to, ..change(ChangeKind::Changed, new) });
    };
    if old.kind != new.kind {
        differs("kind", Some(old.kind.word().to_owned()), Some(new.kind.word().to_owned()));
    }
    if old.ty != new.ty && !renamed_root {
        let known = |ty: &str| Some(ty.to_owned()).filter(|ty| !ty.is_empty());
        differs("type", known(&old.ty), known(&new.ty));
    }
    let (before, after) = (gathered(old), gathered(new));
    let mut seen = HashSet::new();
    for (key, _) in old.facts.iter().chain(&new.facts) {
        let (from, to) = (before.get(key.as_str()), after.get(key.as_str()));
        if seen.insert(key.as_str()) && from != to {
            differs(key, from.cloned(), to.cloned());
        }
    }
}

/// What is said under each word, all of it where one is said more than once.
fn gathered(declaration: &Declaration) -> HashMap<&str, String> {
    let mut facts: HashMap<&str, String> = HashMap::new();
    for (key, value) in &declaration.facts {
        let said = facts.entry(key).or_default();
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(value);
    }
    facts
}

/// Records and enums whose parts have another order, those that are in both.
fn reordered(old: &DeclarationTree<'_>, new: &DeclarationTree<'_>, pairs: &[(usize, usize, Bond)]) -> Vec<LocatedChange> {
    let was: HashMap<usize, usize> = pairs.iter().map(|(was, is, _)| (*is, *was)).collect();
    let mut found = Vec::new();
    for (before, after, _) in pairs {
        let Some(own) = new.declarations.get(*after).filter(|own| own.kind != DeclarationKind::Schema) else { continue };
        let (Some(inside), Some(inside_old)) = (new.children.get(*after), old.children.get(*before)) else { continue };
        let places = inside.iter().filter_map(|at| was.get(at)).filter(|at| inside_old.binary_search(at).is_ok());
        if !places.is_sorted() {
            found.push(LocatedChange { change: change(ChangeKind::Reordered, own), old: Some(*before), new: Some(*after) });
        }
    }
    found
}
