//! Who is told what a store does, so that it can be counted.

use std::time::Duration;

use super::StoreError;

/// Told of what a store does. Called on the threads that serve requests: it must not wait.
pub trait StoreObserver: Send + Sync {
    /// A unit of work has ended: its name is that of the method of [`super::Store`]. What was known without asking the database is none.
    fn unit(&self, unit: &'static str, took: Duration, failure: Option<&StoreError>);

    /// Somebody has waited for a connection, to `read`, to `list` or to `write`.
    fn waited(&self, purpose: &'static str, waited: Duration);

    /// A transaction with so many units of work was committed, which took so long.
    fn committed(&self, units: usize, took: Duration);

    /// A read was answered from memory, because the database is away.
    fn read_in_outage(&self);
}

/// For those who don't count.
pub struct Unobserved;

impl StoreObserver for Unobserved {
    fn unit(&self, _: &'static str, _: Duration, _: Option<&StoreError>) {}
    fn waited(&self, _: &'static str, _: Duration) {}
    fn committed(&self, _: usize, _: Duration) {}
    fn read_in_outage(&self) {}
}
