//! The routes below `/cloudevents`.

mod documents;
mod resolve;
pub mod validate;
