//! Work whose cost the input decides: reading schemas, comparing them, judging data.
//!
//! What is short is done on the thread that serves the request, under an allowance that ends after some milliseconds. What that
//! does not settle makes the request a heavy one: as many of them go on at once as there are cores, a bounded number waits for its
//! turn, and those beyond get an error. A heavy request keeps its turn to its end, so that the memory of all of them is bounded by
//! what each may take; while it waits for something that others with a turn may hold, and keeps nothing that it has judged, it gives the
//! turn back. All jobs of a request spend one allowance, and stop when nobody waits for it any more. What a decision has spent that others
//! were quicker than is given back, a bounded number of times.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::{Registry, RegistryError};
use crate::schema::meter::{self, Allowance, Exhausted, Meter};

/// Bytes of input up to which a job is tried on the thread that serves the request.
pub(super) const INLINE_BYTES: usize = 32 << 10;

/// What a job may cost there: about a millisecond.
const INLINE: Allowance = Allowance { work: 20_000, memory: 2 << 20 };

/// How much is judged at once, and what a request may spend.
#[derive(Debug, Clone, Copy)]
pub struct JudgingLimits {
    /// Heavy requests that go on at once; 0 means one for each core.
    pub threads: usize,
    /// Heavy requests that wait for their turn.
    pub queue: usize,
    /// Units of work of one request.
    pub work: u64,
    /// Bytes that a request may take for what it judges.
    pub memory: u64,
}

impl Default for JudgingLimits {
    fn default() -> Self {
        Self { threads: 0, queue: 64, work: 20_000_000, memory: 36 << 20 }
    }
}

/// What a heavy request spends, and its turn. Both end with the request, the turn before that where it is given back.
struct HeavyRequest {
    meter: Meter,
    turn: Mutex<JudgingTurn>,
}

enum JudgingTurn {
    NotYet,
    Has(#[expect(dead_code, reason = "held for as long as it is the request's")] OwnedSemaphorePermit),
    GivenBack,
}

impl HeavyRequest {
    fn new(allowance: Allowance) -> Self {
        Self { meter: Meter::new(allowance), turn: Mutex::new(JudgingTurn::NotYet) }
    }
}

tokio::task_local! {
    /// The request that the task serves, once it is a heavy one.
    static REQUEST: OnceLock<Arc<HeavyRequest>>;
}

fn heavy_request() -> Option<Arc<HeavyRequest>> {
    REQUEST.try_with(|request| request.get().cloned()).ok().flatten()
}

/// Whether a job may be tried on the thread that serves the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobSize {
    Bytes(usize),
    /// Some work can't be measured while it runs: it is always heavy.
    Unmeasured,
}

/// What is being judged, and what was refused since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgingLoad {
    /// Heavy requests that have their turn.
    pub running: usize,
    /// Heavy requests that wait for it.
    pub waiting: usize,
    /// Requests that found the queue full.
    pub overloaded: u64,
    /// Requests that would have done more work than they may.
    pub work: u64,
    /// Requests that would have taken more memory than they may.
    pub memory: u64,
    /// Jobs that were given up because nobody waited any more.
    pub stopped: u64,
}

pub(super) struct JudgingPool {
    limits: JudgingLimits,
    overloaded: AtomicU64,
    work: AtomicU64,
    memory: AtomicU64,
    stopped: Arc<AtomicU64>,
    turns: Arc<Semaphore>,
    /// For work whose result others wait for: it must not itself wait for a turn, which one of those may have.
    shared: Arc<Semaphore>,
    queue: Semaphore,
    allowance: Allowance,
    inline: Allowance,
}

impl JudgingPool {
    pub(super) fn new(limits: JudgingLimits) -> Self {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let threads = if limits.threads == 0 { cores() } else { limits.threads };
        let limits = JudgingLimits { threads, ..limits };
        let inline = Allowance { work: INLINE.work.min(limits.work), memory: INLINE.memory.min(limits.memory) };
        Self {
            limits,
            overloaded: AtomicU64::new(0),
            work: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            stopped: Arc::default(),
            turns: Arc::new(Semaphore::new(threads)),
            shared: Arc::new(Semaphore::new(threads.div_ceil(2))),
            queue: Semaphore::new(limits.queue),
            allowance: Allowance { work: limits.work, memory: limits.memory },
            inline,
        }
    }

    /// The heavy request that this task serves, when it has its turn. What serves no request is one of its own.
    async fn request(&self) -> Result<Arc<HeavyRequest>, RegistryError> {
        let new = || Arc::new(HeavyRequest::new(self.allowance));
        let request = REQUEST.try_with(|request| Arc::clone(request.get_or_init(new))).unwrap_or_else(|_| new());
        let mut turn = request.turn.lock().await;
        match *turn {
            JudgingTurn::Has(_) => {}
            JudgingTurn::NotYet => *turn = JudgingTurn::Has(self.turn().await?),
            // it was let in before: that others fill the queue meanwhile is no reason to send it away
            JudgingTurn::GivenBack => {
                let taken = Arc::clone(&self.turns).acquire_owned().await;
                *turn = JudgingTurn::Has(taken.map_err(|_| RegistryError::Overloaded)?);
            }
        }
        drop(turn);
        Ok(request)
    }

    /// Gives back the turn of the request that this task serves, if it has one: another heavy one goes on in the meantime. The next heavy job
    /// of the request waits for a turn again. None of its jobs may be under way, and nothing that they have made may be kept.
    pub(super) async fn give_back_turn(&self) {
        if let Some(request) = heavy_request() {
            let mut turn = request.turn.lock().await;
            if let JudgingTurn::Has(_) = *turn {
                *turn = JudgingTurn::GivenBack;
            }
        }
    }

    /// Waits for the turn of the request that this task serves, if it is a heavy one and has given it back.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) async fn take_back_turn(&self) -> Result<(), RegistryError> {
        if heavy_request().is_some() { self.wait_for_turn().await } else { Ok(()) }
    }

    /// What the request that this task serves may still spend.
    pub(super) fn allowance_left(&self) -> Allowance {
        heavy_request().map_or(self.allowance, |request| request.meter.left())
    }

    /// Lets the request that this task serves spend so much, for it decides anew, and nothing that it has judged since then is kept: that
    /// others were quicker is no reason to refuse what it brings.
    #[expect(clippy::unused_self, reason = "the request is one of its own")]
    pub(super) fn restore_allowance(&self, left: Allowance) {
        if let Some(request) = heavy_request() {
            request.meter.restore(left);
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, RegistryError> {
        self.wait_in_queue(&self.turns).await
    }

    async fn wait_in_queue(&self, turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, RegistryError> {
        if let Ok(turn) = Arc::clone(turns).try_acquire_owned() {
            return Ok(turn);
        }
        let Ok(_waiting) = self.queue.try_acquire() else {
            self.overloaded.fetch_add(1, Ordering::Relaxed);
            return Err(RegistryError::Overloaded);
        };
        Arc::clone(turns).acquire_owned().await.map_err(|_| RegistryError::Overloaded)
    }

    /// Does a job at the expense of the request. It may be begun twice, so it must not have effects.
    ///
    /// # Errors
    /// The request has spent what it may spend, or too many wait already.
    pub(super) async fn run<T, J>(&self, size: JobSize, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn() -> T + Send + 'static,
    {
        if let Some(result) = self.run_inline(size, &job) {
            return Ok(result);
        }
        self.run_heavy(move |meter| meter.run(job)).await?.map_err(|why| self.error(why))
    }

    /// As [`Self::run`], for a result that is kept and that others wait for: it has an allowance of its own.
    pub(super) async fn run_shared<T, J>(&self, size: JobSize, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn() -> T + Send + 'static,
    {
        if let Some(result) = self.run_inline(size, &job) {
            return Ok(result);
        }
        let turn = self.wait_in_queue(&self.shared).await?;
        let meter = Meter::new(self.allowance);
        let stop = meter.stop_on_drop();
        let stopped = Arc::clone(&self.stopped);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let result = meter.run(job);
            count_stop(&meter, &stopped);
            result
        });
        let result = task.await;
        stop.disarm();
        result.map_err(|_| RegistryError::Unjudged)?.map_err(|why| self.error(why))
    }

    /// The result, if the job is short.
    pub(super) fn run_inline<T>(&self, size: JobSize, job: impl Fn() -> T) -> Option<T> {
        match size {
            JobSize::Bytes(bytes) if bytes <= INLINE_BYTES => meter::within(self.inline, job).ok(),
            _ => None,
        }
    }

    /// Reads so many bytes at the expense of the request: many make it a heavy one.
    ///
    /// # Errors
    /// The request has spent what it may spend, or too many wait already.
    pub(super) async fn read<T>(&self, bytes: usize, read: impl FnOnce() -> T) -> Result<T, RegistryError> {
        if bytes <= INLINE_BYTES {
            return Ok(read());
        }
        let request = self.request().await?;
        in_proportion(bytes, || request.meter.run(read)).map_err(|why| self.error(why))
    }

    /// Makes the request a heavy one.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) async fn wait_for_turn(&self) -> Result<(), RegistryError> {
        self.request().await.map(drop)
    }

    /// Does a job on a thread of its own, when it is the request's turn.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) async fn run_heavy<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Meter) -> T + Send + 'static,
    ) -> Result<T, RegistryError> {
        let request = self.request().await?;
        let stop = request.meter.stop_on_drop();
        // the thread holds the request, and so its turn, until it has noticed that nobody waits any more
        let stopped = Arc::clone(&self.stopped);
        let task = tokio::task::spawn_blocking(move || {
            let result = job(&request.meter);
            count_stop(&request.meter, &stopped);
            result
        });
        let result = task.await;
        stop.disarm();
        // a panic is in the log
        result.map_err(|_| RegistryError::Unjudged)
    }

    pub(super) fn load(&self) -> JudgingLoad {
        JudgingLoad {
            running: self.limits.threads.saturating_sub(self.turns.available_permits()),
            waiting: self.limits.queue.saturating_sub(self.queue.available_permits()),
            overloaded: self.overloaded.load(Ordering::Relaxed),
            work: self.work.load(Ordering::Relaxed),
            memory: self.memory.load(Ordering::Relaxed),
            stopped: self.stopped.load(Ordering::Relaxed),
        }
    }

    pub(super) fn error(&self, why: Exhausted) -> RegistryError {
        match why {
            Exhausted::Work => self.work.fetch_add(1, Ordering::Relaxed),
            Exhausted::Memory => self.memory.fetch_add(1, Ordering::Relaxed),
            Exhausted::Threads | Exhausted::Stopped => 0,
        };
        match why {
            Exhausted::Work => RegistryError::WorkExhausted { limit: self.allowance.work },
            Exhausted::Memory => RegistryError::MemoryExhausted { limit: self.allowance.memory },
            Exhausted::Threads | Exhausted::Stopped => RegistryError::Overloaded,
        }
    }
}

fn count_stop(meter: &Meter, stopped: &AtomicU64) {
    if meter.is_stopped() {
        stopped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Does work in proportion to so many bytes: reading a body, hashing or compressing it. Where they are many, the runtime has another
/// thread take over what else this one serves.
pub fn in_proportion<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let others_can_move = || Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if bytes > INLINE_BYTES && others_can_move() { tokio::task::block_in_place(work) } else { work() }
}

impl Registry {
    /// Serves one request: all judging in it spends one allowance.
    pub fn metered<T>(request: impl Future<Output = T>) -> impl Future<Output = T> {
        REQUEST.scope(OnceLock::new(), request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_gives_back_its_turn_lets_another_go_on_and_takes_one_again() {
        let pool = JudgingPool::new(JudgingLimits { threads: 1, queue: 0, ..JudgingLimits::default() });
        let heavy = || pool.run(JobSize::Unmeasured, || ());
        let first = async {
            heavy().await.unwrap();
            assert_eq!(pool.load().running, 1, "a turn is kept to the end of the request");
            assert!(matches!(Registry::metered(heavy()).await, Err(RegistryError::Overloaded)));
            pool.give_back_turn().await;
            assert_eq!(pool.load().running, 0);
            Registry::metered(heavy()).await.unwrap();
            let other = Registry::metered(async {
                heavy().await.unwrap();
                tokio::task::yield_now().await;
            });
            // there is no place in the queue, and it needs none
            let ((), mine) = tokio::join!(other, heavy());
            mine.unwrap();
            assert_eq!(pool.load().running, 1);
        };
        Registry::metered(first).await;
        assert_eq!(pool.load().running, 0);
    }

    #[tokio::test]
    async fn who_decides_anew_may_spend_what_it_could_before() {
        let pool = JudgingPool::new(JudgingLimits { work: 16, ..JudgingLimits::default() });
        let spend = |units| pool.run(JobSize::Unmeasured, move || meter::charge(units));
        Registry::metered(async {
            spend(6).await.unwrap().unwrap();
            let left = pool.allowance_left();
            for _ in 0..3 {
                spend(8).await.unwrap().unwrap();
                pool.restore_allowance(left);
            }
            spend(10).await.unwrap().unwrap();
            assert!(matches!(spend(1).await, Err(RegistryError::WorkExhausted { .. })), "what was spent before stays spent");
            pool.restore_allowance(left);
            spend(10).await.unwrap().unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn a_request_without_a_turn_has_none_to_give_back() {
        let pool = JudgingPool::new(JudgingLimits::default());
        pool.give_back_turn().await;
        Registry::metered(pool.give_back_turn()).await;
        assert_eq!(pool.load().running, 0);
    }
}
