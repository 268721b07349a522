//! Where in a schema the words stand that it was found by.

use std::sync::Arc;

use super::MatchKind;
use super::filing::texts;
use crate::registry::Registry;
use crate::registry::error::{RegistryError, readable};
use crate::schema::{Declaration, Parsed, Position};
use crate::store::SearchHit;
use crate::types::{SchemaWords, WordPlace};

/// Declarations that are named for one result.
const MAX_DECLARATIONS: usize = 5;
/// Bytes of a text that is read for that; a larger one is found without saying where.
const MAX_TEXT: usize = 64 << 10;

/// A declaration that has one of the words at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDeclaration {
    pub kind: &'static str,
    pub path: String,
    pub name: String,
    pub ty: String,
    pub position: Option<Position>,
}

impl Registry {
    pub(super) async fn declarations_with(
        &self,
        hit: &SearchHit,
        by: MatchKind,
        words: &[String],
    ) -> Result<Vec<FoundDeclaration>, RegistryError> {
        let schema = self.schema_by_id(hit.subject.context(), hit.id).await?;
        let Some(schema) = schema.filter(|schema| schema.stored.content.text.len() <= MAX_TEXT) else { return Ok(Vec::new()) };
        let Some(parsed) = readable(self.parsed(&schema).await)? else { return Ok(Vec::new()) };
        let outline = self.outline(&parsed).await?;
        let mut found: Vec<(usize, &Declaration)> = outline
            .declarations
            .iter()
            .map(|declaration| (matching(declaration, by, words), declaration))
            .filter(|(count, _)| *count > 0)
            .collect();
        // those with the most words first, else as they stand in the text
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        found.truncate(MAX_DECLARATIONS);
        let positions = parsed.positions(&found.iter().map(|(_, own)| own.at).collect::<Vec<_>>());
        let shown = |(_, own): (usize, &Declaration)| FoundDeclaration {
            kind: own.kind.word(),
            path: own.path.clone(),
            name: own.name.clone(),
            ty: own.ty.clone(),
            position: positions.get(&own.at).copied().filter(|_| own.is_in_text()),
        };
        Ok(found.into_iter().map(shown).collect())
    }

    /// What a schema declares.
    ///
    /// # Errors
    /// Too much is being judged already.
    pub(in crate::registry) async fn outline(&self, parsed: &Parsed) -> Result<Arc<crate::schema::Outline>, RegistryError> {
        let size = super::super::judging_pool::JobSize::Bytes(parsed.canonical().len());
        let parsed = parsed.clone();
        Ok(Arc::new(self.judging_pool.run(size, move || parsed.outline()).await?))
    }
}

/// How many of the words begin one of a declaration's.
fn matching(declaration: &Declaration, by: MatchKind, wanted: &[String]) -> usize {
    let mut words = SchemaWords::default();
    let all = by == MatchKind::Text;
    let own = match by {
        MatchKind::Name => declaration.kind.is_type(),
        MatchKind::Field => !declaration.kind.is_type(),
        _ => all,
    };
    if own {
        words.at_mut(WordPlace::Fields).add_name(&declaration.name);
    }
    if all || by == MatchKind::Label {
        texts(declaration).for_each(|(_, text)| words.at_mut(WordPlace::Texts).add_text(text));
    }
    let has = |word: &&String| {
        let sets = [WordPlace::Fields, WordPlace::Texts].map(|place| words.at(place).words());
        sets.iter().any(|set| set.iter().any(|own| own.starts_with(word.as_str())))
    };
    wanted.iter().filter(has).count()
}
