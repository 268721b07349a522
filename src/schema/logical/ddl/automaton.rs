//! The automaton that rules make: states, and the tokens or rules that lead from one to the next.

use super::token::{EOF, KindSet, bit};

/// A rule's body as it is written.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// One of these tokens.
    Token(KindSet),
    Rule(usize),
    /// Alternatives, each a sequence.
    Choice(Vec<Vec<Expression>>),
    Optional(Box<Expression>),
    Star(Box<Expression>),
    Plus(Box<Expression>),
    /// The alternative goes on with what stands before it. Parser generators choose such alternatives by looking ahead, however
    /// plain the choice is.
    Continued,
}

pub(super) type StateId = u32;

/// What a state is, as far as faults are told differently there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateKind {
    Basic,
    /// Before a choice, or a loop.
    Before,
    /// After a turn of a loop.
    After,
    /// At the end of a rule.
    End,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Transition {
    Nothing(StateId),
    /// Nothing either, but see [`Expression::Continued`].
    Continued(StateId),
    Token(KindSet, StateId),
    /// A rule, and the state behind it.
    Rule(usize, StateId),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) kind: StateKind,
    pub(super) rule: usize,
    pub(super) edges: Vec<Transition>,
    /// The tokens that may come next within the rule, with [`END_OF_RULE`].
    pub(super) first: KindSet,
}

/// In a set of tokens: the rule may end here.
pub(super) const END_OF_RULE: KindSet = 1 << 127;
/// In a set of tokens: there is a [`Expression::Continued`] before them.
const CONTINUED: KindSet = 1 << 126;

/// How an alternative is chosen.
#[derive(Debug)]
pub(super) enum Choose {
    /// By the next token: the set of each alternative.
    ByToken(Vec<KindSet>),
    /// By as many tokens as it takes.
    ByLookingAhead,
}

/// A body as it is walked.
#[derive(Debug)]
pub(super) enum Element {
    Token {
        state: StateId,
        set: KindSet,
    },
    Rule {
        state: StateId,
        rule: usize,
    },
    Choice {
        state: StateId,
        choose: Choose,
        alternatives: Vec<Vec<Element>>,
    },
    /// Chooses among the body and nothing.
    Optional {
        state: StateId,
        choose: Choose,
        alternatives: Vec<Vec<Element>>,
    },
    Star {
        entry: StateId,
        back: StateId,
        choose: Choose,
        body: Vec<Element>,
    },
    Plus {
        start: StateId,
        back: StateId,
        choose: Choose,
        body: Vec<Element>,
    },
}

#[derive(Debug)]
pub(super) struct GrammarRule {
    pub(super) start: StateId,
    pub(super) end: StateId,
    pub(super) body: Vec<Element>,
    /// The states behind its uses.
    pub(super) follow: Vec<StateId>,
}

#[derive(Debug)]
pub(super) struct Automaton {
    pub(super) states: Vec<State>,
    pub(super) rules: Vec<GrammarRule>,
}

impl Automaton {
    pub(super) fn new(bodies: &[Expression]) -> Self {
        let mut automaton = Self { states: Vec::new(), rules: Vec::new() };
        for rule in 0..bodies.len() {
            let start = automaton.add(StateKind::Basic, rule);
            let end = automaton.add(StateKind::End, rule);
            automaton.rules.push(GrammarRule { start, end, body: Vec::new(), follow: Vec::new() });
        }
        for (at, body) in bodies.iter().enumerate() {
            let Some((start, end)) = automaton.rules.get(at).map(|rule| (rule.start, rule.end)) else { continue };
            let (elements, first) = automaton.sequence(at, std::slice::from_ref(body), end);
            automaton.connect(start, Transition::Nothing(first));
            if let Some(rule) = automaton.rules.get_mut(at) {
                rule.body = elements;
            }
        }
        automaton.find_first();
        let follow = automaton.find_follow();
        for at in 0..automaton.rules.len() {
            let mut body = automaton.rules.get_mut(at).map(|rule| std::mem::take(&mut rule.body)).unwrap_or_default();
            automaton.choose(&mut body, &follow);
            if let Some(rule) = automaton.rules.get_mut(at) {
                rule.body = body;
            }
        }
        for state in &mut automaton.states {
            state.first &= !CONTINUED;
        }
        automaton
    }

    pub(super) fn state(&self, id: StateId) -> Option<&State> {
        self.states.get(usize::try_from(id).ok()?)
    }

    /// The tokens that may come next within the rule, with [`END_OF_RULE`].
    pub(super) fn first(&self, id: StateId) -> KindSet {
        self.state(id).map_or(0, |state| state.first)
    }

    /// The tokens that may come next, where these are the states behind the rules that are being read, innermost last.
    pub(super) fn expected(&self, id: StateId, stack: &[StateId]) -> KindSet {
        let mut expected = self.first(id);
        for follow in stack.iter().rev() {
            if expected & END_OF_RULE == 0 {
                return expected;
            }
            expected = (expected & !END_OF_RULE) | self.first(*follow);
        }
        if expected & END_OF_RULE == 0 { expected } else { (expected & !END_OF_RULE) | bit(EOF) }
    }

    fn add(&mut self, kind: StateKind, rule: usize) -> StateId {
        self.states.push(State { kind, rule, edges: Vec::new(), first: 0 });
        StateId::try_from(self.states.len() - 1).unwrap_or(StateId::MAX)
    }

    fn connect(&mut self, from: StateId, edge: Transition) {
        if let Some(state) = usize::try_from(from).ok().and_then(|at| self.states.get_mut(at)) {
            state.edges.push(edge);
        }
    }

    /// Makes the states of a sequence that goes on at `next`; gives its elements and its first state.
    fn sequence(&mut self, rule: usize, sequence: &[Expression], next: StateId) -> (Vec<Element>, StateId) {
        let (mut elements, mut next) = (Vec::new(), next);
        for expression in sequence.iter().rev() {
            let (element, first) = self.expression(rule, expression, next);
            elements.extend(element);
            next = first;
        }
        elements.reverse();
        (elements, next)
    }

    fn expression(&mut self, rule: usize, expression: &Expression, next: StateId) -> (Option<Element>, StateId) {
        // how each is chosen is found when all states are there
        let choose = Choose::ByLookingAhead;
        match expression {
            Expression::Token(set) => {
                let state = self.add(StateKind::Basic, rule);
                self.connect(state, Transition::Token(*set, next));
                (Some(Element::Token { state, set: *set }), state)
            }
            Expression::Rule(used) => {
                let state = self.add(StateKind::Basic, rule);
                self.connect(state, Transition::Rule(*used, next));
                if let Some(used) = self.rules.get_mut(*used) {
                    used.follow.push(next);
                }
                (Some(Element::Rule { state, rule: *used }), state)
            }
            Expression::Continued => {
                let state = self.add(StateKind::Basic, rule);
                self.connect(state, Transition::Continued(next));
                (None, state)
            }
            Expression::Choice(alternatives) if alternatives.len() == 1 => {
                let only = alternatives.first().map_or(&[][..], Vec::as_slice);
                let (elements, first) = self.sequence(rule, only, next);
                // one alternative is no choice: its elements are those of the sequence it stands in
                let whole =
                    Element::Choice { state: first, choose: Choose::ByToken(vec![KindSet::MAX]), alternatives: vec![elements] };
                (Some(whole), first)
            }
            Expression::Choice(alternatives) => {
                let state = self.add(StateKind::Before, rule);
                let alternatives = self.alternatives(rule, alternatives, state, next);
                (Some(Element::Choice { state, choose, alternatives }), state)
            }
            Expression::Optional(body) => {
                let state = self.add(StateKind::Before, rule);
                let alternatives = match &**body {
                    Expression::Choice(alternatives) => self.alternatives(rule, alternatives, state, next),
                    other => self.alternatives(rule, &[vec![other.clone()]], state, next),
                };
                self.connect(state, Transition::Nothing(next));
                (Some(Element::Optional { state, choose, alternatives }), state)
            }
            Expression::Star(body) => {
                let (entry, back) = (self.add(StateKind::Before, rule), self.add(StateKind::After, rule));
                self.connect(back, Transition::Nothing(entry));
                let (body, first) = self.sequence(rule, std::slice::from_ref(&**body), back);
                self.connect(entry, Transition::Nothing(first));
                self.connect(entry, Transition::Nothing(next));
                (Some(Element::Star { entry, back, choose, body }), entry)
            }
            Expression::Plus(body) => {
                let (start, back) = (self.add(StateKind::Before, rule), self.add(StateKind::After, rule));
                let (body, first) = self.sequence(rule, std::slice::from_ref(&**body), back);
                self.connect(start, Transition::Nothing(first));
                self.connect(back, Transition::Nothing(start));
                self.connect(back, Transition::Nothing(next));
                (Some(Element::Plus { start, back, choose, body }), start)
            }
        }
    }

    fn alternatives(
        &mut self,
        rule: usize,
        alternatives: &[Vec<Expression>],
        state: StateId,
        next: StateId,
    ) -> Vec<Vec<Element>> {
        let mut made = Vec::new();
        for alternative in alternatives {
            // each ends at a state of its own, so that alternatives that are alike at their ends are not yet one there
            let end = self.add(StateKind::Basic, rule);
            self.connect(end, Transition::Nothing(next));
            let (elements, first) = self.sequence(rule, alternative, end);
            self.connect(state, Transition::Nothing(first));
            made.push(elements);
        }
        made
    }

    /// Finds what may come first at each state: again and again, until nothing new comes.
    fn find_first(&mut self) {
        loop {
            let mut changed = false;
            for at in 0..self.states.len() {
                let Some(state) = self.states.get(at) else { continue };
                let mut first = if state.kind == StateKind::End { END_OF_RULE } else { state.first };
                for edge in &state.edges {
                    first |= match *edge {
                        Transition::Nothing(next) => self.first(next),
                        Transition::Continued(next) => self.first(next) | CONTINUED,
                        Transition::Token(set, _) => set,
                        Transition::Rule(rule, next) => {
                            let own = self.rules.get(rule).map_or(0, |rule| self.first(rule.start));
                            if own & END_OF_RULE == 0 { own } else { (own & !END_OF_RULE) | self.first(next) }
                        }
                    };
                }
                if let Some(state) = self.states.get_mut(at)
                    && state.first != first
                {
                    (state.first, changed) = (first, true);
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// What may come behind each rule, wherever it is used.
    fn find_follow(&self) -> Vec<KindSet> {
        let mut follow: Vec<KindSet> = vec![0; self.rules.len()];
        loop {
            let before = follow.clone();
            for (at, rule) in self.rules.iter().enumerate() {
                for next in &rule.follow {
                    let mut set = self.first(*next);
                    if set & END_OF_RULE != 0 {
                        let outer = self.state(*next).and_then(|state| before.get(state.rule)).copied().unwrap_or(0);
                        set = (set & !END_OF_RULE) | outer;
                    }
                    if let Some(own) = follow.get_mut(at) {
                        *own |= set;
                    }
                }
            }
            if follow == before {
                return follow;
            }
        }
    }

    /// Chooses by the next token where that is enough.
    fn choose(&self, elements: &mut [Element], follow: &[KindSet]) {
        for element in elements {
            let (state, choose) = match element {
                Element::Token { .. } | Element::Rule { .. } => continue,
                Element::Choice { state, choose, alternatives } | Element::Optional { state, choose, alternatives } => {
                    for alternative in alternatives {
                        self.choose(alternative, follow);
                    }
                    (*state, choose)
                }
                Element::Star { entry: state, choose, body, .. } | Element::Plus { back: state, choose, body, .. } => {
                    self.choose(body, follow);
                    (*state, choose)
                }
            };
            if matches!(choose, Choose::ByToken(_)) {
                continue;
            }
            let Some(state) = self.state(state) else { continue };
            let behind = follow.get(state.rule).copied().unwrap_or(0);
            let mut sets = Vec::new();
            for edge in &state.edges {
                let Transition::Nothing(next) = edge else { continue };
                let first = self.first(*next);
                sets.push(if first & END_OF_RULE == 0 { first } else { (first & !END_OF_RULE) | behind });
            }
            let mut all: KindSet = 0;
            let disjoint = sets.iter().all(|set| {
                let apart = set & (CONTINUED | all) == 0 && *set != 0;
                all |= set;
                apart
            });
            if disjoint {
                *choose = Choose::ByToken(sets);
            }
        }
    }
}
