//! Associations: which subject holds the schemas of a resource, a Kafka topic (rest-api 5.13).

use super::subject::Subject;

/// The only type of resource there is.
pub const TOPIC: &str = "topic";
/// A namespace or name that stands for any.
pub const ANY_RESOURCE: &str = "-";

/// Who owns the schemas of an association.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Lifecycle {
    /// The resource: the subject is its own and goes with it.
    Strong,
    /// The subject lives on its own and may be shared.
    Weak,
}

impl Lifecycle {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name, letter case included.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Whether associations of this lifecycle are frozen: strong ones are, weak ones are not.
    pub fn is_frozen(self) -> bool {
        self == Self::Strong
    }
}

/// Which part of a record the schemas are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum AssociationType {
    Key,
    Value,
}

impl AssociationType {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name, letter case included.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// What has schemas: a topic of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    pub name: String,
    /// The cluster it belongs to.
    pub namespace: String,
    /// [`TOPIC`].
    pub kind: String,
    /// Its id; a topic that is made anew under the same name has another one.
    pub id: String,
}

impl Resource {
    /// The subject that belongs to the resource by its name: `:.{namespace}:{name}-{type}`.
    pub fn default_subject(&self, association_type: AssociationType) -> Subject {
        Subject::in_context(&format!(".{}", self.namespace), &format!("{}-{association_type}", self.name))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// Its own id, a UUID.
    pub guid: String,
    pub resource: Resource,
    /// Keys or values.
    pub association_type: AssociationType,
    pub subject: Subject,
    /// Who owns the subject's schemas.
    pub lifecycle: Lifecycle,
    /// It can't be changed, and not be deleted without its subject.
    pub frozen: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_at: i64,
}
