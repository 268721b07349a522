//! What validating a document yields, in the terms of the specification's output formats.

use crate::schema::payload::{DataFault, FailedKeyword, FaultKind};

/// One reason why a document is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// JSON pointer into the document.
    pub instance_path: String,
    /// The keyword that failed; `falseSchema` for a schema that is `false`. Empty when the document could not be validated at
    /// all.
    pub keyword: String,
    /// JSON pointer of the keyword in the text that holds it.
    pub schema_path: String,
    /// The pointer as walked, through `$ref`.
    pub evaluation_path: String,
    /// The address of that text, when it is a referenced one.
    pub schema: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The same without values of the document.
    pub masked: String,
    /// What is wrong with the alternatives of an `anyOf` or `oneOf`, where asked for.
    pub causes: Vec<DocumentError>,
}

impl DocumentError {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            instance_path: String::new(),
            keyword: String::new(),
            schema_path: String::new(),
            evaluation_path: String::new(),
            schema: None,
            masked: message.clone(),
            message,
            causes: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValidationReport {
    /// The errors, in the order of the walk. None means valid.
    pub errors: Vec<DocumentError>,
    pub truncated: bool,
}

impl ValidationReport {
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { errors: vec![DocumentError::whole(message)], truncated: false }
    }
}

impl From<DocumentError> for DataFault {
    fn from(error: DocumentError) -> Self {
        let DocumentError { instance_path: pointer, keyword, schema_path: schema_pointer, schema, message, .. } = error;
        let keyword = (!keyword.is_empty()).then(|| Box::new(FailedKeyword { keyword, schema_pointer, schema }));
        Self { kind: FaultKind::Mismatch, pointer, message, keyword }
    }
}
