//! Karapace's backups of version 3: a file that says what there is, beside files of records, all in Avro, with checksums.

use std::io::{BufRead, Read as _};

use twox_hash::XxHash3_64;

use super::input::{InputFile, failed};
use super::schemas_topic::Replay;
use super::values::json_of;

/// How the file begins that says what there is.
pub(super) const MAGIC: &[u8] = b"/V3\n";
/// Bytes before each record, which say how long it is.
const PREFIX: usize = 4;
/// Most bytes of a record.
const MAX_RECORD: u64 = 256 << 20;
/// The one kind of checksum that there is, by its place in the enum.
const XXHASH3: i64 = 1;

/// Avro's binary encoding, as far as these files use it.
struct AvroBytes<'b>(&'b [u8]);

impl<'b> AvroBytes<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first().ok_or("it ends too early")?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err("a number has too many bytes".to_owned())
    }

    fn bytes(&mut self) -> Result<&'b [u8], String> {
        let count = usize::try_from(self.long()?).map_err(|_| "a length is negative")?;
        self.take(count)
    }

    fn text(&mut self) -> Result<&'b str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a text is not UTF-8".to_owned())
    }

    /// Of a union with null, which is the second of its branches.
    fn optional(&mut self) -> Result<Option<&'b [u8]>, String> {
        match self.long()? {
            0 => self.bytes().map(Some),
            1 => Ok(None),
            _ => Err("a union has no such branch".to_owned()),
        }
    }

    /// The entries of an array or a map, which take a byte each at least.
    fn each(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
                count = count.checked_neg().ok_or("a block has too many entries")?;
            }
            for _ in 0..count {
                read(self)?;
            }
        }
    }
}

/// What the next four bytes say is the length of it; with these four. Nothing at the end.
fn framed(from: &mut dyn BufRead) -> Result<Option<Vec<u8>>, String> {
    let early = |_: std::io::Error| "it ends too early".to_owned();
    if from.fill_buf().map_err(|error| failed(&error))?.is_empty() {
        return Ok(None);
    }
    let mut frame = vec![0; PREFIX];
    from.read_exact(&mut frame).map_err(early)?;
    let prefix: [u8; PREFIX] = frame.as_slice().try_into().map_err(|_| "it ends too early")?;
    let length = u64::from(u32::from_be_bytes(prefix));
    if length > MAX_RECORD {
        return Err(format!("a record has more than {MAX_RECORD} bytes"));
    }
    // as much as there is, whatever the length says
    let read = from.take(length).read_to_end(&mut frame).map_err(early)?;
    if read as u64 == length { Ok(Some(frame)) } else { Err("it ends too early".to_owned()) }
}

struct DataFile {
    name: String,
    checksum: Vec<u8>,
    records: i64,
}

fn metadata(from: &mut dyn BufRead) -> Result<Vec<DataFile>, String> {
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).map_err(|_| "it ends too early")?;
    let frame = framed(from)?.ok_or("it ends too early")?;
    if framed(from)?.is_some() {
        return Err("there is more behind its end".to_owned());
    }
    let mut body = AvroBytes(frame.get(PREFIX..).unwrap_or_default());
    let version = body.long()?;
    if version != 3 {
        return Err(format!("it is of version {version}"));
    }
    body.text()?;
    body.text()?;
    for _started_finished_records in 0..3 {
        body.long()?;
    }
    body.text()?;
    body.optional()?;
    for _partitions_replicas in 0..2 {
        body.long()?;
    }
    body.each(|body| body.text().and_then(|_| body.text()).map(drop))?;
    let mut files = Vec::new();
    body.each(|body| {
        let name = body.text()?.to_owned();
        body.long()?;
        let checksum = body.bytes()?.to_vec();
        let records = body.long()?;
        body.long()?;
        body.long()?;
        files.push(DataFile { name, checksum, records });
        Ok(())
    })?;
    if body.long()? != XXHASH3 {
        return Err("its checksums are of a kind that is not known".to_owned());
    }
    Ok(files)
}

fn records(file: &DataFile, from: &mut dyn BufRead, replay: &mut Replay) -> Result<(), String> {
    let mut sum = XxHash3_64::with_seed(0);
    for number in 0..file.records {
        let at = |what: &str| format!("record {number}: {what}");
        let frame = framed(from).and_then(|frame| frame.ok_or_else(|| "it ends too early".to_owned())).map_err(|why| at(&why))?;
        let mut body = AvroBytes(frame.get(PREFIX..).unwrap_or_default());
        let mut read = || {
            let (key, value) = (body.optional()?, body.optional()?);
            body.each(|body| body.bytes().and_then(|_| body.bytes()).map(drop))?;
            for _offset_timestamp in 0..2 {
                body.long()?;
            }
            Ok::<_, String>((key, value, body.optional()?))
        };
        let (key, value, checkpoint) = read().map_err(|why| at(&why))?;
        if checkpoint.is_some_and(|checkpoint| checkpoint != digest(&sum)) {
            return Err(at("the checksum before it is another one"));
        }
        write(&mut sum, &frame);
        let text = |bytes: Option<&[u8]>| {
            let text = std::str::from_utf8(bytes.unwrap_or_default()).map_err(|_| at("it is not UTF-8"))?;
            json_of(text).map_err(|why| at(&why))
        };
        replay.record((text(key)?.ok_or_else(|| at("it has no key"))?, text(value)?))?;
    }
    if !from.fill_buf().map_err(|error| failed(&error))?.is_empty() {
        return Err("there is more behind the last record".to_owned());
    }
    if digest(&sum).as_slice() != file.checksum {
        return Err("its checksum is another one".to_owned());
    }
    Ok(())
}

fn write(sum: &mut XxHash3_64, bytes: &[u8]) {
    std::hash::Hasher::write(sum, bytes);
}

fn digest(sum: &XxHash3_64) -> [u8; 8] {
    std::hash::Hasher::finish(sum).to_be_bytes()
}

/// Replays all records of a backup, given the file that says what there is. The others are beside it.
pub(super) fn read(input: &InputFile, replay: &mut Replay) -> Result<(), String> {
    let files = metadata(&mut *input.text()?).map_err(|why| format!("is no backup of Karapace: {why}"))?;
    if input.path == "-" {
        return Err("is a backup of several files: name the one that ends in .metadata".to_owned());
    }
    for file in &files {
        let name = &file.name;
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(format!("names a file that can't be beside it: {name}"));
        }
        let beside = input.beside(name).map_err(|why| format!("{name} {why}"))?;
        records(file, &mut *beside.text()?, replay).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}
