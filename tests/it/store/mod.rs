//! The databases and the caches over them: what every store must do, and what several writers see of each other.

mod cache;
mod group_commit;
mod places;
mod replicas;
mod suite;
