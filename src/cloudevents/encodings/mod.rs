//! The three ways in which an event can be written: one front end each, all of them into one [`super::Envelope`].

pub(super) mod http;
pub(super) mod json;
pub(super) mod kafka;
pub(super) mod write;
