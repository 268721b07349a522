//! Work whose cost the input decides: reading schemas, comparing them, judging data.
//!
//! What is short is done on the thread that serves the request, under an allowance that ends after some milliseconds. What that
//! does not settle goes to the pool: as many threads as there are cores, a bounded number of jobs that wait for one, and an error
//! for those beyond. All jobs of a request spend one allowance, and stop when nobody waits for the request any more.

use std::cell::OnceCell;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Registry, RegistryError};
use crate::schema::meter::{self, Allowance, Exhausted, Meter, MeterHandle};

/// Bytes of input up to which a job is tried on the thread that serves the request.
pub(super) const INLINE_BYTES: usize = 32 << 10;

/// What a job may cost there: about a millisecond.
const INLINE: Allowance = Allowance { work: 20_000, memory: 4 << 20 };

tokio::task_local! {
    /// The meter of the request that the task serves, made when it is first needed.
    static METER: OnceCell<Meter>;
}

/// How much is judged at once, and what a request may spend.
#[derive(Debug, Clone, Copy)]
pub struct JudgingLimits {
    /// Jobs that run at once; 0 means one for each core.
    pub threads: usize,
    /// Jobs that wait for one of the threads.
    pub queue: usize,
    /// Units of work of one request.
    pub work: u64,
    /// Bytes that a request may take for what it has judged.
    pub memory: u64,
}

impl Default for JudgingLimits {
    fn default() -> Self {
        Self { threads: 0, queue: 64, work: 20_000_000, memory: 64 << 20 }
    }
}

pub(super) struct JudgingPool {
    threads: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    allowance: Allowance,
    inline: Allowance,
}

/// Whether a job may be tried on the thread that serves the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Bytes(usize),
    /// Some work can't be measured while it runs: it always goes to the pool.
    Unmeasured,
}

impl JudgingPool {
    pub(super) fn new(limits: JudgingLimits) -> Self {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let threads = if limits.threads == 0 { cores() } else { limits.threads };
        let inline = Allowance { work: INLINE.work.min(limits.work), memory: INLINE.memory.min(limits.memory) };
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            queue: Arc::new(Semaphore::new(limits.queue)),
            allowance: Allowance { work: limits.work, memory: limits.memory },
            inline,
        }
    }

    /// The meter of this request. What serves no request gets one of its own, which nobody stops.
    fn meter(&self) -> MeterHandle {
        let handle = METER.try_with(|meter| meter.get_or_init(|| Meter::new(self.allowance)).handle());
        handle.unwrap_or_else(|_| MeterHandle::unowned(self.allowance))
    }

    /// Waits for a thread.
    ///
    /// # Errors
    /// [`RegistryError::Overloaded`] when too many wait already.
    pub(super) async fn admit(&self) -> Result<OwnedSemaphorePermit, RegistryError> {
        if let Ok(permit) = Arc::clone(&self.threads).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_waiting) = self.queue.try_acquire() else { return Err(RegistryError::Overloaded) };
        Arc::clone(&self.threads).acquire_owned().await.map_err(|_| RegistryError::Overloaded)
    }

    /// Does a job at the expense of the request. It may be begun twice, so it must not have effects.
    ///
    /// # Errors
    /// The request has spent what it may spend, or the pool is full.
    pub(super) async fn run<T, J>(&self, size: Size, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn() -> T + Send + 'static,
    {
        self.run_under(self.meter(), size, job).await
    }

    /// As [`Self::run`], for a result that others wait for as well: it has an allowance of its own, and goes on when the request is
    /// gone.
    pub(super) async fn run_shared<T, J>(&self, size: Size, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn() -> T + Send + 'static,
    {
        self.run_under(MeterHandle::unowned(self.allowance), size, job).await
    }

    async fn run_under<T, J>(&self, meter: MeterHandle, size: Size, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn() -> T + Send + 'static,
    {
        if matches!(size, Size::Bytes(bytes) if bytes <= INLINE_BYTES)
            && let Ok(result) = meter::within(self.inline, &job)
        {
            return Ok(result);
        }
        let permit = self.admit().await?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            meter.run(job)
        });
        match task.await {
            Ok(result) => result.map_err(|why| self.error(why)),
            // it panicked, which the log has
            Err(_) => Err(RegistryError::Unjudged),
        }
    }

    fn error(&self, why: Exhausted) -> RegistryError {
        match why {
            Exhausted::Work => RegistryError::WorkExhausted { limit: self.allowance.work },
            Exhausted::Memory => RegistryError::MemoryExhausted { limit: self.allowance.memory },
            Exhausted::Threads | Exhausted::Stopped => RegistryError::Overloaded,
        }
    }
}

impl Registry {
    /// Serves one request: all judging in it spends one allowance, and what is under way stops when the future is dropped.
    pub fn metered<T>(request: impl Future<Output = T>) -> impl Future<Output = T> {
        METER.scope(OnceCell::new(), request)
    }
}
