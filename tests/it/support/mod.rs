//! What the drawers share: servers in this process, the binary as a process, the check of answers against openapi.yaml, and how findings
//! look in snapshots.

pub mod app;
pub mod contract;
pub mod findings;
pub mod process;
pub mod proxy;
pub mod stand_in;
pub mod until;
