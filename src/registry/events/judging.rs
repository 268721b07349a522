//! Judging data: at once where that takes no time to speak of, else in the pool.
//!
//! Little data is judged on the thread that serves the request, with an effort that ends after some milliseconds. What that does
//! not settle, and larger data, goes to the pool. When the time is up, events that have a verdict keep it, and the rest is told
//! to stop. Waiting for the pool takes none of the time: a full one is no fault of the events.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::EventCase;
use crate::cloudevents::{Judgement, judge};
use crate::registry::RegistryError;
use crate::registry::judging_pool::{INLINE_BYTES, JudgingPool};
use crate::schema::meter::{Meter, StopOnDrop};
use crate::schema::payload::{Effort, Work};

/// Events of a batch up to which they are judged at once.
const INLINE_EVENTS: usize = 16;

/// Time in which a thread notices that the time is up. What it works on would have to be copied before.
const NOTICE: Duration = Duration::from_millis(250);

type IndexedJudgement = Option<(usize, Judgement)>;

/// Judges the data of each case; nothing for one that the time was not enough for.
pub(super) async fn judge_all(
    pool: &JudgingPool,
    cases: Vec<EventCase>,
    time_limit: Duration,
) -> Result<(Vec<EventCase>, Vec<IndexedJudgement>), RegistryError> {
    let mut outcomes: Vec<IndexedJudgement> = cases.iter().map(|_| None).collect();
    if cases.len() <= INLINE_EVENTS && cases.iter().map(size).sum::<usize>() <= INLINE_BYTES {
        for (case, outcome) in cases.iter().zip(&mut outcomes) {
            *outcome = quick(case);
        }
    }
    if !cases.iter().zip(&outcomes).any(is_open) {
        return Ok((cases, outcomes));
    }
    Box::pin(finish(pool, cases, outcomes, time_limit)).await
}

/// Judges one case that [`at_once`] has no outcome for.
pub(super) async fn judge_one(
    pool: &JudgingPool,
    case: EventCase,
    time_limit: Duration,
) -> Result<(EventCase, IndexedJudgement), RegistryError> {
    let ([case], mut outcomes) = finish(pool, [case], vec![None], time_limit).await?;
    Ok((case, outcomes.pop().flatten()))
}

/// Judges what is still open on a thread of the pool.
async fn finish<C>(
    pool: &JudgingPool,
    cases: C,
    outcomes: Vec<IndexedJudgement>,
    time_limit: Duration,
) -> Result<(C, Vec<IndexedJudgement>), RegistryError>
where
    C: AsRef<[EventCase]> + Clone + Send + Sync + 'static,
{
    let job = Arc::new(JudgingJob { cases, outcomes: Mutex::new(outcomes), stop: Arc::default() });
    // when the time is up, or the client is gone
    let stop = StopOnDrop::new(&job.stop);
    pool.wait_for_turn().await?;
    let working = Arc::clone(&job);
    let mut work = std::pin::pin!(pool.run_heavy(move |meter| working.run(meter)));
    // a panic leaves events without a verdict, which is what they are reported as
    let is_over = tokio::time::timeout(time_limit, &mut work).await.is_err();
    drop(stop);
    if is_over {
        let _ = tokio::time::timeout(NOTICE, work).await;
    }
    Ok(match Arc::try_unwrap(job) {
        Ok(job) => (job.cases, job.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)),
        Err(job) => {
            // the thread has not noticed yet
            let outcomes = std::mem::take(&mut *job.outcomes.lock().unwrap_or_else(PoisonError::into_inner));
            (job.cases.clone(), outcomes)
        }
    })
}

/// The bytes that are to be judged.
fn size(case: &EventCase) -> usize {
    if case.attempts.is_empty() { 0 } else { case.envelope.data.as_ref().map_or(0, |data| data.bytes) }
}

/// Whether there is something to judge, and no outcome yet.
pub(super) fn is_open((case, outcome): (&EventCase, &IndexedJudgement)) -> bool {
    !case.attempts.is_empty() && outcome.is_none()
}

/// The outcome for little data, if little effort is enough for it.
pub(super) fn at_once(case: &EventCase) -> IndexedJudgement {
    if size(case) <= INLINE_BYTES { quick(case) } else { None }
}

fn quick(case: &EventCase) -> IndexedJudgement {
    one(case, Effort::Quick, None).filter(|(_, judgement)| !judgement.unfinished)
}

struct JudgingJob<C> {
    cases: C,
    outcomes: Mutex<Vec<IndexedJudgement>>,
    stop: Arc<AtomicBool>,
}

impl<C: AsRef<[EventCase]>> JudgingJob<C> {
    fn run(&self, meter: &Meter) {
        for (at, case) in self.cases.as_ref().iter().enumerate() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let open = |outcomes: &Vec<IndexedJudgement>| outcomes.get(at).is_some_and(Option::is_none);
            if case.attempts.is_empty() || !open(&self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)) {
                continue;
            }
            let outcome = meter.run_until(Arc::clone(&self.stop), || one(case, Effort::Full, Some(&self.stop)));
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if let Some(slot) = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = outcome;
            }
        }
    }
}

fn one(case: &EventCase, effort: Effort, stop: Option<&AtomicBool>) -> IndexedJudgement {
    if case.attempts.is_empty() {
        return None;
    }
    let data = case.envelope.data.as_ref()?;
    Some(judge(data, &case.attempts, case.record_indexes(), &Work::new(effort, stop)))
}
