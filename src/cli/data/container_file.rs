//! An Avro container file on its way to standard output.

use super::arguments::OutputForm;
use super::bytes::print;
use super::schemas::DataSchema;
use crate::cli::check::InputError;
use crate::records::{ContainerCodec, ContainerWriter};
use crate::schema::{Format as _, Parsed};

pub(super) struct ContainerFile {
    writer: ContainerWriter,
}

impl ContainerFile {
    /// `sync` is what separates blocks.
    pub(super) fn begin(schema: &DataSchema, codec: ContainerCodec, sync: u128) -> Result<Self, InputError> {
        let Parsed::Avro(avro) = &schema.parsed else {
            return Err(InputError::new("a container file holds data of Avro, and the schema is none"));
        };
        // a reader of the file has nothing but the text
        let text = avro.bundled().map_err(|error| InputError::new(format!("the schema can't be written: {error}")))?;
        let (writer, head) = ContainerWriter::new(&text, codec, sync.to_be_bytes());
        print(&head, OutputForm::Raw)?;
        Ok(Self { writer })
    }

    pub(super) fn add(&mut self, datum: &[u8]) -> Result<(), InputError> {
        print(&self.writer.add(datum).map_err(InputError::new)?, OutputForm::Raw)
    }

    pub(super) fn finish(self) -> Result<(), InputError> {
        print(&self.writer.finish().map_err(InputError::new)?, OutputForm::Raw)
    }
}
