//! Length check of NetCDF classic files (CDF-1, CDF-2, CDF-5). The NetCDF library reads zeros behind the end of such a
//! file without a word, so a file that was cut short must be found here.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

const DIMENSION: u32 = 10;
const VARIABLE: u32 = 11;
const ATTRIBUTE: u32 = 12;

/// The length that the header says the file needs; None if this is not a classic file or the number of records is
/// left open ("streaming"). An UnexpectedEof error means that the header itself is cut; InvalidData that it is damaged.
pub(super) fn required_length(file: File) -> io::Result<Option<u64>> {
    let len = file.metadata()?.len();
    let mut header = Header { reader: BufReader::new(file), wide: false, len };
    let version = match header.bytes::<4>()? {
        [b'C', b'D', b'F', version @ (1 | 2 | 5)] => version,
        _ => return Ok(None),
    };
    header.wide = version == 5;
    let records = match header.count()? {
        u64::MAX => None,
        0xffff_ffff if version != 5 => None,
        n => Some(n),
    };
    let dimensions = header.list(DIMENSION, |header| {
        header.name()?;
        header.count()
    })?;
    header.attributes()?;
    let variables = header.list(VARIABLE, |header| {
        header.name()?;
        let n = header.count()?;
        let mut bytes = Some(1u64);
        let mut record = false;
        for axis in 0..n {
            let id = header.count()?;
            let length = usize::try_from(id).ok().and_then(|id| dimensions.get(id)).ok_or_else(damaged)?;
            // Length 0 marks the record dimension, which is the first one.
            if *length == 0 && axis == 0 {
                record = true;
            } else {
                bytes = bytes.and_then(|b| b.checked_mul(*length));
            }
        }
        header.attributes()?;
        let size = type_size(header.u32()?)?;
        header.count()?; // the stored size: redundant, and wrong by design for large variables
        let begin = if version == 1 { u64::from(header.u32()?) } else { header.u64()? };
        let bytes = bytes.and_then(|b| b.checked_mul(size)).ok_or_else(damaged)?;
        Ok((begin, bytes, record))
    })?;

    let padded = |bytes: u64| bytes.div_ceil(4).saturating_mul(4);
    let of_records: Vec<u64> = variables.iter().filter(|v| v.2).map(|v| v.1).collect();
    let stride = match of_records[..] {
        [one] => one,
        _ => of_records.iter().fold(0u64, |sum, bytes| sum.saturating_add(padded(*bytes))),
    };
    let end = variables.iter().map(|&(begin, bytes, record)| match (record, records) {
        (false, _) => begin.saturating_add(bytes),
        (true, Some(n)) if n > 0 => begin.saturating_add((n - 1).saturating_mul(stride)).saturating_add(bytes),
        (true, _) => 0,
    });
    Ok(end.max())
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn type_size(nc_type: u32) -> io::Result<u64> {
    match nc_type {
        1 | 2 | 7 => Ok(1),
        3 | 8 => Ok(2),
        4 | 5 | 9 => Ok(4),
        6 | 10 | 11 => Ok(8),
        _ => Err(damaged()),
    }
}

struct Header {
    reader: BufReader<File>,
    /// CDF-5: counts have 64 bits.
    wide: bool,
    len: u64,
}

impl Header {
    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    fn count(&mut self) -> io::Result<u64> {
        if self.wide { self.u64() } else { self.u32().map(u64::from) }
    }

    /// Skips bytes and the padding to a multiple of four.
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let at = self.reader.stream_position()?;
        let bytes = bytes.checked_next_multiple_of(4).ok_or(io::ErrorKind::UnexpectedEof)?;
        if at.saturating_add(bytes) > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.reader.seek(SeekFrom::Start(at + bytes)).map(|_| ())
    }

    fn name(&mut self) -> io::Result<()> {
        let n = self.count()?;
        self.skip(n)
    }

    /// A tagged list; memory is bounded by the file because each item takes bytes of it.
    fn list<T>(&mut self, tag: u32, mut item: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        match (self.u32()?, self.count()?) {
            (_, 0) => Ok(Vec::new()),
            (found, n) if found == tag => (0..n).map(|_| item(self)).collect(),
            _ => Err(damaged()),
        }
    }

    fn attributes(&mut self) -> io::Result<()> {
        self.list(ATTRIBUTE, |header| {
            header.name()?;
            let size = type_size(header.u32()?)?;
            let n = header.count()?;
            header.skip(n.saturating_mul(size))
        })?;
        Ok(())
    }
}
