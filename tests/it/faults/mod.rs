//! What goes wrong: bad input, limits (also of memory), slow clients and too many of them, a lost database, a killed process.

mod connections;
mod crash;
mod error_codes;
mod errors;
mod failover;
mod file;
mod framing;
mod full_house;
mod hostile;
mod http2;
mod logging;
mod memory;
mod numbers;
mod outage;
mod pooler;
mod postgres;
