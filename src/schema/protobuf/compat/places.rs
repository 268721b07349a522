//! From elements to places in the stored and in the candidate's text.

use std::collections::HashMap;

use super::difference::ElementPlace;
use crate::schema::finding::Place;
use crate::schema::format::Direction;
use crate::schema::position::Position;

pub(super) struct Places {
    old: HashMap<u32, Position>,
    new: HashMap<u32, Position>,
    pub(super) direction: Direction,
}

impl Places {
    /// The places of the elements of the old (the writer's) and of the new file.
    pub(super) fn new<'p>(
        (old_text, old): (&str, impl Iterator<Item = &'p ElementPlace>),
        (new_text, new): (&str, impl Iterator<Item = &'p ElementPlace>),
        direction: Direction,
    ) -> Self {
        let old = Position::of_all(old_text, old.filter_map(|place| place.at));
        let new = Position::of_all(new_text, new.filter_map(|place| place.at));
        Self { old, new, direction }
    }

    /// The places in the stored and in the candidate's text: the candidate reads in one direction and writes in the other.
    pub(super) fn of(&self, old: Option<&ElementPlace>, new: Option<&ElementPlace>) -> (Option<Place>, Option<Place>) {
        let place = |element: &ElementPlace, positions: &HashMap<u32, Position>| Place {
            pointer: element.name.to_string(),
            position: element.at.and_then(|at| positions.get(&at)).copied(),
        };
        let (old, new) = (old.map(|element| place(element, &self.old)), new.map(|element| place(element, &self.new)));
        match self.direction {
            Direction::Backward => (old, new),
            Direction::Forward => (new, old),
        }
    }
}
