//! The binary as people and scripts use it: its commands, its exit codes, its configuration.

mod backup;
mod ce_convert;
mod ce_resolve;
mod ce_validate;
pub mod check;
mod cloudevents_config;
mod cutover;
mod data;
mod doctor;
mod help;
mod lint;
mod migrate;
mod migrate_files;
mod ping;
mod project;
mod registry;
mod serve;
mod settings;
mod signals;
mod traces;
