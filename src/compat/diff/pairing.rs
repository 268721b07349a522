//! Which declaration of the old schema is which of the new one.

use std::collections::{HashMap, HashSet};

use crate::schema::outline::{Declaration, DeclarationKind, Outline};

/// How a declaration was found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    Same,
    Renamed,
    Moved,
}

/// Places in the two lists that are one declaration, and those that are in one list alone.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    pub(super) pairs: Vec<(usize, usize, Bond)>,
    pub(super) removed: Vec<usize>,
    pub(super) added: Vec<usize>,
}

/// A list, and what stands inside each of its declarations.
pub(super) struct DeclarationTree<'o> {
    pub(super) declarations: &'o [Declaration],
    pub(super) children: Vec<Vec<usize>>,
}

impl<'o> DeclarationTree<'o> {
    pub(super) fn new(outline: &'o Outline) -> Self {
        let declarations = outline.declarations.as_slice();
        let mut children = vec![Vec::new(); declarations.len()];
        for (at, declaration) in declarations.iter().enumerate() {
            if let Some(inside) = declaration.parent.and_then(|parent| children.get_mut(parent)) {
                inside.push(at);
            }
        }
        Self { declarations, children }
    }

    fn inside(&self, at: usize) -> &[usize] {
        self.children.get(at).map_or(&[], Vec::as_slice)
    }

    /// How many stand inside, however deep.
    pub(super) fn count_inside(&self, at: usize) -> usize {
        let (mut count, mut todo) = (0, vec![at]);
        while let Some(at) = todo.pop() {
            count += self.inside(at).len();
            todo.extend(self.inside(at));
        }
        count
    }
}

/// Names are told apart by what they name; a record that becomes an enum has still changed and not gone.
fn namespace(declaration: &Declaration) -> DeclarationKind {
    match declaration.kind {
        DeclarationKind::Enum | DeclarationKind::Fixed | DeclarationKind::Message => DeclarationKind::Record,
        kind => kind,
    }
}

pub(super) fn pair(old: &DeclarationTree<'_>, new: &DeclarationTree<'_>) -> Pairing {
    let mut pairing = Pairing::default();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    if old.declarations.is_empty() || new.declarations.is_empty() {
        return pairing;
    }
    let mut todo = vec![(0, 0, Bond::Same)];
    loop {
        while let Some((before, after, bond)) = todo.pop() {
            pairing.pairs.push((before, after, bond));
            let (left_old, left_new) = pair_inside(old, new, (before, after), &mut todo);
            gone.extend(left_old);
            come.extend(left_new);
        }
        // what has moved may have more inside that is found again
        todo = moved(old, new, &mut gone, &mut come);
        if todo.is_empty() {
            break;
        }
    }
    (pairing.removed, pairing.added) = (gone, come);
    pairing
}

/// Pairs what stands inside two declarations, by name and then by what else they answer to; returns what is left of both.
fn pair_inside(
    old: &DeclarationTree<'_>,
    new: &DeclarationTree<'_>,
    (before, after): (usize, usize),
    pairs: &mut Vec<(usize, usize, Bond)>,
) -> (Vec<usize>, Vec<usize>) {
    let (Some(before), Some(after)) = (PairedDeclaration::of(old, before), PairedDeclaration::of(new, after)) else {
        return Default::default();
    };
    let mut by_name = HashMap::new();
    for (at, own) in before.inside() {
        by_name.entry((namespace(own), own.name.as_str())).or_insert(at);
    }
    let mut taken = HashSet::new();
    let mut left_new = Vec::new();
    for (at, own) in after.inside() {
        match by_name.get(&(namespace(own), own.name.as_str())) {
            Some(was) if taken.insert(*was) => pairs.push((*was, at, Bond::Same)),
            _ => left_new.push(at),
        }
    }
    let mut left_old: Vec<usize> = before.inside().map(|(at, _)| at).filter(|at| !taken.contains(at)).collect();
    // old aliases speak for the old name as much as new ones
    let mut by_identity = HashMap::new();
    for at in &left_old {
        let Some(own) = old.declarations.get(*at) else { continue };
        for identity in own.identities.iter().map(String::as_str).chain([own.name.as_str()]) {
            by_identity.entry((namespace(own), identity)).or_insert(*at);
        }
    }
    let is_root_type = |pair: &PairedDeclaration<'_, '_>, own: &Declaration| {
        pair.own.parent.is_none() && own.kind.is_type() && own.name == pair.own.name
    };
    let old_root = left_old.iter().copied().find(|at| old.declarations.get(*at).is_some_and(|own| is_root_type(&before, own)));
    left_new.retain(|at| {
        let Some(own) = new.declarations.get(*at) else { return false };
        let mut identities = own.identities.iter().map(String::as_str).chain([own.name.as_str()]);
        let known = identities.find_map(|identity| by_identity.get(&(namespace(own), identity)).copied());
        // the type that the whole schema is of is the same one, whatever it is called
        let known = known.or_else(|| old_root.filter(|_| is_root_type(&after, own)));
        let Some(was) = known.filter(|was| !taken.contains(was)) else { return true };
        taken.insert(was);
        pairs.push((was, *at, Bond::Renamed));
        false
    });
    left_old.retain(|at| !taken.contains(at));
    (left_old, left_new)
}

/// A declaration in its list.
struct PairedDeclaration<'t, 'o> {
    tree: &'t DeclarationTree<'o>,
    own: &'o Declaration,
    at: usize,
}

impl<'t, 'o> PairedDeclaration<'t, 'o> {
    fn of(tree: &'t DeclarationTree<'o>, at: usize) -> Option<Self> {
        Some(Self { tree, own: tree.declarations.get(at)?, at })
    }

    fn inside(&self) -> impl Iterator<Item = (usize, &'o Declaration)> {
        self.tree.inside(self.at).iter().filter_map(|at| Some((*at, self.tree.declarations.get(*at)?)))
    }
}

/// What is gone in one place and has come in another, where there is no doubt which.
fn moved(
    old: &DeclarationTree<'_>,
    new: &DeclarationTree<'_>,
    gone: &mut Vec<usize>,
    come: &mut Vec<usize>,
) -> Vec<(usize, usize, Bond)> {
    let from = unique(old.declarations, gone);
    let to = unique(new.declarations, come);
    let mut pairs = Vec::new();
    for (key, at) in &to {
        if let (Some(after), Some(Some(before))) = (at, from.get(key)) {
            pairs.push((*before, *after, Bond::Moved));
        }
    }
    // in the order of the list, not of the table
    pairs.sort_unstable_by_key(|pair| pair.1);
    let (left, right): (HashSet<usize>, HashSet<usize>) = pairs.iter().map(|pair| (pair.0, pair.1)).unzip();
    gone.retain(|at| !left.contains(at));
    come.retain(|at| !right.contains(at));
    pairs
}

type MoveKey<'o> = (DeclarationKind, &'o str, &'o str);

/// Declarations by what they are, those that are there twice without their places. Parts have no names of their own.
fn unique<'o>(declarations: &'o [Declaration], places: &[usize]) -> HashMap<MoveKey<'o>, Option<usize>> {
    let mut found = HashMap::new();
    for at in places {
        let Some(own) = declarations.get(*at).filter(|own| own.kind != DeclarationKind::Part) else { continue };
        let place = found.entry((own.kind, own.name.as_str(), own.ty.as_str())).or_insert(Some(*at));
        if *place != Some(*at) {
            *place = None;
        }
    }
    found
}
