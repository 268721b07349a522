//! A format whose engine has not landed: every text of it is refused with a clear line.

use super::face::{CheckError, CheckOptions, EntityTags, ParseOptions, ResolvedReference, SchemaError, TagEdit};
use super::finding::Finding;

/// No value of this exists.
#[derive(Debug)]
pub enum Schema {}

impl Schema {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn parse(_: &str, _: &[ResolvedReference], _: &ParseOptions) -> Result<Self, SchemaError> {
        Err(SchemaError::parse("this build has no engine for the schema type"))
    }

    /// The canonical text.
    #[must_use]
    pub fn canonical(&self) -> &str {
        match *self {}
    }

    /// The normalized text.
    ///
    /// # Errors
    /// None.
    pub fn normalized(&self) -> Result<String, SchemaError> {
        match *self {}
    }

    /// Another representation.
    #[must_use]
    pub fn formatted(&self, _: &str) -> Option<Result<String, SchemaError>> {
        match *self {}
    }

    /// Sameness.
    #[must_use]
    pub fn equivalent(&self, _: &Self) -> bool {
        match *self {}
    }

    /// Its own name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match *self {}
    }

    /// Top-level fields.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        match *self {}
    }

    /// Inline tags.
    #[must_use]
    pub fn tags(&self) -> Vec<EntityTags> {
        match *self {}
    }

    /// Inline tags, edited.
    ///
    /// # Errors
    /// None.
    pub fn edit_tags(&self, _: &[TagEdit], _: &[TagEdit], _: bool) -> Result<String, SchemaError> {
        match *self {}
    }

    /// Bytes held.
    #[must_use]
    pub fn weight(&self) -> usize {
        match *self {}
    }

    /// A check.
    ///
    /// # Errors
    /// None.
    pub fn check(reader: &Self, _: &Self, _: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        match *reader {}
    }
}
