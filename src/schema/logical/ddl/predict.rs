//! Chooses among alternatives by looking ahead as far as it takes.
//!
//! All alternatives are followed at once, token by token, until only one is left. At first what stands around the rule is not
//! asked (`Around::Anything`): a rule that ends may go on wherever it is used. Where that leaves several alternatives that nothing
//! would tell apart, the rules that are being read are followed too (`Around::Rules`), and of those that are then left the first
//! is taken.

use std::collections::{HashMap, HashSet};

use super::automaton::{StateId, StateKind, Transition};
use super::grammar::AUTOMATON;
use super::token::{EOF, TokenKind, TokenStream, bit};
use crate::schema::logical::error::ConversionError;
use crate::schema::meter;

/// Where a rule goes on at its end: a chain of states, shared by all that begin alike.
type StateChain = usize;
const NOWHERE: StateChain = 0;

/// A place that an alternative has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Configuration {
    alternative: usize,
    state: StateId,
    chain: StateChain,
    /// It has left the rule in which the choice is.
    is_outside: bool,
}

impl Configuration {
    fn is_at_end(&self) -> bool {
        self.chain == NOWHERE && AUTOMATON.state(self.state).is_some_and(|state| state.kind == StateKind::End)
    }
}

#[derive(Debug, Clone, Copy)]
enum Around<'s> {
    Anything,
    Rules(&'s [StateId]),
}

/// What came of looking ahead.
#[derive(Debug)]
pub(super) enum Predicted {
    Alternative(usize),
    /// Nothing fits; the token at this index is the first that doesn't.
    Nothing(usize),
}

#[derive(Debug, Default)]
struct Chains {
    links: Vec<(StateChain, StateId)>,
    known: HashMap<(StateChain, StateId), StateChain>,
}

impl Chains {
    fn longer(&mut self, chain: StateChain, state: StateId) -> StateChain {
        let links = &mut self.links;
        *self.known.entry((chain, state)).or_insert_with(|| {
            links.push((chain, state));
            links.len()
        })
    }

    fn split(&self, chain: StateChain) -> Option<(StateChain, StateId)> {
        self.links.get(chain.checked_sub(1)?).copied()
    }
}

/// Chooses among the alternatives that leave `state`, where the next token is the one at `index`.
///
/// # Errors
/// There is no token where one was looked for, or the work runs out.
pub(super) fn predict(
    state: StateId,
    index: usize,
    tokens: &mut TokenStream<'_>,
    stack: &[StateId],
) -> Result<Predicted, ConversionError> {
    if let Some(predicted) = Prediction::new(Around::Anything).run(state, index, tokens)? {
        return Ok(predicted);
    }
    let predicted = Prediction::new(Around::Rules(stack)).run(state, index, tokens)?;
    Ok(predicted.unwrap_or(Predicted::Nothing(index)))
}

struct Prediction<'s> {
    around: Around<'s>,
    chains: Chains,
}

impl<'s> Prediction<'s> {
    fn new(around: Around<'s>) -> Self {
        Self { around, chains: Chains::default() }
    }

    /// `None`: alternatives are left that nothing would tell apart.
    fn run(&mut self, state: StateId, index: usize, tokens: &mut TokenStream<'_>) -> Result<Option<Predicted>, ConversionError> {
        let mut chain = NOWHERE;
        if let Around::Rules(stack) = self.around {
            for state in stack {
                chain = self.chains.longer(chain, *state);
            }
        }
        let mut places = Vec::new();
        let edges = AUTOMATON.state(state).map_or(&[][..], |state| &state.edges);
        let mut seen = HashSet::new();
        for (alternative, edge) in edges.iter().enumerate() {
            if let Transition::Nothing(next) | Transition::Continued(next) = *edge {
                let place = Configuration { alternative, state: next, chain, is_outside: false };
                self.close(place, &mut places, &mut seen)?;
            }
        }
        let mut at = index;
        loop {
            let kind = tokens.get(at)?.kind;
            let reached = self.step(&places, kind)?;
            if reached.is_empty() {
                // an alternative that was read to its end will do: what follows is another rule's fault
                let complete = places.iter().filter(|place| place.is_outside || place.is_at_end());
                let first = complete.map(|place| place.alternative).min();
                return Ok(Some(first.map_or(Predicted::Nothing(at), Predicted::Alternative)));
            }
            places = reached;
            let first = places.iter().map(|place| place.alternative).min().unwrap_or(0);
            if places.iter().all(|place| place.alternative == first) {
                return Ok(Some(Predicted::Alternative(first)));
            }
            match self.around {
                Around::Anything if self.is_conflict(&places) => return Ok(None),
                Around::Rules(_) => {
                    if let Some(alternative) = self.resolved(&places) {
                        return Ok(Some(Predicted::Alternative(alternative)));
                    }
                }
                Around::Anything => {}
            }
            if kind == EOF {
                return Ok(Some(Predicted::Alternative(first)));
            }
            at += 1;
        }
    }

    /// The places that a token leads to.
    fn step(&mut self, places: &[Configuration], kind: TokenKind) -> Result<Vec<Configuration>, ConversionError> {
        let (mut reached, mut seen) = (Vec::new(), HashSet::new());
        for place in places {
            let edges = AUTOMATON.state(place.state).map_or(&[][..], |state| &state.edges);
            for edge in edges {
                if let Transition::Token(set, next) = *edge
                    && set & bit(kind) != 0
                {
                    self.close(Configuration { state: next, ..*place }, &mut reached, &mut seen)?;
                }
            }
        }
        Ok(reached)
    }

    /// Adds a place and all that it leads to without a token.
    fn close(
        &mut self,
        place: Configuration,
        places: &mut Vec<Configuration>,
        seen: &mut HashSet<Configuration>,
    ) -> Result<(), ConversionError> {
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            meter::charge(2)?;
            if !seen.insert(place) {
                continue;
            }
            let Some(state) = AUTOMATON.state(place.state) else { continue };
            if state.kind == StateKind::End {
                if let Some((chain, state)) = self.chains.split(place.chain) {
                    open.push(Configuration { state, chain, ..place });
                    continue;
                }
                let follow = AUTOMATON.rules.get(state.rule).map_or(&[][..], |rule| &rule.follow);
                if follow.is_empty() || matches!(self.around, Around::Rules(_)) {
                    places.push(place);
                    continue;
                }
                let outside = |state: &StateId| Configuration { state: *state, is_outside: true, ..place };
                open.extend(follow.iter().rev().map(outside));
                continue;
            }
            let mut has_token = false;
            for edge in state.edges.iter().rev() {
                match *edge {
                    Transition::Token(..) => has_token = true,
                    Transition::Nothing(next) | Transition::Continued(next) => open.push(Configuration { state: next, ..place }),
                    Transition::Rule(rule, next) => {
                        if let Some(rule) = AUTOMATON.rules.get(rule) {
                            let chain = self.chains.longer(place.chain, next);
                            open.push(Configuration { state: rule.start, chain, ..place });
                        }
                    }
                }
            }
            if has_token {
                places.push(place);
            }
        }
        Ok(())
    }

    /// The alternatives at each state with the same ways on.
    fn subsets(&self, places: &[Configuration]) -> Vec<(StateId, Vec<usize>)> {
        let mut ways: HashMap<(StateId, usize), Vec<StateChain>> = HashMap::new();
        for place in places {
            ways.entry((place.state, place.alternative)).or_default().push(place.chain);
        }
        let mut subsets: HashMap<(StateId, Vec<StateChain>), Vec<usize>> = HashMap::new();
        for ((state, alternative), mut chains) in ways {
            chains.sort_unstable();
            chains.dedup();
            // anything may follow, so what may follow beside it adds nothing
            if matches!(self.around, Around::Anything) && chains.first() == Some(&NOWHERE) {
                chains.truncate(1);
            }
            subsets.entry((state, chains)).or_default().push(alternative);
        }
        subsets.into_iter().map(|((state, _), alternatives)| (state, alternatives)).collect()
    }

    /// Whether looking further would not help, as long as nobody asks what stands around.
    fn is_conflict(&self, places: &[Configuration]) -> bool {
        if places.iter().all(|place| AUTOMATON.state(place.state).is_some_and(|state| state.kind == StateKind::End)) {
            return true;
        }
        let conflict = self.subsets(places).iter().any(|(_, alternatives)| alternatives.len() > 1);
        let mut at_state: HashMap<StateId, HashSet<usize>> = HashMap::new();
        for place in places {
            at_state.entry(place.state).or_default().insert(place.alternative);
        }
        conflict && at_state.values().all(|alternatives| alternatives.len() > 1)
    }

    /// The alternative that is the first one everywhere.
    fn resolved(&self, places: &[Configuration]) -> Option<usize> {
        let subsets = self.subsets(places);
        let mut firsts = subsets.iter().filter_map(|(_, alternatives)| alternatives.iter().min().copied());
        let first = firsts.next()?;
        firsts.all(|other| other == first).then_some(first)
    }
}
