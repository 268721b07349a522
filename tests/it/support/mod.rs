//! What the drawers share: servers in this process, the binary as a process, and the check of answers against openapi.yaml.

pub mod app;
pub mod contract;
pub mod process;
