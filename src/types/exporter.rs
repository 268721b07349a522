//! Exporters: what is copied into another registry, and how far that has got. Importers are defined alike: what is copied out of one.

use std::collections::BTreeMap;

use super::Subject;
use super::subject::{DEFAULT_CONTEXT, WILDCARD_CONTEXT};

/// Which context of the destination a subject goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE", ascii_case_insensitive)]
pub enum ExporterContextType {
    /// One that is called like the cluster, before the source's.
    #[default]
    Auto,
    /// One that is named, before the source's.
    Custom,
    /// That of the source.
    None,
    /// The default one, wherever it comes from.
    Default,
}

impl ExporterContextType {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which way a link of two registries goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum LinkKind {
    /// From here to another registry.
    Exporter,
    /// From another registry to here.
    Importer,
}

impl LinkKind {
    /// `exporter` or `importer`.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// What an exporter is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub enum ExporterState {
    /// It is to run, and no replica has taken it yet.
    Starting,
    Running,
    Paused,
}

impl ExporterState {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An exporter as its user defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exporter {
    pub name: String,
    /// Names of subjects, `*` at the end of one for any that begin so; `:.ctx:…` of a context, `:*:…` of any.
    pub subjects: Vec<String>,
    pub context_type: ExporterContextType,
    /// The context of [`ExporterContextType::Custom`].
    pub context: Option<String>,
    /// With `${subject}` for the name of a subject.
    pub subject_rename_format: Option<String>,
    /// With `${kek}` for the name of a KEK.
    pub kek_rename_format: Option<String>,
    /// Where the destination is, and how to log in there.
    pub config: BTreeMap<String, String>,
}

impl Exporter {
    /// Whether a subject is exported.
    pub fn selects(&self, subject: &Subject) -> bool {
        self.subjects.iter().any(|pattern| {
            let pattern = Subject::parse(pattern);
            let is_context = pattern.context() == WILDCARD_CONTEXT || pattern.context() == subject.context();
            is_context
                && match pattern.name().strip_suffix('*') {
                    Some(prefix) => subject.name().starts_with(prefix),
                    None => pattern.is_context() || pattern.name() == subject.name(),
                }
        })
    }

    /// The subject here of one that an importer takes from the source. `context` takes the place of a context that the pattern names, and
    /// stands before the source's where it takes them from any. `cluster` is the context that [`ExporterContextType::Auto`] puts first.
    pub fn imported(&self, subject: &Subject, cluster: &str) -> Subject {
        let is_named = |pattern: &String| Subject::parse(pattern).context() == subject.context();
        let context = match (self.context_type, self.context.as_deref()) {
            (ExporterContextType::Custom, Some(context)) if self.subjects.iter().any(is_named) => context,
            // the default context before another one is that other one
            (ExporterContextType::Custom, Some(context)) if context == DEFAULT_CONTEXT => subject.context(),
            _ => return self.destination(subject, cluster),
        };
        let renamed = self.destination(subject, cluster);
        Subject::in_context(context, renamed.name())
    }

    /// Whether there is no subject that is not exported.
    pub fn selects_everything(&self) -> bool {
        self.subjects
            .iter()
            .map(|pattern| Subject::parse(pattern))
            .any(|pattern| pattern.context() == WILDCARD_CONTEXT && matches!(pattern.name(), "" | "*"))
    }

    /// The subject of the destination. `cluster` is the context that [`ExporterContextType::Auto`] puts first.
    pub fn destination(&self, subject: &Subject, cluster: &str) -> Subject {
        let below = |first: &str| {
            if subject.is_default_context() { first.to_owned() } else { format!("{first}{}", subject.context()) }
        };
        let context = match self.context_type {
            ExporterContextType::Auto => below(cluster),
            ExporterContextType::Custom => below(self.context.as_deref().unwrap_or(cluster)),
            ExporterContextType::None => subject.context().to_owned(),
            ExporterContextType::Default => Subject::plain("").context().to_owned(),
        };
        let name = match &self.subject_rename_format {
            Some(format) if !subject.is_context() => format.replace("${subject}", subject.name()),
            _ => subject.name().to_owned(),
        };
        Subject::in_context(&context, &name)
    }
}

/// An exporter, and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredExporter {
    pub exporter: Exporter,
    pub state: ExporterState,
    /// The last change that was copied; below 0 where all is still to be copied.
    pub position: i64,
    /// When state, position or trace changed last, in milliseconds since 1970.
    pub moved_at: i64,
    /// What went wrong last; empty while all is well.
    pub trace: String,
    /// Another one after every change by a user.
    pub revision: i64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Exporter, ExporterContextType};
    use crate::types::Subject;

    fn exporter(subjects: &[&str], context_type: ExporterContextType) -> Exporter {
        Exporter {
            name: "e".to_owned(),
            subjects: subjects.iter().map(|&subject| subject.to_owned()).collect(),
            context_type,
            context: Some(".c".to_owned()),
            subject_rename_format: None,
            kek_rename_format: None,
            config: BTreeMap::default(),
        }
    }

    #[test]
    fn patterns_select_by_context_and_by_prefix() {
        for (pattern, selected, left) in [
            ("*", &["a", ""][..], &[":.x:a"][..]),
            (":*:", &["a", ":.x:a", ":.x:"], &[]),
            (":*:a*", &["ab", ":.x:a"], &["b", ":.x:b"]),
            (":.x:*", &[":.x:a"], &["a", ":.y:a"]),
            (":.x:", &[":.x:a"], &["a"]),
            ("orders", &["orders"], &["orders2", ":.x:orders"]),
        ] {
            let exporter = exporter(&[pattern], ExporterContextType::None);
            assert!(selected.iter().all(|name| exporter.selects(&Subject::parse(name))), "{pattern}");
            assert!(!left.iter().any(|name| exporter.selects(&Subject::parse(name))), "{pattern}");
        }
    }

    #[test]
    fn an_importer_maps_the_context_that_it_names() {
        for (pattern, context, from, to) in [
            (":*:", ".", ":.x:a", ":.x:a"),
            (":*:", ".", "a", "a"),
            (":*:", ".here", ":.x:a", ":.here.x:a"),
            (":.site1:*", ".", ":.site1:a", "a"),
            (":.site1:*", ".one", ":.site1:a", ":.one:a"),
            ("*", ".copy", "a", ":.copy:a"),
        ] {
            let importer = Exporter { context: Some(context.to_owned()), ..exporter(&[pattern], ExporterContextType::Custom) };
            assert_eq!(importer.imported(&Subject::parse(from), ".id").qualified(), to, "{pattern} {context} {from}");
        }
        let plain = exporter(&["*"], ExporterContextType::None);
        assert_eq!(plain.imported(&Subject::parse(":.x:a"), ".id").qualified(), ":.x:a");
    }

    #[test]
    fn contexts_of_the_destination_follow_from_the_type() {
        for (context_type, plain, other) in [
            (ExporterContextType::Auto, ":.id:a", ":.id.x:a"),
            (ExporterContextType::Custom, ":.c:a", ":.c.x:a"),
            (ExporterContextType::None, "a", ":.x:a"),
            (ExporterContextType::Default, "a", "a"),
        ] {
            let exporter = exporter(&["*"], context_type);
            let to = |name: &str| exporter.destination(&Subject::parse(name), ".id").qualified();
            assert_eq!((to("a").as_str(), to(":.x:a").as_str()), (plain, other), "{context_type:?}");
        }
        let renamed =
            Exporter { subject_rename_format: Some("dc_${subject}".to_owned()), ..exporter(&["*"], ExporterContextType::None) };
        assert_eq!(renamed.destination(&Subject::parse(":.x:a"), ".id").qualified(), ":.x:dc_a");
    }
}
