//! The differences of two files, and where they are.

use super::difference_kind::DifferenceKind;
use crate::schema::difference_tree::{Located, Tree, TreeStep, append_segment};
use crate::schema::protobuf::model::Offset;

/// The step from a message to what differs in it, in Confluent's notation.
#[derive(Debug, Clone)]
pub(super) enum PathStep {
    Here,
    Named(Box<str>),
    Number(i32),
    Member(Box<str>, i32),
}

impl TreeStep for PathStep {
    fn append_to(&self, path: &mut String) {
        let mut push = |segment: &str| append_segment(path, segment);
        match self {
            Self::Here => {}
            Self::Named(name) => push(name),
            Self::Number(number) => push(&number.to_string()),
            Self::Member(oneof, number) => {
                push(oneof);
                push(&number.to_string());
            }
        }
    }
}

/// Where an element is declared.
#[derive(Debug, Clone)]
pub(super) struct ElementPlace {
    pub(super) name: Box<str>,
    /// If it is declared in the file itself.
    pub(super) at: Option<Offset>,
}

/// A difference between two elements.
#[derive(Debug, Clone)]
pub(super) struct ElementDifference {
    pub(super) kind: DifferenceKind,
    pub(super) old: Option<ElementPlace>,
    pub(super) new: Option<ElementPlace>,
}

pub(super) type DifferenceTree = Tree<ElementDifference, PathStep>;
pub(super) type LocatedDifference = Located<ElementDifference, PathStep>;
