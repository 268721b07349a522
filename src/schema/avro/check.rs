//! The compatibility walk: every reason why `reader` can't read what `writer` wrote (Avro spec, "Schema Resolution").
//!
//! It finds what Avro Java's `SchemaCompatibility` finds, in its order and with its paths, which follow from how that class
//! remembers: a pair of nodes is compared once, later visits repeat the first result with the *first* paths, a pair that is
//! still being compared counts as compatible, and a branch tried inside a union has a path of its own. Pairs that can't be met
//! twice, those without a named type, are not remembered here.
//!
//! The stack is explicit: two recursive types of different period give walks far deeper than either text.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::branches::{Branches, LARGE_UNION, promotes};
use super::found::{Found, Rule};
use super::model::{Field, Kind, Model, Named, NodeId, Record};
use super::print;
use super::value;

/// Units of work that a remembered pair costs.
const REMEMBERED: u64 = 8;

/// Why a walk ended early.
pub(super) enum Stop {
    /// The work budget is spent.
    Budget,
    /// The original gives up here and reports nothing else.
    Ambiguous(Box<Found>),
}

/// Entries of a result: a finding of its own, or all of another result.
#[derive(Clone, Copy)]
enum Item {
    Leaf(u32),
    Sub(u32),
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Token {
    Root,
    Items,
    Values,
    FieldType(u32),
    Branch(u32),
}

/// What is left to do for a pair.
#[derive(Clone, Copy)]
enum Job {
    Fields,
    /// The items of an array or the values of a map.
    Inner,
    /// Both are unions: each branch of the writer must be readable.
    Unions,
    /// Only the writer is a union: each branch must be readable.
    WriterUnion,
    /// Only the reader is a union: one branch must read it.
    ReaderUnion,
}

/// A pair being compared.
struct Frame {
    reader: NodeId,
    writer: NodeId,
    token: Token,
    /// The path begins anew here.
    fresh: bool,
    /// Where findings go.
    result: u32,
    /// The key to remember the result by.
    memo: bool,
    /// Only whether there is a finding counts.
    probe: bool,
    job: Job,
    next: u32,
    places: (u32, u32),
}

/// How a pair is reached.
#[derive(Clone, Copy)]
struct Call {
    reader: NodeId,
    writer: NodeId,
    token: Token,
    probe: bool,
    places: (u32, u32),
}

/// A state in the memo.
const IN_PROGRESS: u32 = u32::MAX;

/// Compares. Findings are in the original's order.
pub(super) fn check(reader: &Model, writer: &Model, budget: u64) -> Result<Vec<Found>, Stop> {
    let mut walk = Walk {
        r: reader,
        w: writer,
        budget,
        memo: HashMap::new(),
        results: vec![Vec::new()],
        leaves: Vec::new(),
        stack: Vec::new(),
        failed: false,
        unions: HashMap::new(),
    };
    let places = (reader.node(reader.root).at, writer.node(writer.root).at);
    walk.call(Call { reader: reader.root, writer: writer.root, token: Token::Root, probe: false, places })?;
    while !walk.stack.is_empty() {
        walk.step()?;
    }
    walk.collect()
}

struct Walk<'m> {
    r: &'m Model,
    w: &'m Model,
    budget: u64,
    memo: HashMap<(NodeId, NodeId), u32>,
    results: Vec<Vec<Item>>,
    leaves: Vec<Found>,
    stack: Vec<Frame>,
    /// Whether the pair that was probed last has findings.
    failed: bool,
    unions: HashMap<NodeId, Branches<'m>>,
}

impl<'m> Walk<'m> {
    fn charge(&mut self, units: u64) -> Result<(), Stop> {
        match self.budget.checked_sub(units) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(Stop::Budget),
        }
    }

    /// Begins a pair: answers at once from memory or for leaves, else puts it on the stack.
    fn call(&mut self, call: Call) -> Result<(), Stop> {
        self.charge(1)?;
        let (reader, writer) = (self.r.node(call.reader), self.w.node(call.writer));
        let memo = reader.named().is_some() || writer.named().is_some();
        if memo {
            if let Some(known) = self.memo.get(&(call.reader, call.writer)).copied() {
                let failed = known != IN_PROGRESS && self.results.get(known as usize).is_some_and(|r| !r.is_empty());
                if call.probe {
                    self.failed = failed;
                } else if failed {
                    self.push(self.current(), Item::Sub(known));
                }
                return Ok(());
            }
            // what is remembered takes memory, so it costs more than what is looked at
            self.charge(REMEMBERED)?;
            self.memo.insert((call.reader, call.writer), IN_PROGRESS);
        }
        let result = if memo || call.probe {
            self.results.push(Vec::new());
            u32::try_from(self.results.len() - 1).unwrap_or(u32::MAX)
        } else {
            self.current()
        };
        let fresh = call.probe || self.stack.is_empty();
        let Call { reader, writer, token, probe, places } = call;
        self.stack.push(Frame { reader, writer, token, fresh, result, memo, probe, job: Job::Fields, next: 0, places });
        match self.begin(reader, writer)? {
            Some(job) => {
                if let Some(frame) = self.stack.last_mut() {
                    frame.job = job;
                }
            }
            None => self.end(),
        }
        Ok(())
    }

    fn current(&self) -> u32 {
        self.stack.last().map_or(0, |frame| frame.result)
    }

    fn push(&mut self, result: u32, item: Item) {
        if let Some(result) = self.results.get_mut(result as usize) {
            result.push(item);
        }
    }

    /// Ends the pair on top of the stack.
    fn end(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        let failed = self.results.get(frame.result as usize).is_some_and(|result| !result.is_empty());
        if frame.memo {
            self.memo.insert((frame.reader, frame.writer), frame.result);
        }
        if frame.probe {
            self.failed = failed;
            if !frame.memo && self.results.len() == frame.result as usize + 1 {
                self.results.pop();
            }
        } else if frame.memo && failed {
            // the result of the whole walk is number 0, whether or not its pair is remembered
            self.push(self.current(), Item::Sub(frame.result));
        }
    }

    /// What can be said about a pair at once; the job that remains, if there is one.
    fn begin(&mut self, reader: NodeId, writer: NodeId) -> Result<Option<Job>, Stop> {
        let (r, w) = (self.r.node(reader), self.w.node(writer));
        Ok(match (&r.kind, &w.kind) {
            (Kind::Primitive(r), Kind::Primitive(w)) if promotes(*r, *w) => None,
            (Kind::Array(_), Kind::Array(_)) | (Kind::Map(_), Kind::Map(_)) => Some(Job::Inner),
            (Kind::Fixed(r), Kind::Fixed(w)) => {
                self.names(&r.named, &w.named)?;
                if r.size != w.size {
                    let info = format!("expected: {}, found: {}", w.size, r.size);
                    self.leaf(Rule::FixedSizeMismatch, "/size", info, Some((r.size_at, w.size_at)))?;
                }
                None
            }
            (Kind::Enum(r), Kind::Enum(w)) => {
                self.names(&r.named, &w.named)?;
                self.charge(w.symbols.len() as u64 / 8)?;
                let missing = w.symbols.iter().enumerate().filter(|(at, symbol)| !r.has(symbol, *at));
                let mut missing: Vec<&str> = missing.map(|(_, symbol)| &**symbol).collect();
                if !missing.is_empty() && r.default.is_none() {
                    missing.sort_by(|a, b| value::key_cmp(a, b));
                    let info = format!("[{}]", missing.join(", "));
                    self.leaf(Rule::MissingEnumSymbols, "/symbols", info, Some((r.symbols_at, w.symbols_at)))?;
                }
                None
            }
            (Kind::Record(r), Kind::Record(w)) => {
                self.names(&r.named, &w.named)?;
                Some(Job::Fields)
            }
            (Kind::Union(_), Kind::Union(_)) => Some(Job::Unions),
            (_, Kind::Union(_)) => Some(Job::WriterUnion),
            (Kind::Union(_), _) => Some(Job::ReaderUnion),
            _ => {
                let info = format!("reader type: {} not compatible with writer type: {}", r.type_name(), w.type_name());
                self.leaf(Rule::TypeMismatch, "", info, None)?;
                None
            }
        })
    }

    /// Simple names must agree, or an alias of the reader must be the writer's full name.
    fn names(&mut self, reader: &Named, writer: &Named) -> Result<(), Stop> {
        if reader.name.simple == writer.name.simple {
            return Ok(());
        }
        self.charge(reader.aliases.len() as u64 / 8)?;
        if self.has_alias(reader, writer) {
            return Ok(());
        }
        let info = format!("expected: {}", self.w.full(&writer.name));
        self.leaf(Rule::NameMismatch, "/name", info, Some((reader.name_at, writer.name_at)))
    }

    fn has_alias(&self, reader: &Named, writer: &Named) -> bool {
        let wanted = self.w.space(writer.name.space);
        reader.aliases.iter().any(|alias| {
            // an alias without namespace of a type that has one is never found, see `Schema.getAliases` of Avro Java
            let lost = alias.space == 0 && reader.name.space != 0;
            !lost && alias.simple == writer.name.simple && self.r.space(alias.space) == wanted
        })
    }

    /// Adds a finding to the pair on top of the stack.
    fn leaf(&mut self, rule: Rule, suffix: &str, info: String, places: Option<(u32, u32)>) -> Result<(), Stop> {
        let Some(top) = self.stack.last() else { return Ok(()) };
        let (reader, writer, result) = (top.reader, top.writer, top.result);
        let places = places.unwrap_or(top.places);
        let found = Found { rule, path: self.path(suffix), info, reader, writer, places };
        self.charge(1 + (found.path.len() + found.info.len()) as u64 / 8)?;
        let at = u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
        self.leaves.push(found);
        self.push(result, Item::Leaf(at));
        Ok(())
    }

    /// The path of the pair on top of the stack.
    fn path(&self, suffix: &str) -> String {
        let start = self.stack.iter().rposition(|frame| frame.fresh).unwrap_or(0);
        let mut path = String::new();
        for frame in self.stack.iter().skip(start + 1) {
            match frame.token {
                Token::Root => {}
                Token::Items => path.push_str("/items"),
                Token::Values => path.push_str("/values"),
                Token::FieldType(at) => {
                    let _ = write!(path, "/fields/{at}/type");
                }
                Token::Branch(at) => {
                    let _ = write!(path, "/{at}");
                }
            }
        }
        path.push_str(suffix);
        if path.is_empty() { "/".to_owned() } else { path }
    }

    /// Goes on with the pair on top of the stack.
    fn step(&mut self) -> Result<(), Stop> {
        let Some(top) = self.stack.last_mut() else { return Ok(()) };
        let (reader, writer, job, at) = (top.reader, top.writer, top.job, top.next);
        top.next += 1;
        let (r, w) = (self.r.node(reader), self.w.node(writer));
        match (job, &r.kind, &w.kind) {
            (Job::Fields, Kind::Record(r), Kind::Record(w)) => self.fields(r, w, writer, at),
            (Job::Inner, Kind::Array(r), Kind::Array(w)) if at == 0 => self.inner(*r, *w, Token::Items),
            (Job::Inner, Kind::Map(r), Kind::Map(w)) if at == 0 => self.inner(*r, *w, Token::Values),
            (Job::Unions, Kind::Union(_), Kind::Union(branches)) => {
                if let Some(last) = at.checked_sub(1).and_then(|last| branches.get(last as usize))
                    && std::mem::take(&mut self.failed)
                {
                    let branch = self.w.node(*last);
                    let info = format!("reader union lacking writer type: {}", branch.type_name());
                    self.leaf(Rule::MissingUnionBranch, &format!("/{}", at - 1), info, Some((r.at, branch.at)))?;
                    self.name_branch(*last);
                }
                match branches.get(at as usize) {
                    Some(branch) => self.probe(reader, *branch),
                    None => self.done(),
                }
            }
            (Job::WriterUnion, _, Kind::Union(branches)) => match branches.get(at as usize).copied() {
                Some(branch) => {
                    let places = (r.at, self.w.node(branch).at);
                    self.call(Call { reader, writer: branch, token: Token::Branch(at), probe: false, places })
                }
                None => self.done(),
            },
            (Job::ReaderUnion, Kind::Union(branches), _) => {
                if at > 0 && !std::mem::take(&mut self.failed) {
                    return self.done();
                }
                if let Some(branch) = self.candidate(reader, branches, writer, at as usize) {
                    return self.probe(branch, writer);
                }
                let info = format!("reader union lacking writer type: {}", w.type_name());
                self.leaf(Rule::MissingUnionBranch, "", info, None)?;
                self.done()
            }
            _ => self.done(),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last step of a job reads like the others")]
    fn done(&mut self) -> Result<(), Stop> {
        self.end();
        Ok(())
    }

    fn inner(&mut self, reader: NodeId, writer: NodeId, token: Token) -> Result<(), Stop> {
        let places = (self.r.node(reader).at, self.w.node(writer).at);
        self.call(Call { reader, writer, token, probe: false, places })
    }

    fn probe(&mut self, reader: NodeId, writer: NodeId) -> Result<(), Stop> {
        let places = (self.r.node(reader).at, self.w.node(writer).at);
        self.call(Call { reader, writer, token: Token::Root, probe: true, places })
    }

    /// A finding about a branch speaks of that branch, not of the union.
    fn name_branch(&mut self, branch: NodeId) {
        if let Some(found) = self.leaves.last_mut() {
            found.writer = branch;
        }
    }

    /// The next branch of a reader union to try.
    fn candidate(&mut self, union: NodeId, branches: &'m [NodeId], writer: NodeId, at: usize) -> Option<NodeId> {
        if branches.len() < LARGE_UNION {
            return branches.get(at).copied();
        }
        let model = self.r;
        let large = self.unions.entry(union).or_insert_with(|| Branches::new(model, branches));
        large.candidate(self.w.node(writer).named(), at)
    }

    /// Compares fields from position `at` on until one has to be looked into.
    fn fields(&mut self, r: &'m Record, w: &'m Record, writer: NodeId, at: u32) -> Result<(), Stop> {
        for (at, field) in (at..).zip(r.fields.get(at as usize..).unwrap_or(&[])) {
            self.charge(1)?;
            match self.matching(field, w, writer, at)? {
                Some(other) => {
                    let (inner, outer) = (&self.r.node(field.ty).kind, &self.w.node(other.ty).kind);
                    let same = matches!((inner, outer), (Kind::Primitive(a), Kind::Primitive(b)) if promotes(*a, *b));
                    if !same {
                        self.resume_at(at + 1);
                        let places = (field.at, other.at);
                        let token = Token::FieldType(at);
                        return self.call(Call { reader: field.ty, writer: other.ty, token, probe: false, places });
                    }
                }
                None if field.default.is_some() => {}
                None => {
                    let places = self.stack.last().map_or((field.at, field.at), |top| (field.at, self.w.node(top.writer).at));
                    if matches!(&self.r.node(field.ty).kind, Kind::Enum(e) if e.default.is_some()) {
                        // the original then compares the enum with the writer's record
                        self.resume_at(at + 1);
                        let token = Token::FieldType(at);
                        return self.call(Call { reader: field.ty, writer, token, probe: false, places });
                    }
                    let suffix = format!("/fields/{at}");
                    self.leaf(Rule::ReaderFieldMissingDefaultValue, &suffix, field.name.to_string(), Some(places))?;
                }
            }
        }
        self.done()
    }

    fn resume_at(&mut self, at: u32) {
        if let Some(top) = self.stack.last_mut() {
            top.next = at;
        }
    }

    /// The writer's field of the same name or named by an alias. There must not be several.
    fn matching(&mut self, field: &Field, w: &'m Record, writer: NodeId, at: u32) -> Result<Option<&'m Field>, Stop> {
        let hint = at as usize;
        if field.aliases.is_empty() {
            return Ok(w.find(&field.name, hint).and_then(|found| w.fields.get(found)));
        }
        self.charge(field.aliases.len() as u64)?;
        let names = std::iter::once(&field.name).chain(&field.aliases);
        let mut matches = names.filter_map(|name| w.find(name, hint));
        let first = matches.next().and_then(|found| w.fields.get(found));
        if matches.next().is_none() {
            return Ok(first);
        }
        let ty = self.r.node(field.ty).type_name();
        let info = format!(
            "Reader record field {} type:{ty} pos:{at} matches multiple fields in writer record schema {}",
            field.name,
            print::excerpt(self.w, writer)
        );
        let path = self.path(&format!("/fields/{at}"));
        let places = (field.at, self.w.node(writer).at);
        Err(Stop::Ambiguous(Box::new(Found { rule: Rule::AmbiguousField, path, info, reader: field.ty, writer, places })))
    }

    /// Spells out the result of the whole walk. Shared results multiply, hence the charge.
    fn collect(mut self) -> Result<Vec<Found>, Stop> {
        let mut found = Vec::new();
        let mut todo = vec![(0_u32, 0_usize)];
        while let Some((result, at)) = todo.pop() {
            let item = self.results.get(result as usize).and_then(|items| items.get(at)).copied();
            let Some(item) = item else { continue };
            todo.push((result, at + 1));
            match item {
                Item::Sub(inner) => {
                    self.charge(1)?;
                    todo.push((inner, 0));
                }
                Item::Leaf(leaf) => {
                    let Some(leaf) = self.leaves.get(leaf as usize).cloned() else { continue };
                    self.charge(leaf.cost())?;
                    found.push(leaf);
                }
            }
        }
        Ok(found)
    }
}
