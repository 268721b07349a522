//! The work that one compatibility check may do. Two small schemas can be made to refer to each other in so many ways that
//! comparing them takes forever; a check that has spent its budget ends without a verdict.

/// What is left, in units of about one pair of elements.
#[derive(Debug)]
pub(crate) struct Budget(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    pub(crate) fn new(units: u64) -> Self {
        Self(units)
    }

    pub(crate) fn spend(&mut self, units: u64) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(units).ok_or(Exhausted)?;
        Ok(())
    }
}
