//! What can be allowed: Confluent's operations and two of our own; roles are names for sets of them.

/// Declares the operations: variant, name in rules, word in messages.
macro_rules! operations {
    ($($variant:ident, $name:literal, $word:literal, $help:literal;)*) => {
        /// Something that a principal may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $(#[doc = $help] $variant,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in rules, which is Confluent's.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How Confluent's messages call it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

operations! {
    SubjectRead, "SUBJECT_READ", "Read", "Read versions of a subject, and schemas that it holds.";
    SubjectWrite, "SUBJECT_WRITE", "Write", "Register versions of a subject, and try whether they would be compatible.";
    SubjectDelete, "SUBJECT_DELETE", "Delete", "Delete versions of a subject, or all of it.";
    SubjectCompatibilityRead, "SUBJECT_COMPATIBILITY_READ", "ReadCompatibility", "Read config and mode of a subject.";
    SubjectCompatibilityWrite, "SUBJECT_COMPATIBILITY_WRITE", "WriteCompatibility", "Change config and mode of a subject.";
    GlobalRead, "GLOBAL_READ", "Read", "Ask for lists; they hold what the principal may read.";
    GlobalCompatibilityRead, "GLOBAL_COMPATIBILITY_READ", "ReadCompatibility", "Read config and mode of the registry.";
    GlobalCompatibilityWrite, "GLOBAL_COMPATIBILITY_WRITE", "WriteCompatibility", "Change config and mode of the registry.";
    Admin, "ADMIN", "Admin", "What concerns the server as a whole.";
    AuditRead, "AUDIT_READ", "ReadAudit", "Read the record of who changed what.";
}

impl Operation {
    /// Whether it is about the registry as a whole, not about subjects.
    pub fn is_global(self) -> bool {
        self >= Self::GlobalRead
    }

    /// Reads a name as rules have it. `GLOBAL_SUBJECTS_READ` is what Confluent before 6.1 calls `GLOBAL_READ`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("GLOBAL_SUBJECTS_READ") {
            return Some(Self::GlobalRead);
        }
        Self::ALL.iter().copied().find(|operation| operation.name().eq_ignore_ascii_case(text))
    }

    /// Reads a name or, for operations on subjects, the word in messages: `Write`.
    pub fn parse_word(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::ALL.iter().copied().find(|operation| operation.word().eq_ignore_ascii_case(text)))
    }
}

/// A set of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Operations(u16);

impl Operations {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// A set of these.
    pub fn of(operations: &[Operation]) -> Self {
        operations.iter().copied().collect()
    }

    pub fn contains(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u16) != 0
    }

    /// What is in either.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.iter().copied().filter(move |operation| self.contains(*operation))
    }

    /// Those that are about the registry as a whole.
    pub fn global() -> Self {
        Operation::ALL.iter().copied().filter(|operation| operation.is_global()).collect()
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        Self(operations.into_iter().fold(0, |bits, operation| bits | 1 << operation as u16))
    }
}

/// A name for a set of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Reader,
    Producer,
    Developer,
    Manager,
    Owner,
    Admin,
}

impl Role {
    pub const ALL: [Self; 6] = [Self::Reader, Self::Producer, Self::Developer, Self::Manager, Self::Owner, Self::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Producer => "producer",
            Self::Developer => "developer",
            Self::Manager => "manager",
            Self::Owner => "owner",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == text)
    }

    /// What it may do. Every role reads, and asks for lists: those hold only what may be read. A producer reads the compatibility level,
    /// without which kafkajs does not register.
    pub fn operations(self) -> Operations {
        use Operation as O;
        let reader = Operations::of(&[O::SubjectRead, O::SubjectCompatibilityRead, O::GlobalRead, O::GlobalCompatibilityRead]);
        let further: &[Operation] = match self {
            Self::Reader => &[],
            Self::Producer => &[O::SubjectWrite],
            Self::Developer => &[O::SubjectWrite, O::SubjectCompatibilityWrite],
            Self::Manager => &[O::SubjectDelete, O::SubjectCompatibilityWrite],
            Self::Owner => &[O::SubjectWrite, O::SubjectDelete, O::SubjectCompatibilityWrite],
            Self::Admin => Operation::ALL,
        };
        reader.union(Operations::of(further))
    }
}
