//! What the routes answer when all is well, or when a request asks for what is not there. Bad bodies, limits and failures are in `faults`.

mod associations;
pub mod cloudevents;
mod compatibility;
mod contexts;
mod delete;
mod explore;
mod exporters;
mod exporters_failing;
mod find;
mod importers;
mod jsonata;
mod keys;
mod logical;
mod middleware;
mod pages;
mod ready_answers;
mod records;
mod register;
mod register_tree;
mod rules;
mod settings;
mod to_the_letter;
mod ui;
mod usage;
