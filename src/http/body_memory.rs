//! The memory that request bodies take, of all requests together.
//!
//! What is small is not counted. Of a larger body each piece is counted as it arrives, so that nobody takes memory from others by
//! announcing what never comes; a request keeps its share to its end, for the handler has copies of the text.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;

/// Bytes of a body that are not counted.
const SMALL: usize = 64 << 10;
/// How often a text is in memory before it is stored: in the body, in the value that was read from it, in the submission.
const COPIES: usize = 3;
/// How long a body waits for others to go.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a permit.
const UNIT: usize = 1 << 10;

pub(super) struct BodyMemory {
    permits: Arc<Semaphore>,
    most: u32,
}

impl BodyMemory {
    pub(super) fn new(bytes: u64) -> Self {
        let most = u32::try_from(bytes / UNIT as u64).unwrap_or(u32::MAX).min(u32::MAX >> 4);
        Self { permits: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Bytes that are taken now.
    pub(super) fn used(&self) -> u64 {
        let taken = (self.most as usize).saturating_sub(self.permits.available_permits());
        u64::try_from(taken.saturating_mul(UNIT)).unwrap_or(u64::MAX)
    }

    pub(super) fn share(&self) -> Share<'_> {
        Share { memory: self, held: Held::default() }
    }
}

/// What a request holds of it, to its end.
#[derive(Debug, Default)]
pub(super) struct Held(Option<OwnedSemaphorePermit>);

/// What a body takes of it, while it is read.
pub(super) struct Share<'m> {
    memory: &'m BodyMemory,
    held: Held,
}

impl Share<'_> {
    /// Takes as much as a body of so many bytes needs.
    ///
    /// # Errors
    /// The others leave no room for it; 503.
    pub(super) async fn cover(&mut self, bytes: usize) -> Result<(), ApiError> {
        let wanted = self.wanted(bytes);
        let has = self.held.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = wanted.saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if missing == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.memory.permits).acquire_many_owned(missing);
        let Ok(Ok(more)) = tokio::time::timeout(PATIENCE, more).await else { return Err(ApiError::overloaded()) };
        match &mut self.held.0 {
            Some(held) => held.merge(more),
            None => self.held.0 = Some(more),
        }
        Ok(())
    }

    /// Gives back what a body of so many bytes does not need.
    pub(super) fn keep(&mut self, bytes: usize) {
        let wanted = self.wanted(bytes);
        if let Some(held) = &mut self.held.0 {
            let surplus = held.num_permits().saturating_sub(usize::try_from(wanted).unwrap_or(usize::MAX));
            drop(held.split(surplus));
        }
    }

    /// Permits for a body of so many bytes.
    fn wanted(&self, bytes: usize) -> u32 {
        let wanted = bytes.saturating_sub(SMALL).saturating_mul(COPIES).div_ceil(UNIT);
        // a body may be larger than all the memory for bodies: then it must be the only one
        u32::try_from(wanted).unwrap_or(u32::MAX).min(self.memory.most)
    }

    pub(super) fn held(self) -> Held {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::BodyMemory;

    #[tokio::test]
    async fn bodies_wait_for_each_other_and_then_give_up() {
        let memory = BodyMemory::new(1 << 20);
        let mut small = memory.share();
        let mut first = memory.share();
        first.cover(300 << 10).await.unwrap();
        small.cover(64 << 10).await.unwrap();
        let mut second = memory.share();
        assert_eq!(second.cover(300 << 10).await.unwrap_err().status, 503);
        drop(first.held());
        second.cover(300 << 10).await.unwrap();
        second.cover(350 << 10).await.unwrap();
        drop(second.held());
        memory.share().cover(100 << 20).await.unwrap();
        let mut announced = memory.share();
        announced.cover(100 << 20).await.unwrap();
        announced.keep(100 << 10);
        memory.share().cover(300 << 10).await.unwrap();
    }
}
