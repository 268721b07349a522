//! A schema under the rules that its subject has in a registry, against the versions that are there.

use super::compare::compare;
use super::input_error::InputError;
use super::loaded_schema::{LoadOptions, LoadedSchema};
use super::outcome::CheckOutcome;
use super::remote::Remote;
use super::source::InputText;
use crate::compat::CompatibilitySettings;
use crate::registry::JudgingLimits;
use crate::schema::{ParseMode, ResolvedReference};
use crate::types::{Config, Metadata, ProtobufPolicy, SchemaType};

/// A schema that is to become the next version.
pub(in crate::cli) struct SubmittedSchema<'s> {
    pub(in crate::cli) input: &'s InputText,
    pub(in crate::cli) schema_type: SchemaType,
    pub(in crate::cli) references: &'s [ResolvedReference],
    pub(in crate::cli) metadata: Option<Metadata>,
    pub(in crate::cli) normalize: bool,
    /// Refuse what a compiler or the meta-schema would refuse.
    pub(in crate::cli) strict: bool,
}

/// What became of it.
pub(in crate::cli) enum SchemaJudgement {
    /// No schema can be made of it.
    Invalid(InputError),
    /// There is nothing to compare with.
    First,
    Compared(Box<CheckOutcome>),
}

/// Reads and compares. What `own` says wins over the subject's config in the registry.
pub(in crate::cli) async fn judge(
    remote: &mut Remote,
    submitted: SubmittedSchema<'_>,
    own: Config,
) -> Result<SchemaJudgement, InputError> {
    let effective = remote.config(own.compatibility).await?;
    let mut config = own;
    config.fall_through(&effective);
    let rules = CompatibilitySettings {
        level: config.compatibility.unwrap_or_default(),
        policy: config.compatibility_policy.unwrap_or_default(),
        protobuf_policy: config.protobuf_policy.unwrap_or_default(),
        validate_fields: config.validate_fields.unwrap_or(false),
        work_budget: JudgingLimits::default().work,
    };
    let reading = LoadOptions {
        mode: if config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup },
        validate_fields: rules.validate_fields,
        strict: submitted.strict || config.protobuf_policy == Some(ProtobufPolicy::Compiled),
        normalize: submitted.normalize || config.normalize.unwrap_or(false),
    };
    let read = LoadedSchema::read(submitted.schema_type, submitted.input.clone(), submitted.references, reading);
    let candidate = match read {
        Ok(candidate) => LoadedSchema { metadata: submitted.metadata, ..candidate },
        Err(error) => return Ok(SchemaJudgement::Invalid(error)),
    };
    let group = config.compatibility_group.as_deref().filter(|group| !group.is_empty());
    let value = group.and_then(|group| candidate.metadata.as_ref()?.property(group).map(str::to_owned));
    let earlier = remote.earlier(None, rules.level, group.map(|group| (group, value.as_deref()))).await?;
    if earlier.is_empty() {
        return Ok(SchemaJudgement::First);
    }
    compare(candidate, earlier, &rules).map(|outcome| SchemaJudgement::Compared(Box::new(outcome)))
}
