//! A submission whose text is a logical type (`format=logical`): it is made into a schema of the type that it names, and goes on as one.

use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::invalid_schema::{InvalidSchema, LogicalRefusal};
use super::parse::size;
use super::submission::Submission;
use crate::schema::logical::{self, ConversionError, LogicalType};
use crate::schema::{ParseMode, Parsed};
use crate::types::{SchemaType, Subject};

impl From<LogicalRefusal> for RegistryError {
    fn from(refusal: LogicalRefusal) -> Self {
        Self::InvalidSchema(InvalidSchema::Logical(refusal))
    }
}

/// The name of what has none of its own: the subject's, of letters that every format takes.
fn root_name(subject: &Subject) -> String {
    let qualified = subject.qualified();
    // Java counts UTF-16 units
    let plain =
        |unit: u16| u8::try_from(unit).ok().map(char::from).filter(|c| c.is_ascii_alphanumeric() || *c == '_').unwrap_or('_');
    let name: String = qualified.encode_utf16().map(plain).collect();
    if name.starts_with(|c: char| !c.is_ascii_digit()) { name } else { format!("Envelope{name}") }
}

fn no_stack() -> ConversionError {
    ConversionError::new("no memory to convert the schema")
}

impl Registry {
    /// The submission with the text of a schema in place of the text of a logical type.
    ///
    /// # Errors
    /// The text is no logical type, the type of schema can't hold it, or a reference names nothing.
    pub async fn from_logical(&self, subject: &Subject, submission: Submission) -> Result<Submission, RegistryError> {
        self.check_subject_name(subject)?;
        let wanted = submission.schema_type.clone().filter(|name| !name.trim().is_empty()).ok_or(LogicalRefusal::NoType)?;
        let text: Arc<str> = submission.schema.as_deref().unwrap_or("").into();
        if submission.is_empty() {
            return Err(LogicalRefusal::NoText.into());
        }
        let bytes = size(&text, &[]);
        let read = {
            let text = Arc::clone(&text);
            move || logical::on_stack(|| logical::ddl::read(&text)).unwrap_or_else(|| Err(no_stack()))
        };
        let logical: LogicalType = self.judging_pool.run(bytes, read).await?.map_err(LogicalRefusal::Text)?;
        let mut found = Vec::new();
        let resolved = self.resolve(subject, &submission, true, &mut found).await;
        let (_, references) =
            resolved.map_err(|error| error.or_refuse(|error| InvalidSchema::Logical(LogicalRefusal::Reference(error))))?;
        let schema_type =
            SchemaType::parse(&wanted.to_ascii_uppercase()).ok_or_else(|| LogicalRefusal::UnknownType(wanted.clone()))?;
        let max_depth = self.parse_options(schema_type, ParseMode::Lookup).max_depth;
        let (name, bytes) = (root_name(subject), size(&text, &references));
        let convert = move || {
            let convert = || Parsed::from_logical(schema_type, &logical, &name, &references, max_depth);
            logical::on_stack(convert).unwrap_or_else(|| Err(no_stack()))
        };
        let converted = self.judging_pool.run(bytes, convert).await?;
        let schema = converted.map_err(|error| LogicalRefusal::Unrepresentable(wanted, error))?;
        Ok(Submission { schema: Some(schema), schema_type: Some(schema_type.as_str().to_owned()), ..submission })
    }
}
