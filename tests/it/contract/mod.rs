//! What is held against a text: openapi.yaml, the cases of `tests/vectors/`, the rings of the architecture, cited sections, generated pages.

mod citations;
mod guid;
mod heads;
mod layering;
mod metrics_page;
mod monitoring;
mod names;
mod openapi;
mod recorded_page;
mod rules_page;
pub mod vectors;
