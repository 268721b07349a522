//! The databases: what every store must do, and what several writers see of each other.

mod replicas;
mod suite;
