//! Walks the pairs of types that a reader and a writer have in the same place, and collects what the `rules` find.
//!
//! It finds what `SchemaCompatibility` of Avro's Java library finds, in its order and with its paths, which follow from how that
//! class remembers: a pair of nodes is compared once, later visits repeat the first result with the *first* paths, a pair that
//! is still being compared counts as compatible, and a branch tried inside a union has a path of its own. Pairs that can't be
//! met twice, those without a named type, are not remembered here.
//!
//! The stack is explicit: two recursive types of different period give walks far deeper than either text.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::incompatibility::{Incompatibility, IncompatibilityType};
use super::union_index::UnionIndex;
use crate::schema::avro::model::{Model, NodeId, NodeKind};
use crate::schema::meter::{self, Exhausted};

/// Units of work that a remembered pair costs.
const REMEMBERED: u64 = 8;
/// Bytes that it takes: its place in the map, and its list of results.
const REMEMBERED_BYTES: usize = 80;
/// Bytes that the sentences about an incompatibility take.
const EXPLANATION: usize = 600;

pub(super) enum Stop {
    Budget,
    /// Avro's Java library gives up here, and reports nothing else.
    Ambiguous(Box<Incompatibility>),
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Self {
        Self::Budget
    }
}

/// A part of a result: an incompatibility of its own, or all of another result.
#[derive(Clone, Copy)]
enum ResultItem {
    Incompatibility(u32),
    Result(u32),
}

#[derive(Clone, Copy)]
pub(super) enum PathStep {
    Root,
    Items,
    Values,
    FieldType(u32),
    Branch(u32),
}

/// What is left to do for a pair; the rules are in `rules`.
#[derive(Clone, Copy)]
pub(super) enum Job {
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
pub(super) struct Frame {
    pub(super) reader: NodeId,
    pub(super) writer: NodeId,
    pub(super) step: PathStep,
    /// Paths start anew here.
    pub(super) fresh: bool,
    /// Where findings go.
    pub(super) result: u32,
    /// The result is remembered.
    pub(super) memo: bool,
    /// The pair is a branch that is being tried: only whether it is incompatible counts.
    pub(super) probe: bool,
    pub(super) job: Job,
    pub(super) next: u32,
    pub(super) places: (u32, u32),
}

/// A pair to compare, and how it was reached.
#[derive(Clone, Copy)]
pub(super) struct PairCall {
    pub(super) reader: NodeId,
    pub(super) writer: NodeId,
    pub(super) step: PathStep,
    pub(super) probe: bool,
    pub(super) places: (u32, u32),
}

const IN_PROGRESS: u32 = u32::MAX;

/// Incompatibilities that are listed.
const MAX_LISTED: usize = 5_000;

/// Compares two schemas; the order is that of Avro's Java library.
pub(super) fn check(reader: &Model, writer: &Model) -> Result<Vec<Incompatibility>, Stop> {
    let mut checker = Comparison {
        reader,
        writer,
        memo: HashMap::new(),
        results: vec![Vec::new()],
        incompatibilities: Vec::new(),
        stack: Vec::new(),
        failed: false,
        unions: HashMap::new(),
    };
    let places = (reader.node(reader.root).at, writer.node(writer.root).at);
    checker.call(PairCall { reader: reader.root, writer: writer.root, step: PathStep::Root, probe: false, places })?;
    while !checker.stack.is_empty() {
        checker.step()?;
    }
    checker.collect()
}

pub(super) struct Comparison<'m> {
    pub(super) reader: &'m Model,
    pub(super) writer: &'m Model,
    memo: HashMap<(NodeId, NodeId), u32>,
    results: Vec<Vec<ResultItem>>,
    pub(super) incompatibilities: Vec<Incompatibility>,
    pub(super) stack: Vec<Frame>,
    /// Whether the branch that was tried last is incompatible.
    pub(super) failed: bool,
    pub(super) unions: HashMap<NodeId, UnionIndex<'m>>,
}

impl Comparison<'_> {
    /// Begins a pair: it is answered from memory, or pushed and checked as far as possible.
    pub(super) fn call(&mut self, call: PairCall) -> Result<(), Stop> {
        meter::charge(1)?;
        let (reader, writer) = (self.reader.node(call.reader), self.writer.node(call.writer));
        let memo = reader.named().is_some() || writer.named().is_some();
        if memo {
            if let Some(known) = self.memo.get(&(call.reader, call.writer)).copied() {
                let failed = known != IN_PROGRESS && self.results.get(known as usize).is_some_and(|r| !r.is_empty());
                if call.probe {
                    self.failed = failed;
                } else if failed {
                    self.push(self.current(), ResultItem::Result(known));
                }
                return Ok(());
            }
            meter::charge(REMEMBERED)?;
            meter::reserve(REMEMBERED_BYTES)?;
            self.memo.insert((call.reader, call.writer), IN_PROGRESS);
        }
        let result = if memo || call.probe {
            self.results.push(Vec::new());
            u32::try_from(self.results.len() - 1).unwrap_or(u32::MAX)
        } else {
            self.current()
        };
        let fresh = call.probe || self.stack.is_empty();
        let PairCall { reader, writer, step, probe, places } = call;
        self.stack.push(Frame { reader, writer, step, fresh, result, memo, probe, job: Job::Fields, next: 0, places });
        match self.check_pair(reader, writer)? {
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

    fn push(&mut self, result: u32, item: ResultItem) {
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
            // results below are part of the one above; the result of the whole walk is number 0
            self.push(self.current(), ResultItem::Result(frame.result));
        }
    }

    /// Adds an incompatibility of the pair on top of the stack.
    pub(super) fn report(
        &mut self,
        kind: IncompatibilityType,
        suffix: &str,
        info: String,
        places: Option<(u32, u32)>,
    ) -> Result<(), Stop> {
        let Some(top) = self.stack.last() else { return Ok(()) };
        let (reader, writer, result) = (top.reader, top.writer, top.result);
        let places = places.unwrap_or(top.places);
        let one = Incompatibility { kind, path: self.path(suffix), info, reader, writer, places };
        meter::charge(1 + (one.path.len() + one.info.len()) as u64 / 8)?;
        meter::reserve(size_of::<Incompatibility>() + one.path.len() + one.info.len())?;
        let at = u32::try_from(self.incompatibilities.len()).unwrap_or(u32::MAX);
        self.incompatibilities.push(one);
        self.push(result, ResultItem::Incompatibility(at));
        Ok(())
    }

    /// The path of the pair on top of the stack.
    pub(super) fn path(&self, suffix: &str) -> String {
        let start = self.stack.iter().rposition(|frame| frame.fresh).unwrap_or(0);
        let mut path = String::new();
        for frame in self.stack.iter().skip(start + 1) {
            match frame.step {
                PathStep::Root => {}
                PathStep::Items => path.push_str("/items"),
                PathStep::Values => path.push_str("/values"),
                PathStep::FieldType(at) => {
                    let _ = write!(path, "/fields/{at}/type");
                }
                PathStep::Branch(at) => {
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
        let (pair, job, at) = ((top.reader, top.writer), top.job, top.next);
        top.next += 1;
        let (r, w) = (self.reader.node(pair.0), self.writer.node(pair.1));
        match (job, &r.kind, &w.kind) {
            (Job::Fields, NodeKind::Record(r), NodeKind::Record(w)) => self.check_record_fields(r, w, pair.1, at),
            (Job::Inner, NodeKind::Array(r), NodeKind::Array(w)) if at == 0 => self.inner(*r, *w, PathStep::Items),
            (Job::Inner, NodeKind::Map(r), NodeKind::Map(w)) if at == 0 => self.inner(*r, *w, PathStep::Values),
            (Job::Unions, NodeKind::Union(_), NodeKind::Union(branches)) => self.check_branch_of_unions(pair, branches, at),
            (Job::WriterUnion, _, NodeKind::Union(branches)) => self.check_branch_of_writer_union(pair, branches, at),
            (Job::ReaderUnion, NodeKind::Union(branches), _) => self.check_branch_of_reader_union(pair, branches, at),
            _ => self.done(),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last step of a job reads like the others")]
    pub(super) fn done(&mut self) -> Result<(), Stop> {
        self.end();
        Ok(())
    }

    pub(super) fn inner(&mut self, reader: NodeId, writer: NodeId, step: PathStep) -> Result<(), Stop> {
        let places = (self.reader.node(reader).at, self.writer.node(writer).at);
        self.call(PairCall { reader, writer, step, probe: false, places })
    }

    pub(super) fn probe(&mut self, reader: NodeId, writer: NodeId) -> Result<(), Stop> {
        let places = (self.reader.node(reader).at, self.writer.node(writer).at);
        self.call(PairCall { reader, writer, step: PathStep::Root, probe: true, places })
    }

    pub(super) fn resume_at(&mut self, at: u32) {
        if let Some(top) = self.stack.last_mut() {
            top.next = at;
        }
    }

    /// Lists the result of the whole walk. Shared results are listed again wherever they occur, hence the charge, and the end of the
    /// list where nobody would read on.
    fn collect(self) -> Result<Vec<Incompatibility>, Stop> {
        let mut all = Vec::new();
        let mut todo = vec![(0_u32, 0_usize)];
        while let Some((result, at)) = todo.pop() {
            if all.len() >= MAX_LISTED {
                break;
            }
            let item = self.results.get(result as usize).and_then(|items| items.get(at)).copied();
            let Some(item) = item else { continue };
            todo.push((result, at + 1));
            match item {
                ResultItem::Result(inner) => {
                    meter::charge(1)?;
                    todo.push((inner, 0));
                }
                ResultItem::Incompatibility(at) => {
                    let Some(one) = self.incompatibilities.get(at as usize).cloned() else { continue };
                    meter::charge(one.cost())?;
                    meter::reserve(size_of::<Incompatibility>() + one.path.len() + one.info.len() + EXPLANATION)?;
                    all.push(one);
                }
            }
        }
        Ok(all)
    }
}
