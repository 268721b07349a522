//! The data of events in JSON, for those who ask for it.

use super::EventCase;
use crate::cloudevents::{Issue, IssueLevel, Judgement, decoded_data};
use crate::registry::judging_pool::JobSize;
use crate::registry::{Registry, RegistryError};
use crate::schema::payload::{Effort, Work};

impl Registry {
    /// The data of an event that fits its schema, in JSON of at most so many bytes; or why there is none. `None` where nothing was checked.
    ///
    /// # Errors
    /// Store failures, or too many wait already.
    pub(super) async fn event_decoded(
        &self,
        case: &EventCase,
        outcome: Option<&(usize, Judgement)>,
        room: usize,
    ) -> Result<Option<Result<String, Issue>>, RegistryError> {
        let Some((at, judgement)) = outcome else { return Ok(None) };
        let is_wrong = judgement.unfinished || judgement.issues.iter().any(|issue| issue.level == IssueLevel::Error);
        let (Some(data), Some(attempt)) = (&case.envelope.data, case.attempts.get(*at)) else { return Ok(None) };
        if !judgement.checked || is_wrong {
            return Ok(None);
        }
        let size = JobSize::Bytes(data.bytes);
        let indexes = case.record_indexes().map(<[u8]>::to_vec);
        let (data, attempt, judgement) = (data.clone(), attempt.clone(), judgement.clone());
        let job = move || {
            let mut work = Work::new(Effort::Full, None);
            decoded_data(&data, &attempt, &judgement, indexes.as_deref(), room, &mut work)
        };
        let decoded = self.judging_pool.run(size, job).await?;
        // it is valid all the same
        Ok(Some(decoded.map_err(|fault| Issue::new(IssueLevel::Note, "data.not_shown", fault.message))))
    }
}
