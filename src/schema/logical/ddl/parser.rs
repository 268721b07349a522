//! From a text to the tree of its rules. Faults are told as parser generators tell them, which Confluent's messages show.

use super::automaton::{Choose, Element, StateId, StateKind};
use super::grammar::AUTOMATON;
use super::predict::{Predicted, predict};
use super::token::{EOF, KindSet, Token, TokenStream, bit, escaped, list, name_of};
use super::tree::SyntaxNode;
use crate::schema::logical::error::ConversionError;
use crate::schema::meter;

/// Rules within rules. A type within a type is up to five of them, a condition in parentheses 14.
const MAX_RULES: usize = 6_000;

/// Reads a text. Must run where the stack is deep.
///
/// # Errors
/// The text is not of this language, nests too deeply, or the work runs out.
pub(super) fn parse<'t>(tokens: &mut TokenStream<'t>) -> Result<SyntaxNode<'t>, ConversionError> {
    let mut parser = Parser { tokens, at: 0, stack: Vec::new(), was_at: None, reserved: meter::reserve_for_now(0)? };
    parser.rule(0)
}

struct Parser<'p, 't> {
    tokens: &'p mut TokenStream<'t>,
    at: usize,
    /// The states behind the rules that are being read.
    stack: Vec<StateId>,
    /// The first state, since what came last fitted a choice, where the rule might have ended: a message lists what could have stood
    /// there.
    was_at: Option<(StateId, Vec<StateId>)>,
    reserved: meter::ReservedMemory,
}

/// Bytes of a rule in the tree.
const NODE_BYTES: usize = 96;

impl<'t> Parser<'_, 't> {
    fn rule(&mut self, rule: usize) -> Result<SyntaxNode<'t>, ConversionError> {
        if self.stack.len() > MAX_RULES {
            return Err(ConversionError::new("DDL script nests types too deeply to parse"));
        }
        meter::charge(2)?;
        self.reserved.join(meter::reserve_for_now(NODE_BYTES)?);
        let mut children = Vec::new();
        let first = self.next()?;
        if let Some(rule) = AUTOMATON.rules.get(rule) {
            self.elements(&rule.body, &mut children)?;
        }
        Ok(SyntaxNode::rule(rule, children, first))
    }

    fn elements(&mut self, elements: &[Element], out: &mut Vec<SyntaxNode<'t>>) -> Result<(), ConversionError> {
        for element in elements {
            match element {
                Element::Token { state, set } => {
                    let token = self.token(*state, *set)?;
                    out.push(SyntaxNode::token(token, self.tokens.text(token)));
                }
                Element::Rule { state, rule } => {
                    let behind = AUTOMATON.state(*state).and_then(|state| state.edges.first());
                    let Some(super::automaton::Transition::Rule(_, next)) = behind else { continue };
                    self.stack.push(*next);
                    let node = self.rule(*rule)?;
                    self.stack.pop();
                    out.push(node);
                }
                Element::Choice { alternatives, .. } if alternatives.len() == 1 => {
                    self.elements(alternatives.first().map_or(&[], Vec::as_slice), out)?;
                }
                Element::Choice { state, choose, alternatives } => {
                    self.check(*state)?;
                    let chosen = self.choose(*state, choose)?;
                    match chosen.and_then(|at| alternatives.get(at)) {
                        Some(alternative) => self.elements(alternative, out)?,
                        None => return Err(self.no_alternative(self.at)?),
                    }
                }
                Element::Optional { state, choose, alternatives } => {
                    self.check(*state)?;
                    let chosen = self.choose(*state, choose)?;
                    if let Some(alternative) = chosen.and_then(|at| alternatives.get(at)) {
                        self.elements(alternative, out)?;
                    }
                }
                Element::Star { entry, back, choose, body } => {
                    self.check(*entry)?;
                    while self.choose(*entry, choose)? == Some(0) {
                        self.elements(body, out)?;
                        self.check(*back)?;
                    }
                }
                Element::Plus { start, back, choose, body } => {
                    self.check(*start)?;
                    loop {
                        self.elements(body, out)?;
                        self.check(*back)?;
                        if self.choose(*back, choose)? != Some(0) {
                            break;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Token, ConversionError> {
        self.tokens.get(self.at)
    }

    /// The alternative to take. `None`: by the next token alone none fits.
    fn choose(&mut self, state: StateId, choose: &Choose) -> Result<Option<usize>, ConversionError> {
        match choose {
            Choose::ByToken(sets) => {
                let next = bit(self.next()?.kind);
                Ok(sets.iter().position(|set| set & next != 0))
            }
            Choose::ByLookingAhead => match predict(state, self.at, self.tokens, &self.stack)? {
                Predicted::Alternative(alternative) => Ok(Some(alternative)),
                Predicted::Nothing(at) => Err(self.no_alternative(at)?),
            },
        }
    }

    /// Before a choice or a loop: can what comes stand here at all?
    fn check(&mut self, state: StateId) -> Result<(), ConversionError> {
        use super::automaton::END_OF_RULE;
        let next = self.next()?;
        let first = AUTOMATON.first(state);
        if first & bit(next.kind) != 0 {
            self.was_at = None;
            return Ok(());
        }
        if first & END_OF_RULE != 0 {
            if self.was_at.is_none() {
                meter::charge_for(self.stack.len() / 16)?;
                self.was_at = Some((state, self.stack.clone()));
            }
            return Ok(());
        }
        let expected = AUTOMATON.expected(state, &self.stack);
        let after_turn = AUTOMATON.state(state).is_some_and(|state| state.kind == StateKind::After);
        if after_turn || self.fits_without(expected)? {
            return Err(self.unwanted(expected)?);
        }
        Err(self.mismatch(expected)?)
    }

    fn token(&mut self, state: StateId, set: KindSet) -> Result<Token, ConversionError> {
        let next = self.next()?;
        if set & bit(next.kind) != 0 {
            if next.kind != EOF {
                self.at += 1;
            }
            return Ok(next);
        }
        let expected = AUTOMATON.expected(state, &self.stack);
        if self.fits_without(expected)? {
            return Err(self.unwanted(expected)?);
        }
        let behind = AUTOMATON.state(state).and_then(|state| state.edges.first());
        if let Some(super::automaton::Transition::Token(_, behind)) = behind
            && AUTOMATON.expected(*behind, &self.stack) & bit(next.kind) != 0
        {
            return Err(fault(next, &format!("missing {} at {}", list(expected), self.shown(next))));
        }
        let expected = match &self.was_at {
            Some((state, stack)) => AUTOMATON.expected(*state, stack),
            None => expected,
        };
        Err(self.mismatch(expected)?)
    }

    /// Whether all would be well without the next token.
    fn fits_without(&mut self, expected: KindSet) -> Result<bool, ConversionError> {
        if self.next()?.kind == EOF {
            return Ok(expected & bit(EOF) != 0);
        }
        Ok(expected & bit(self.tokens.get(self.at + 1)?.kind) != 0)
    }

    fn shown(&self, token: Token) -> String {
        format!("'{}'", escaped(if token.kind == EOF { name_of(EOF) } else { self.tokens.text(token) }))
    }

    fn unwanted(&mut self, expected: KindSet) -> Result<ConversionError, ConversionError> {
        let next = self.next()?;
        Ok(fault(next, &format!("extraneous input {} expecting {}", self.shown(next), list(expected))))
    }

    fn mismatch(&mut self, expected: KindSet) -> Result<ConversionError, ConversionError> {
        let next = self.next()?;
        Ok(fault(next, &format!("mismatched input {} expecting {}", self.shown(next), list(expected))))
    }

    fn no_alternative(&mut self, at: usize) -> Result<ConversionError, ConversionError> {
        let (first, last) = (self.next()?, self.tokens.get(at)?);
        let read = if first.kind == EOF { name_of(EOF).to_owned() } else { self.tokens.joined(self.at, at) };
        Ok(fault(last, &format!("no viable alternative at input '{}'", escaped(&read))))
    }
}

fn fault(at: Token, what: &str) -> ConversionError {
    ConversionError::new(format!("Parse error at line {}, col {}: {what}", at.line, at.column + 1))
}
