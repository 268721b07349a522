//! The tree of rules that a text was read as.

use super::grammar::rule_name;
use super::token::{Token, name_of};

#[derive(Debug)]
pub(crate) struct SyntaxNode<'t> {
    what: NodeContent<'t>,
    /// Offsets in the text.
    start: usize,
    end: usize,
}

#[derive(Debug)]
enum NodeContent<'t> {
    Rule(usize, Vec<SyntaxNode<'t>>),
    Token(&'static str, &'t str),
}

impl<'t> SyntaxNode<'t> {
    /// `next`: the token that the rule begins with, unless it is empty.
    pub(super) fn rule(rule: usize, children: Vec<SyntaxNode<'t>>, next: Token) -> Self {
        let start = children.first().map_or(next.start, |first| first.start);
        let end = children.last().map_or(next.start, |last| last.end);
        Self { what: NodeContent::Rule(rule, children), start, end }
    }

    pub(super) fn token(token: Token, text: &'t str) -> Self {
        Self { what: NodeContent::Token(name_of(token.kind), text), start: token.start, end: token.end }
    }

    /// The name of the rule or of the kind of token.
    pub(crate) fn name(&self) -> &'static str {
        match &self.what {
            NodeContent::Rule(rule, _) => rule_name(*rule),
            NodeContent::Token(name, _) => name,
        }
    }

    pub(crate) fn children(&self) -> &[SyntaxNode<'t>] {
        match &self.what {
            NodeContent::Rule(_, children) => children,
            NodeContent::Token(..) => &[],
        }
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&SyntaxNode<'t>> {
        self.children().iter().find(|child| child.name() == name)
    }

    /// All children of this name.
    pub(crate) fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n SyntaxNode<'t>> {
        self.children().iter().filter(move |child| child.name() == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.child(name).is_some()
    }

    /// The texts of its tokens, without what stands between them.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match &self.what {
            NodeContent::Rule(_, children) => children.iter().for_each(|child| child.write(out)),
            NodeContent::Token(_, text) => out.push_str(text),
        }
    }

    /// What stands in the quotes of a string.
    pub(crate) fn unquoted(&self) -> String {
        let text = self.text();
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        inner.unwrap_or(&text).replace("''", "'")
    }

    /// Where it stands in the text.
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}
