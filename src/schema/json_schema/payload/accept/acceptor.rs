use super::model::{AcceptorNode, AcceptorNodeId};
use super::walk;
use crate::schema::json_schema::payload::budget::{Budget, within};

/// A schema ready for texts.
#[derive(Debug)]
pub(crate) struct Acceptor {
    pub(super) nodes: Vec<AcceptorNode>,
    pub(super) root: AcceptorNodeId,
    pub(super) has_string_validators: bool,
}

impl Acceptor {
    /// True only if the text is JSON without anything ambiguous in it, nested no deeper than `max_depth`, and valid.
    pub(crate) fn accepts(&self, text: &str, max_depth: usize) -> bool {
        let walk = || walk::TextWalk::new(&self.nodes, text, max_depth).accepts(self.root);
        if self.has_string_validators { within(Budget::Quick, walk).unwrap_or(false) } else { walk() }
    }
}
