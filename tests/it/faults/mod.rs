//! What goes wrong: bad input, limits (also of memory), slow clients, a lost database, a killed process.

mod connections;
mod crash;
mod error_codes;
mod errors;
mod file;
mod hostile;
mod memory;
mod numbers;
mod outage;
mod pooler;
mod postgres;
