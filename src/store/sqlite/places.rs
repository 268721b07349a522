//! How many subjects and versions that are not soft-deleted come before a subject in the list of all, so that a page that begins far behind
//! is found without counting up to it.
//!
//! Subjects are divided into blocks by name. How much a block has is counted when somebody asks, and kept until something is registered in
//! it. This process alone writes the file, so it knows when that is.

use std::sync::{Mutex, PoisonError};

use super::sql::lists;
use super::{Conn, StoreError, SubjectFilter};
use crate::types::{DEFAULT_CONTEXT, Subject};

/// Subjects of a block when blocks are made.
const SUBJECTS: i64 = 1024;
/// Registrations for each subject after which new blocks are made.
const GROWTH: i64 = 8;
/// Blocks that are counted again as they are; where there would be more of them, all are made anew.
const COUNTED_ALONE: usize = 16;

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Listed {
    Subjects,
    Versions,
}

#[derive(Debug, Clone)]
struct Block {
    /// The name from which on subjects are in it, up to where the next block begins.
    begin: String,
    subjects: i64,
    versions: i64,
    /// Registrations in it, and how many of them these numbers know; `None` where they were not counted yet.
    touched: u64,
    counted: Option<u64>,
}

impl Block {
    fn size(&self, of: Listed) -> i64 {
        match of {
            Listed::Subjects => self.subjects,
            Listed::Versions => self.versions,
        }
    }
}

#[derive(Debug, Default)]
struct Divided {
    /// Deletions and imports are no registrations, and begin a generation.
    generation: i64,
    blocks: Vec<Block>,
    /// Registrations since the blocks were made.
    registered: i64,
    /// How many are making blocks just now, and what has been registered since the first of them began.
    making: usize,
    meanwhile: Vec<String>,
}

/// As long as it is held, registrations are noted, for they may come too late to be in the blocks that are being made.
struct BlocksInMaking<'p> {
    places: &'p VersionPlaces,
    noted_before: usize,
}

impl BlocksInMaking<'_> {
    /// Puts blocks in place that were just counted, and notes in which of them something has been registered meanwhile.
    fn done(self, blocks: &[Block], generation: i64) {
        let mut known = self.places.blocks();
        if known.generation != generation {
            return;
        }
        let meanwhile = known.meanwhile.get(self.noted_before..).unwrap_or_default().to_vec();
        (known.blocks, known.registered) = (blocks.to_vec(), 0);
        for name in &meanwhile {
            known.touch(name);
        }
    }
}

impl Drop for BlocksInMaking<'_> {
    fn drop(&mut self) {
        let mut known = self.places.blocks();
        known.making -= 1;
        if known.making == 0 {
            known.meanwhile = Vec::new();
        }
    }
}

impl Divided {
    fn touch(&mut self, name: &str) {
        self.registered += 1;
        let at = self.blocks.partition_point(|block| block.begin.as_str() <= name).saturating_sub(1);
        if let Some(block) = self.blocks.get_mut(at) {
            block.touched += 1;
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct VersionPlaces(Mutex<Divided>);

impl VersionPlaces {
    fn blocks(&self) -> std::sync::MutexGuard<'_, Divided> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something may have been registered under a subject: after the commit, and before anybody is told of it.
    pub(super) fn touch(&self, subject: &Subject) {
        let mut known = self.blocks();
        if known.blocks.is_empty() && known.making == 0 {
            return;
        }
        let name = subject.qualified();
        known.touch(&name);
        if known.making > 0 {
            known.meanwhile.push(name);
        }
    }

    fn make(&self) -> BlocksInMaking<'_> {
        let mut known = self.blocks();
        known.making += 1;
        BlocksInMaking { places: self, noted_before: known.meanwhile.len() }
    }

    /// From which subject on what is at a place of a list is to be looked for, and at which place from the beginning of that one it is;
    /// `None` where that is the beginning of the list.
    pub(super) async fn begin(
        &self,
        conn: &mut Conn,
        filter: &SubjectFilter,
        listed: Listed,
        place: i64,
        generation: i64,
    ) -> Result<Option<(String, i64)>, StoreError> {
        let is_range = filter.context.is_some() || filter.prefix.is_empty();
        if place < SUBJECTS || filter.deleted || filter.deleted_only || !is_range {
            return Ok(None);
        }
        let blocks = self.counted(conn, generation).await?;
        let (begin, _) = lists::range(filter);
        let is_default = filter.context.as_deref() == Some(DEFAULT_CONTEXT);
        if !is_default || !begin.is_empty() && !begin.starts_with(':') {
            let target = before(conn, &blocks, listed, &begin).await? + place;
            return Ok(last_before(&blocks, listed, &begin, target));
        }
        if !begin.is_empty() {
            return Ok(None);
        }
        // the default context is what stands before all others and behind them
        let ahead = before(conn, &blocks, listed, lists::CONTEXTS.0).await?;
        if place < ahead {
            return Ok(last_before(&blocks, listed, "", place).filter(|(name, _)| name.as_str() < lists::CONTEXTS.0));
        }
        let behind = before(conn, &blocks, listed, lists::CONTEXTS.1).await?;
        let target = behind + place - ahead;
        Ok(last_before(&blocks, listed, lists::CONTEXTS.1, target)
            .or_else(|| Some((lists::CONTEXTS.1.to_owned(), target - behind))))
    }

    /// The blocks, with what they have now.
    async fn counted(&self, conn: &mut Conn, generation: i64) -> Result<Vec<Block>, StoreError> {
        let mut blocks = {
            let mut known = self.blocks();
            if known.generation != generation {
                known.generation = generation;
                known.blocks.iter_mut().for_each(|block| block.counted = None);
            }
            let usual = i64::try_from(known.blocks.len()).unwrap_or(i64::MAX).saturating_mul(SUBJECTS);
            let uncounted = known.blocks.iter().filter(|block| block.counted != Some(block.touched)).count();
            let is_old = known.registered > usual.saturating_mul(GROWTH) || uncounted > COUNTED_ALONE;
            if is_old { Vec::new() } else { known.blocks.clone() }
        };
        if blocks.is_empty() {
            let making = self.make();
            for (begin, subjects, versions) in lists::live_blocks(conn, SUBJECTS).await? {
                // what is before the first name would be in the first block, too
                let begin = if blocks.is_empty() { String::new() } else { begin };
                blocks.push(Block { begin, subjects, versions, touched: 0, counted: Some(0) });
            }
            if blocks.is_empty() {
                blocks.push(Block { begin: String::new(), subjects: 0, versions: 0, touched: 0, counted: Some(0) });
            }
            making.done(&blocks, generation);
            return Ok(blocks);
        }
        let ends: Vec<Option<String>> = blocks.iter().skip(1).map(|block| Some(block.begin.clone())).chain([None]).collect();
        for (at, (block, end)) in blocks.iter_mut().zip(&ends).enumerate() {
            if block.counted == Some(block.touched) {
                continue;
            }
            (block.subjects, block.versions) = lists::count_live(conn, &block.begin, end.as_deref()).await?;
            let mut known = self.blocks();
            let is_same = known.generation == generation;
            if let Some(own) = known.blocks.get_mut(at).filter(|own| is_same && own.begin == block.begin) {
                // what was registered since then makes it another number
                (own.subjects, own.versions, own.counted) = (block.subjects, block.versions, Some(block.touched));
            }
        }
        Ok(blocks)
    }
}

/// What all subjects before a name have.
async fn before(conn: &mut Conn, blocks: &[Block], listed: Listed, name: &str) -> Result<i64, StoreError> {
    let at = blocks.partition_point(|block| block.begin.as_str() <= name).saturating_sub(1);
    let whole: i64 = blocks.iter().take(at).map(|block| block.size(listed)).sum();
    let Some(block) = blocks.get(at).filter(|block| block.begin != name) else { return Ok(whole) };
    let (subjects, versions) = lists::count_live(conn, &block.begin, Some(name)).await?;
    Ok(whole + Block { subjects, versions, ..block.clone() }.size(listed))
}

/// The last block from a name on that begins at or before a place, and how far behind its beginning that is.
fn last_before(blocks: &[Block], listed: Listed, name: &str, target: i64) -> Option<(String, i64)> {
    let (mut passed, mut found) = (0, None);
    for block in blocks {
        if passed > target {
            break;
        }
        if block.begin.as_str() >= name {
            found = Some((block.begin.clone(), target - passed));
        }
        passed += block.size(listed);
    }
    found
}
