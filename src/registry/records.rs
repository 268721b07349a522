//! Data of records: decoded into JSON, encoded from it, and made up.

use std::sync::Arc;

use bytes::Bytes;

use super::error::Failure;
use super::judging_pool::JobSize;
use super::resolve::{Hints, Resolution, ResolutionRule, UnresolvedReason};
use super::{Registry, RegistryError};
use crate::access::Rights;
use crate::cloudevents::{Framing, SchemaFacts, WriterId, framing_of};
use crate::records::{DecodeOptions, Decoded, EncodeOptions, Encoded, RandomSource, RecordSampler, Sample, decode, encode};
use crate::schema::PayloadValidator;
use crate::schema::payload::{DataFault, Effort, FaultKind, Work};
use crate::types::{Subject, VersionSelector};

/// How a schema of data is found.
#[derive(Debug, Clone)]
pub struct RecordSchema {
    /// This version.
    pub chosen: Option<(Subject, VersionSelector)>,
    /// The schema of this id or guid.
    pub writer: Option<WriterId>,
    /// The context that ids belong to, if it is not the default one.
    pub context: Option<String>,
    /// What may be read; the rest is as if it were not there.
    pub rights: Arc<Rights>,
}

/// Data to be decoded.
#[derive(Debug, Clone)]
pub struct DecodeInput {
    pub bytes: Bytes,
    /// The header of a record that names the schema (`__value_schema_id`).
    pub header: Option<Vec<u8>>,
    /// The schema of somebody who reads the data.
    pub reader: Option<(Subject, VersionSelector)>,
    pub options: DecodeOptions,
}

/// Decoded data, and what it was decoded with.
#[derive(Debug, Clone)]
pub struct DecodedRecord {
    pub schema: SchemaFacts,
    /// The framing that was taken off.
    pub framing: Option<WriterId>,
    pub decoded: Decoded,
    pub reader: Option<SchemaFacts>,
}

/// Samples, and the schema that they are of.
#[derive(Debug, Clone)]
pub struct SampledRecords {
    pub schema: SchemaFacts,
    pub samples: Vec<Sample>,
}

/// Encoded data, and what it was encoded with.
#[derive(Debug, Clone)]
pub struct EncodedRecord {
    pub schema: SchemaFacts,
    pub encoded: Encoded,
}

/// What a schema is called. One whose id or guid the caller gave is not named by the data.
fn facts(found: &Resolution, asked: &RecordSchema) -> SchemaFacts {
    let facts = SchemaFacts::from(found);
    if asked.writer.is_some() && facts.resolved_by == ResolutionRule::RecordHeader.as_str() {
        return SchemaFacts { resolved_by: ResolutionRule::Override.as_str(), ..facts };
    }
    facts
}

/// The schema of data, and how the data is read.
pub(super) struct FoundRecord {
    pub(super) found: Resolution,
    pub(super) framing: Option<Framing>,
    pub(super) options: DecodeOptions,
}

impl Registry {
    /// Decodes data with the schema that it, its header or the caller names.
    ///
    /// # Errors
    /// No schema is named or known, or the data is not in its encoding.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn decode_record(&self, input: DecodeInput, schema: &RecordSchema) -> Result<DecodedRecord, RegistryError> {
        let FoundRecord { found, framing, options } = self.find_record(&input, schema).await?;
        let reader = match &input.reader {
            Some(chosen) => {
                let hints = Hints { chosen: Some(chosen.clone()), ..Hints::default() };
                Some(self.record_schema(&hints, &schema.rights).await?)
            }
            None => None,
        };
        let payload = self.record_payload(&found).await?;
        let reading = match &reader {
            Some(reader) => Some(self.record_payload(reader).await?),
            None => None,
        };
        let (bytes, length) = (input.bytes, framing.map_or(0, |framing: Framing| framing.len()));
        let decoded = self
            .judged(bytes.len(), move |work| {
                let bytes = bytes.get(length..).unwrap_or_default();
                decode(&payload, reading.as_ref(), bytes, &options, work).map_err(|fault| vec![fault])
            })
            .await?;
        Ok(DecodedRecord {
            schema: facts(&found, schema),
            framing: framing.map(|framing| framing.writer),
            decoded,
            reader: reader.as_ref().map(SchemaFacts::from),
        })
    }

    /// Encodes a JSON text with the schema that the caller names.
    ///
    /// # Errors
    /// No schema is named or known, or the data does not fit it.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn encode_record(
        &self,
        text: String,
        schema: &RecordSchema,
        options: EncodeOptions,
    ) -> Result<EncodedRecord, RegistryError> {
        let (chosen, context) = (schema.chosen.clone(), schema.context.clone());
        let hints = Hints { record_header: schema.writer, chosen, context, ..Hints::default() };
        let found = self.record_schema(&hints, &schema.rights).await?;
        let payload = self.record_payload(&found).await?;
        let encoded = self.judged(text.len(), move |work| encode(&payload, &text, &options, work)).await?;
        Ok(EncodedRecord { schema: facts(&found, schema), encoded })
    }

    /// Makes up data that the schema accepts which the caller names: so many pieces, the same ones for the same seed.
    ///
    /// # Errors
    /// No schema is named or known, or no data was found that it accepts.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sample_records(
        &self,
        schema: &RecordSchema,
        options: EncodeOptions,
        count: usize,
        seed: u64,
    ) -> Result<SampledRecords, RegistryError> {
        let (chosen, context) = (schema.chosen.clone(), schema.context.clone());
        let hints = Hints { record_header: schema.writer, chosen, context, ..Hints::default() };
        let found = self.record_schema(&hints, &schema.rights).await?;
        let payload = self.record_payload(&found).await?;
        let unfit = |error: String| RegistryError::UnfitData(vec![DataFault::new(FaultKind::Mismatch, "", error)]);
        let parsed = self.parsed(&found.schema).await.map_err(|failure| match failure {
            Failure::Input(error) => unfit(format!("the schema can't be used: {error}")),
            Failure::Registry(error) => error,
        })?;
        let job = move || -> Result<Vec<Sample>, Vec<DataFault>> {
            let sampler = RecordSampler::new(&parsed, payload.clone())
                .map_err(|error| vec![DataFault::new(FaultKind::Mismatch, "", error.to_string())])?;
            let mut source = RandomSource::new(seed);
            (0..count).map(|_| sampler.sample(&mut source, &options, &mut Work::new(Effort::Full, None))).collect()
        };
        let samples = self.judging_pool.run(JobSize::Unmeasured, job).await?.map_err(RegistryError::UnfitData)?;
        Ok(SampledRecords { schema: facts(&found, schema), samples })
    }

    /// The schema of data, and where the data begins.
    pub(super) async fn find_record(&self, input: &DecodeInput, schema: &RecordSchema) -> Result<FoundRecord, RegistryError> {
        let framing = framing_of(&input.bytes);
        let header = input.header.as_deref().and_then(|header| Some((framing_of(header)?, header)));
        let hints = Hints {
            record_header: schema.writer.or(header.map(|(framing, _)| framing.writer)),
            framing: framing.map(|framing| framing.writer),
            chosen: schema.chosen.clone(),
            context: schema.context.clone(),
            ..Hints::default()
        };
        let found = self.record_schema(&hints, &schema.rights).await?;
        // what looks like framing is framing where it names a schema that is known, or the very one that was chosen
        let writer = self.writer_schema(&Hints { record_header: None, ..hints }, &schema.rights).await?;
        let is_framed = writer.is_some();
        let found = match writer {
            Some(writer) if schema.writer.is_none() => writer,
            _ => found,
        };
        let record_indexes = header.and_then(|(framing, header)| header.get(framing.len()..)).map(<[u8]>::to_vec);
        let options = DecodeOptions { is_framed, record_indexes, ..input.options.clone() };
        Ok(FoundRecord { found, framing: framing.filter(|_| is_framed), options })
    }

    pub(super) async fn record_schema(&self, hints: &Hints, rights: &Rights) -> Result<Resolution, RegistryError> {
        let found = self.resolve_event_schema(hints, rights).await?;
        found.map_err(|unresolved| {
            RegistryError::NoRecordSchema(match unresolved.reason {
                UnresolvedReason::Unknown(what) => Some(what),
                // neither URIs nor names are looked up for data
                _ => None,
            })
        })
    }

    pub(super) async fn record_payload(&self, found: &Resolution) -> Result<PayloadValidator, RegistryError> {
        let prepared = self.prepared(&found.schema, true, found.fragment.as_deref()).await?;
        prepared.map_err(|error| {
            let message = format!("the schema can't be used: {error}");
            RegistryError::UnfitData(vec![DataFault::new(FaultKind::Mismatch, "", message)])
        })
    }

    /// Does a job over data: at once if it is short, else when it is its turn.
    pub(super) async fn judged<T, J>(&self, bytes: usize, job: J) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        J: Fn(&mut Work<'_>) -> Result<T, Vec<DataFault>> + Send + 'static,
    {
        let unsettled = |fault: &DataFault| matches!(fault.kind, FaultKind::Work | FaultKind::Memory);
        let pool = &self.judging_pool;
        match pool.run_inline(JobSize::Bytes(bytes), || job(&mut Work::new(Effort::Quick, None))) {
            None => {}
            Some(Err(faults)) if faults.iter().any(unsettled) => {}
            Some(settled) => return settled.map_err(RegistryError::UnfitData),
        }
        let work = pool.run_heavy(move |meter| meter.run(|| job(&mut Work::new(Effort::Full, None))));
        work.await?.map_err(|why| pool.error(why))?.map_err(RegistryError::UnfitData)
    }
}
