//! What one request may cost: work and memory, charged where the input makes them arise.
//!
//! A text of a few kilobytes can ask for hours of comparisons or for gigabytes of compiled patterns. So every loop whose length
//! the input decides charges for its steps, and whatever allocates more than in proportion to the text reserves first. The meter
//! of a request stands in a thread-local, because the walks of the crates we build on call back into our code with no other way to
//! hand it over; [`Meter::run`] puts it there. Outside of that nothing is counted, apart from checks, which bring a limit of their
//! own (`with_limit`).

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    Work,
    Memory,
    /// The machine has no memory for the thread that a deep text needs. Not the fault of the input.
    Threads,
    /// Nobody waits for the result any more.
    Stopped,
}

/// Units of work (about 50 ns each) and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub work: u64,
    pub memory: u64,
}

impl Allowance {
    pub const UNLIMITED: Self = Self { work: u64::MAX, memory: u64::MAX };
}

/// What a thread works under.
#[derive(Debug, Clone)]
struct Account {
    left: Allowance,
    exhausted: Option<Exhausted>,
    stop: Option<Arc<AtomicBool>>,
}

thread_local! {
    static WORK: Cell<u64> = const { Cell::new(u64::MAX) };
    static MEMORY: Cell<u64> = const { Cell::new(u64::MAX) };
    static EXHAUSTED: Cell<Option<Exhausted>> = const { Cell::new(None) };
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Units between two looks at the flag that stops work.
const STOP_INTERVAL: u64 = 1 << 12;

/// Notes what ran out, so that the result of the work is not taken for one.
pub(crate) fn fail(why: Exhausted) -> Exhausted {
    EXHAUSTED.set(Some(why));
    why
}

/// Charges for work that is about to be done.
///
/// # Errors
/// The allowance is spent, or nobody waits any more. Whoever gets this ends without a result.
pub(crate) fn charge(units: u64) -> Result<(), Exhausted> {
    let left = WORK.get();
    if left == u64::MAX {
        return Ok(());
    }
    let Some(rest) = left.checked_sub(units) else { return Err(fail(Exhausted::Work)) };
    WORK.set(rest);
    if left / STOP_INTERVAL != rest / STOP_INTERVAL && STOP.with_borrow(|stop| stop.as_ref().is_some_and(is_set)) {
        return Err(fail(Exhausted::Stopped));
    }
    Ok(())
}

fn is_set(stop: &Arc<AtomicBool>) -> bool {
    stop.load(Ordering::Relaxed)
}

/// As [`charge`], for something of this many bytes or elements.
pub(crate) fn charge_for(length: usize) -> Result<(), Exhausted> {
    charge(u64::try_from(length).unwrap_or(u64::MAX))
}

/// Memory that is reserved for as long as this lives.
#[derive(Debug)]
pub(crate) struct ReservedMemory(usize);

impl ReservedMemory {
    /// Takes over what another one has reserved.
    pub(crate) fn join(&mut self, mut other: Self) {
        self.0 += std::mem::take(&mut other.0);
    }
}

impl Drop for ReservedMemory {
    fn drop(&mut self) {
        release(self.0);
    }
}

/// As [`reserve`], for memory that is given back soon.
///
/// # Errors
/// There is not that much left.
pub(crate) fn reserve_for_now(bytes: usize) -> Result<ReservedMemory, Exhausted> {
    reserve(bytes).map(|()| ReservedMemory(bytes))
}

/// Reserves memory that is about to be allocated, until it is released.
///
/// # Errors
/// There is not that much left.
pub(crate) fn reserve(bytes: usize) -> Result<(), Exhausted> {
    let left = MEMORY.get();
    if left == u64::MAX {
        return Ok(());
    }
    let rest = left.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX)).ok_or_else(|| fail(Exhausted::Memory))?;
    MEMORY.set(rest);
    Ok(())
}

/// Gives back what was reserved.
pub(crate) fn release(bytes: usize) {
    let left = MEMORY.get();
    if left != u64::MAX {
        MEMORY.set(left.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX)).min(u64::MAX - 1));
    }
}

/// Puts an account onto this thread and gives back the one before.
fn replace(account: Account) -> Account {
    Account {
        left: Allowance { work: WORK.replace(account.left.work), memory: MEMORY.replace(account.left.memory) },
        exhausted: EXHAUSTED.replace(account.exhausted),
        stop: STOP.replace(account.stop),
    }
}

/// Runs `work` under an account; what is left of it comes back, also when `work` panics.
fn under<T>(account: Account, settle: impl FnOnce(Account), work: impl FnOnce() -> T) -> T {
    struct Restore<F: FnOnce(Account)>(Option<(Account, F)>);
    impl<F: FnOnce(Account)> Drop for Restore<F> {
        fn drop(&mut self) {
            if let Some((before, settle)) = self.0.take() {
                settle(replace(before));
            }
        }
    }
    let before = replace(account);
    let _restore = Restore(Some((before, settle)));
    work()
}

/// A value that is made when it is first needed, and kept, unless something ran out while it was made: then the next one who needs
/// it, with more to spend, makes it anew.
#[derive(Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// # Errors
    /// What ran out.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> Result<&T, Exhausted> {
        if let Some(made) = self.0.get() {
            return Ok(made);
        }
        let made = make();
        match EXHAUSTED.get() {
            Some(why) => Err(why),
            None => Ok(self.0.get_or_init(|| made)),
        }
    }
}

/// Runs `work` under an allowance of its own.
///
/// # Errors
/// Something ran out, so whatever `work` returned means nothing.
pub fn within<T>(allowance: Allowance, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
    let mut after = None;
    let account = Account { left: allowance, exhausted: None, stop: None };
    let result = under(account, |account| after = account.exhausted, work);
    after.map_or(Ok(result), Err)
}

/// What has run out in the work of this thread, if something has.
pub(crate) fn exhausted() -> Option<Exhausted> {
    EXHAUSTED.get()
}

/// Runs `work` under the meter of the request, or, where there is none, with this many units.
pub(crate) fn with_limit<T>(units: u64, work: impl FnOnce() -> T) -> T {
    if WORK.get() != u64::MAX {
        return work();
    }
    let left = Allowance { work: units.min(u64::MAX - 1), memory: MEMORY.get() };
    under(Account { left, exhausted: None, stop: None }, |_| {}, work)
}

/// Runs `work` with at most this many units of those that are left; what it spends is spent. When it runs out of them alone, the
/// work around it may go on.
pub(crate) fn with_part<T>(units: u64, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
    let whole = WORK.get();
    let part = units.min(whole);
    WORK.set(if whole == u64::MAX { units.min(u64::MAX - 1) } else { part });
    let result = work();
    let spent = part.saturating_sub(WORK.get());
    WORK.set(if whole == u64::MAX { whole } else { whole - spent });
    match EXHAUSTED.get() {
        None => Ok(result),
        Some(Exhausted::Work) if part < whole => {
            EXHAUSTED.set(None);
            Err(Exhausted::Work)
        }
        Some(why) => Err(why),
    }
}

/// The account of this thread, to be taken to another one that works for it.
pub(crate) struct Carried(Account);

pub(crate) fn carry() -> Carried {
    let left = Allowance { work: WORK.get(), memory: MEMORY.get() };
    Carried(Account { left, exhausted: EXHAUSTED.get(), stop: STOP.with_borrow(Clone::clone) })
}

impl Carried {
    /// Runs `work` on the other thread.
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> (T, Self) {
        let mut after = Self(self.0.clone());
        let result = under(self.0, |account| after.0 = account, work);
        (result, after)
    }

    /// Back on the thread that it came from.
    pub(crate) fn settle(self) {
        replace(self.0);
    }
}

/// The allowance of one request, for all that is done on its behalf, on whichever threads.
#[derive(Debug, Clone)]
pub struct Meter(Arc<MeterState>);

#[derive(Debug)]
struct MeterState {
    account: Mutex<(Allowance, Option<Exhausted>)>,
    stop: Arc<AtomicBool>,
}

/// Stops what is under way when it is dropped, unless it was told that nothing is.
#[derive(Debug)]
pub struct StopOnDrop(Option<Arc<AtomicBool>>);

impl StopOnDrop {
    pub fn new(stop: &Arc<AtomicBool>) -> Self {
        Self(Some(Arc::clone(stop)))
    }

    /// The work is done.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Meter {
    pub fn new(allowance: Allowance) -> Self {
        Self(Arc::new(MeterState { account: Mutex::new((allowance, None)), stop: Arc::default() }))
    }

    /// Whether somebody has said that nobody waits any more.
    pub fn is_stopped(&self) -> bool {
        is_set(&self.0.stop)
    }

    pub fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop::new(&self.0.stop)
    }

    /// Runs `work` on this thread where a deadline bounds the work: it ends without a result at its next charge once the flag is set. It
    /// has the memory that is left to the request, and gives it back; that it was not enough is known to the work alone.
    pub fn run_until<T>(&self, stop: Arc<AtomicBool>, work: impl FnOnce() -> T) -> T {
        let (Allowance { memory, .. }, _) = *self.0.account.lock().unwrap_or_else(PoisonError::into_inner);
        let left = Allowance { work: u64::MAX - 1, memory };
        under(Account { left, exhausted: None, stop: Some(stop) }, |_| {}, work)
    }

    /// What may still be spent.
    pub fn left(&self) -> Allowance {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// So much may be spent from now on. Nothing may be under way.
    pub fn restore(&self, left: Allowance) {
        *self.0.account.lock().unwrap_or_else(PoisonError::into_inner) = (left, None);
    }

    /// Runs `work` on this thread at the expense of the request.
    ///
    /// # Errors
    /// Something ran out, so whatever `work` returned means nothing.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
        let (left, exhausted) = *self.0.account.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = exhausted {
            return Err(why);
        }
        let account = Account { left, exhausted: None, stop: Some(Arc::clone(&self.0.stop)) };
        let mut outcome = None;
        let settle = |after: Account| {
            *self.0.account.lock().unwrap_or_else(PoisonError::into_inner) = (after.left, after.exhausted);
            outcome = after.exhausted;
        };
        let result = under(account, settle, work);
        outcome.map_or(Ok(result), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, EXHAUSTED, Exhausted, Meter, carry, charge, release, reserve, with_part};

    const FEW: Allowance = Allowance { work: 10, memory: 100 };

    #[test]
    fn a_request_spends_one_allowance_in_all_its_jobs() {
        let meter = Meter::new(FEW);
        assert_eq!(meter.run(|| charge(6)), Ok(Ok(())));
        assert_eq!(meter.run(|| charge(6)), Err(Exhausted::Work));
        assert_eq!(meter.run(|| ()), Err(Exhausted::Work), "once spent, it stays spent");
        assert_eq!(charge(1_000_000), Ok(()), "outside nothing is counted");
    }

    #[test]
    fn memory_that_is_given_back_can_be_reserved_again() {
        let meter = Meter::new(FEW);
        let work = || {
            reserve(80).unwrap();
            release(80);
            reserve(80).unwrap();
            reserve(80)
        };
        assert_eq!(meter.run(work), Err(Exhausted::Memory));
    }

    #[test]
    fn another_thread_spends_from_the_same_account() {
        let meter = Meter::new(FEW);
        let work = || {
            let carried = carry();
            let (charged, carried) = std::thread::scope(|scope| scope.spawn(|| carried.run(|| charge(8))).join().unwrap());
            carried.settle();
            charged.and(charge(8))
        };
        assert_eq!(meter.run(work), Err(Exhausted::Work));
    }

    #[test]
    fn a_part_that_is_spent_does_not_end_the_whole() {
        let meter = Meter::new(FEW);
        let work = || {
            assert_eq!(with_part(3, || charge(4)), Err(Exhausted::Work));
            assert_eq!(EXHAUSTED.get(), None);
            with_part(3, || charge(2)).unwrap().unwrap();
            charge(8)
        };
        assert_eq!(meter.run(work), Ok(Ok(())));
    }

    #[test]
    fn a_request_that_nobody_waits_for_stops() {
        let meter = Meter::new(Allowance { work: 1 << 40, memory: 0 });
        meter.stop_on_drop().disarm();
        assert_eq!(meter.run(|| charge(1 << 20)), Ok(Ok(())));
        drop(meter.stop_on_drop());
        assert_eq!(meter.run(|| charge(1 << 20)), Err(Exhausted::Stopped));
    }
}
