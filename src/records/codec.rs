//! Codecs of container files, all that the Avro specification names: what a block may become is bounded before anything is inflated.

use std::borrow::Cow;
use std::io::{Read, Write as _};

use bzip2::read::BzDecoder;
use bzip2::write::BzEncoder;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use strum::{Display, EnumString, VariantNames};

/// Bytes that a block may have when it is no longer compressed.
const MAX_BLOCK: usize = 256 << 20;
/// What one byte of snappy can become, at most: an element of three bytes copies 64.
const SNAPPY_RATIO: usize = 22;
/// zstd and xz say how much memory they need; this is what their highest levels take.
const ZSTD_WINDOW_LOG: u32 = 27;
const XZ_MEMORY_KIB: u32 = 100 << 10;
/// What xz writes with by default.
const XZ_PRESET: u32 = 6;
/// Behind a block of snappy: the CRC32 of its content, big endian.
const CRC: usize = 4;

/// How the blocks of a container file are compressed, by the names of `avro.codec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Display, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum ContainerCodec {
    #[default]
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

impl ContainerCodec {
    /// The names.
    pub const NAMES: &'static [&'static str] = Self::VARIANTS;

    /// A block as its data are one after the other.
    pub(super) fn inflated(self, block: &[u8]) -> Result<Cow<'_, [u8]>, String> {
        let failed = |error: std::io::Error| format!("a block of the file can't be inflated: {error}");
        let inflated = match self {
            Self::Null => return Ok(Cow::Borrowed(block)),
            Self::Snappy => snappy(block)?,
            Self::Deflate => bounded(DeflateDecoder::new(block))?,
            Self::Zstandard => {
                let mut decoder = zstd::Decoder::with_buffer(block).map_err(failed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(failed)?;
                bounded(decoder)?
            }
            Self::Bzip2 => bounded(BzDecoder::new(block))?,
            Self::Xz => bounded(XzReader::new_mem_limit(block, false, XZ_MEMORY_KIB))?,
        };
        Ok(Cow::Owned(inflated))
    }

    /// Data as a block.
    pub(super) fn deflated(self, data: &[u8]) -> Result<Vec<u8>, String> {
        let done = match self {
            Self::Null => Ok(data.to_vec()),
            Self::Deflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(data).and_then(|()| encoder.finish())
            }
            Self::Snappy => snap::raw::Encoder::new().compress_vec(data).map_err(std::io::Error::other).map(|mut block| {
                block.extend(crc(data).to_be_bytes());
                block
            }),
            Self::Zstandard => zstd::encode_all(data, 0),
            Self::Bzip2 => {
                let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::default());
                encoder.write_all(data).and_then(|()| encoder.finish())
            }
            Self::Xz => XzWriter::new(Vec::new(), XzOptions::with_preset(XZ_PRESET)).and_then(|mut encoder| {
                encoder.write_all(data)?;
                encoder.finish()
            }),
        };
        done.map_err(|error| format!("a block can't be compressed: {error}"))
    }
}

fn too_large() -> String {
    format!("a block of the file has more than {MAX_BLOCK} bytes")
}

fn bounded(reader: impl Read) -> Result<Vec<u8>, String> {
    let mut inflated = Vec::new();
    let read = reader.take(MAX_BLOCK as u64 + 1).read_to_end(&mut inflated);
    read.map_err(|error| format!("a block of the file can't be inflated: {error}"))?;
    if inflated.len() > MAX_BLOCK { Err(too_large()) } else { Ok(inflated) }
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

/// The size stands in front, and is room that is taken: it must be one that the bytes can become.
fn snappy(block: &[u8]) -> Result<Vec<u8>, String> {
    let failed = |error: snap::Error| format!("a block of the file can't be inflated: {error}");
    let (packed, sum) = block.split_last_chunk::<CRC>().ok_or("a block of the file is too short for its checksum")?;
    let size = snap::raw::decompress_len(packed).map_err(failed)?;
    if size > MAX_BLOCK {
        return Err(too_large());
    }
    if size > packed.len().saturating_mul(SNAPPY_RATIO) {
        return Err(format!("a block of the file claims {size} bytes, which its {} can't become", packed.len()));
    }
    let data = snap::raw::Decoder::new().decompress_vec(packed).map_err(failed)?;
    if crc(&data) != u32::from_be_bytes(*sum) {
        return Err("the checksum of a block of the file is not that of its data".to_owned());
    }
    Ok(data)
}
