//! Header and directory (SPEC sections 3 and 4).

use crate::compress;
use crate::error::{Error, limit};
use crate::image::Image;
use crate::limits::{
    ALIGNMENT, EXPANSION_SLACK, HEADER_LEN, MAGIC, MAX_COORDINATE_BYTES, MAX_EXPANSION, MAX_META_BYTES, MAX_SECTIONS,
    PACKED_HEADER_LEN, SECTION_LEN,
};
use crate::record::{Record, RecordWriter};
use crate::{MAJOR, MINOR};

/// Kinds of sections that this version knows.
pub(crate) mod kind {
    pub(crate) const META: [u8; 4] = *b"META";
    pub(crate) const VARS: [u8; 4] = *b"VARS";
    pub(crate) const SEGS: [u8; 4] = *b"SEGS";
    pub(crate) const NETS: [u8; 4] = *b"NETS";
    pub(crate) const MASK: [u8; 4] = *b"MASK";
    pub(crate) const INDX: [u8; 4] = *b"INDX";
    pub(crate) const COOR: [u8; 4] = *b"COOR";
    pub(crate) const BLKS: [u8; 4] = *b"BLKS";
    pub(crate) const ALL: [[u8; 4]; 8] = [META, VARS, SEGS, NETS, MASK, INDX, COOR, BLKS];
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Major and minor version.
    pub version: (u16, u16),
    /// Length of the file in bytes.
    pub file_len: u64,
    /// SHA-256 of everything after the header; identifies a model. [`Reader::check`](crate::Reader::check) verifies it.
    pub content_hash: [u8; 32],
    pub(crate) n_sections: u32,
    /// What guards the directory.
    pub(crate) front: FrontGuard,
}

/// How what stands before the payloads is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrontGuard {
    /// As it is.
    Plain { directory_crc: u32 },
    /// Packed into `len` bytes (SPEC section 3.1).
    Packed { len: u16, crc: u32 },
}

impl Header {
    /// Reads and checks the header of a file of `file_len` bytes that starts with `bytes`.
    pub(crate) fn parse(bytes: &[u8], file_len: u64) -> Result<Self, Error> {
        if let Some(magic) = bytes.first_chunk::<8>()
            && *magic != MAGIC
        {
            return Err(Error::invalid(0, "this is not a .neuvol file, or a text-mode transfer has damaged it"));
        }
        let record = Record::<PACKED_HEADER_LEN>::at(Image::start(bytes), 0)?;
        let (major, minor) = (record.u16(8), record.u16(10));
        // Before all else: another major may look different from here on.
        if major != MAJOR {
            return Err(Error::Version { major, minor, supported: MAJOR });
        }
        let header = if record.u32(12) == PACKED_HEADER_LEN as u32 {
            Self::packed(&record)?
        } else {
            Self::plain(&Record::at(Image::start(bytes), 0)?)?
        };
        if file_len < header.file_len {
            return Err(Error::Truncated { expected: header.file_len, actual: file_len });
        }
        if file_len > header.file_len {
            let what = format!("{} bytes follow the end of the file that the header names", file_len - header.file_len);
            return Err(Error::invalid(header.file_len, what));
        }
        if header.n_sections == 0 {
            let at = if matches!(header.front, FrontGuard::Plain { .. }) { 24 } else { 20 };
            return Err(Error::invalid(at, "the file has no sections"));
        }
        limit("number of sections", header.n_sections.into(), MAX_SECTIONS)?;
        Ok(header)
    }

    fn plain(record: &Record<'_, HEADER_LEN>) -> Result<Self, Error> {
        record.own_crc("header")?;
        if record.u32(12) != HEADER_LEN as u32 {
            let what =
                format!("the header length is {} and must be {HEADER_LEN} or {PACKED_HEADER_LEN}", record.u32(12));
            return Err(record.invalid(12, what));
        }
        record.reserved(64..124)?;
        Ok(Self {
            version: (record.u16(8), record.u16(10)),
            file_len: record.u64(16),
            content_hash: record.array(32),
            n_sections: record.u32(24),
            front: FrontGuard::Plain { directory_crc: record.u32(28) },
        })
    }

    fn packed(record: &Record<'_, PACKED_HEADER_LEN>) -> Result<Self, Error> {
        record.own_crc("header")?;
        let header = Self {
            version: (record.u16(8), record.u16(10)),
            file_len: record.u32(16).into(),
            content_hash: record.array(28),
            n_sections: record.u16(20).into(),
            front: FrontGuard::Packed { len: record.u16(22), crc: record.u32(24) },
        };
        if header.front_end() > header.file_len {
            return Err(record.invalid(22, "the packed front ends outside the file"));
        }
        Ok(header)
    }

    /// Where the content begins of which the hash is taken.
    pub(crate) fn len(&self) -> usize {
        match self.front {
            FrontGuard::Plain { .. } => HEADER_LEN,
            FrontGuard::Packed { .. } => PACKED_HEADER_LEN,
        }
    }

    /// Where the packed front ends in the file; that of a plain file has no end of its own.
    pub(crate) fn front_end(&self) -> u64 {
        match self.front {
            FrontGuard::Plain { .. } => HEADER_LEN as u64,
            FrontGuard::Packed { len, .. } => PACKED_HEADER_LEN as u64 + u64::from(len),
        }
    }

    /// Alignment of the payloads in bytes.
    pub(crate) fn payload_alignment(&self) -> u64 {
        match self.front {
            FrontGuard::Plain { .. } => ALIGNMENT,
            FrontGuard::Packed { .. } => 1,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self.front {
            FrontGuard::Plain { directory_crc } => {
                let mut record = RecordWriter::<HEADER_LEN>::new();
                record.put(0, MAGIC).put(8, MAJOR.to_le_bytes()).put(10, MINOR.to_le_bytes());
                record.put(12, (HEADER_LEN as u32).to_le_bytes()).put(16, self.file_len.to_le_bytes());
                record.put(24, self.n_sections.to_le_bytes()).put(28, directory_crc.to_le_bytes());
                record.put(32, self.content_hash).own_crc();
                record.0.to_vec()
            }
            FrontGuard::Packed { len, crc } => {
                let mut record = RecordWriter::<PACKED_HEADER_LEN>::new();
                record.put(0, MAGIC).put(8, MAJOR.to_le_bytes()).put(10, MINOR.to_le_bytes());
                // The writer packs no file that is too long for 32 bits, nor one of more than 254 sections.
                record.put(12, (PACKED_HEADER_LEN as u32).to_le_bytes()).put(16, (self.file_len as u32).to_le_bytes());
                record.put(20, (self.n_sections as u16).to_le_bytes()).put(22, len.to_le_bytes());
                record.put(24, crc.to_le_bytes()).put(28, self.content_hash).own_crc();
                record.0.to_vec()
            }
        }
    }
}

/// One entry of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Four ASCII letters.
    pub kind: [u8; 4],
    /// Bit 0: a reader that does not know the kind skips the section.
    pub flags: u32,
    /// Where the section starts; a multiple of 64.
    pub offset: u64,
    /// Stored length in bytes.
    pub len: u64,
    /// Length after decompression in bytes.
    pub raw_len: u64,
    /// 0 = none, 1 = zstd.
    pub compression: u16,
    /// Number of records; 0 for sections that have none.
    pub items: u64,
    pub(crate) crc: u32,
}

impl Section {
    /// Flag of sections that older readers may skip.
    pub const OPTIONAL: u32 = 1;

    /// The kind as text.
    #[must_use]
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.kind).into_owned()
    }

    /// Reads and checks the directory.
    pub(crate) fn parse_all(image: Image<'_>, header: &Header) -> Result<Vec<Self>, Error> {
        let start = HEADER_LEN as u64;
        let len = u64::from(header.n_sections) * SECTION_LEN as u64;
        if start + len > image.file_len() {
            return Err(Error::Truncated { expected: start + len, actual: image.file_len() });
        }
        let directory = image.need(start, len)?;
        match header.front {
            FrontGuard::Plain { directory_crc } if crate::crc(directory) != directory_crc => {
                return Err(Error::Checksum { what: "directory", offset: start });
            }
            // That of a packed front was checked with all of it.
            FrontGuard::Plain { .. } | FrontGuard::Packed { .. } => {}
        }
        let sections = (0..u64::from(header.n_sections))
            .map(|i| Self::parse(&Record::at(image, start + i * SECTION_LEN as u64)?, image.file_len()))
            .collect::<Result<Vec<_>, _>>()?;
        no_overlap(&sections, start + len)?;
        for (i, section) in sections.iter().enumerate() {
            if sections[..i].iter().any(|other| other.kind == section.kind) {
                let offset = start + (i * SECTION_LEN) as u64;
                return Err(Error::invalid(
                    offset,
                    format!("section {} stands twice in the directory", section.name()),
                ));
            }
        }
        Ok(sections)
    }

    fn parse(record: &Record<'_, SECTION_LEN>, file_len: u64) -> Result<Self, Error> {
        let section = Self {
            kind: record.array(0),
            flags: record.u32(4),
            offset: record.u64(8),
            len: record.u64(16),
            raw_len: record.u64(24),
            compression: record.u16(32),
            items: record.u64(40),
            crc: record.u32(36),
        };
        if !section.kind.iter().all(u8::is_ascii_graphic) {
            return Err(record.invalid(0, format!("the section kind {:?} is not ASCII", section.kind)));
        }
        if section.flags & !Self::OPTIONAL != 0 {
            return Err(record.invalid(4, format!("section {} has unknown flags {:#x}", section.name(), section.flags)));
        }
        record.reserved(34..36)?;
        record.reserved(48..64)?;
        if !section.offset.is_multiple_of(ALIGNMENT) {
            return Err(record.invalid(8, format!("section {} does not start at a multiple of 64", section.name())));
        }
        if section.offset.checked_add(section.len).is_none_or(|end| end > file_len) {
            return Err(record.invalid(8, format!("section {} ends outside the file", section.name())));
        }
        section.check_kind(record)?;
        Ok(section)
    }

    /// The rules that depend on the kind.
    fn check_kind(&self, record: &Record<'_, SECTION_LEN>) -> Result<(), Error> {
        if !kind::ALL.contains(&self.kind) {
            return if self.flags & Self::OPTIONAL != 0 {
                Ok(())
            } else {
                Err(Error::Unsupported { what: "section", id: u32::from_le_bytes(self.kind) })
            };
        }
        let may_be_compressed = self.kind == kind::META || self.kind == kind::COOR;
        if self.compression > compress::ZSTD {
            // COOR is needed only when somebody asks for coordinates.
            return if self.kind == kind::COOR { Ok(()) } else { Err(self.unknown_compression()) };
        }
        if self.compression == compress::ZSTD && !may_be_compressed {
            return Err(record.invalid(32, format!("section {} must not be compressed", self.name())));
        }
        if self.compression == compress::NONE && self.raw_len != self.len {
            return Err(record.invalid(24, format!("section {} is not compressed but has two lengths", self.name())));
        }
        if may_be_compressed {
            self.check_raw_len()?;
        }
        Ok(())
    }

    fn check_raw_len(&self) -> Result<(), Error> {
        let (what, most) = match self.kind {
            kind::META => ("bytes of META", MAX_META_BYTES),
            _ => ("bytes of COOR", MAX_COORDINATE_BYTES),
        };
        let justified = self.len.saturating_mul(MAX_EXPANSION).saturating_add(EXPANSION_SLACK);
        limit(what, self.raw_len, most.min(justified))
    }

    pub(crate) fn unknown_compression(&self) -> Error {
        Error::Unsupported { what: "compression", id: self.compression.into() }
    }

    pub(crate) fn to_bytes(&self) -> [u8; SECTION_LEN] {
        let mut record = RecordWriter::new();
        record.put(0, self.kind).put(4, self.flags.to_le_bytes()).put(8, self.offset.to_le_bytes());
        record.put(16, self.len.to_le_bytes()).put(24, self.raw_len.to_le_bytes());
        record.put(32, self.compression.to_le_bytes()).put(36, self.crc.to_le_bytes());
        record.put(40, self.items.to_le_bytes());
        record.0
    }
}

/// Checks that no section overlaps another or what stands before `front_end`.
fn no_overlap(sections: &[Section], front_end: u64) -> Result<(), Error> {
    let mut order: Vec<&Section> = sections.iter().collect();
    order.sort_by_key(|section| (section.offset, section.len));
    let mut end = front_end;
    for section in order {
        if section.offset < end {
            let what = format!("section {} overlaps what stands before it", section.name());
            return Err(Error::invalid(section.offset, what));
        }
        // Cannot overflow: the section ends inside the file.
        end = section.offset + section.len;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: (MAJOR, MINOR),
            file_len: 300,
            content_hash: [7; 32],
            n_sections: 2,
            front: FrontGuard::Plain { directory_crc: 9 },
        }
    }

    fn headers() -> [Header; 2] {
        [header(), Header { front: FrontGuard::Packed { len: 236, crc: 9 }, ..header() }]
    }

    #[test]
    fn headers_are_read_as_written() {
        for header in headers() {
            let bytes = header.to_bytes();
            assert_eq!(bytes.len(), header.len());
            assert_eq!(Header::parse(&bytes, 300).expect("it was just written"), header);
        }
    }

    #[test]
    fn every_bit_of_a_header_matters() {
        for header in headers() {
            let bytes = header.to_bytes();
            for bit in 0..bytes.len() * 8 {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(Header::parse(&damaged, 300).is_err(), "{header:?}, bit {bit}");
            }
        }
    }

    #[test]
    fn packed_fronts_end_in_the_file() {
        let header = Header { front: FrontGuard::Packed { len: 237, crc: 9 }, ..header() };
        assert!(Header::parse(&header.to_bytes(), 300).is_err());
    }

    #[test]
    fn touching_sections_do_not_overlap() {
        let section = |offset, len| Section {
            kind: kind::COOR,
            flags: 0,
            offset,
            len,
            raw_len: len,
            compression: 0,
            items: 0,
            crc: 0,
        };
        let touching = [section(320, 10), section(192, 128), section(192, 0)];
        assert!(no_overlap(&touching, 192).is_ok());
        assert!(no_overlap(&touching, 193).is_err());
        assert!(no_overlap(&[section(192, 129), section(320, 10)], 192).is_err());
        assert!(no_overlap(&[section(192, 129), section(256, 0)], 192).is_err());
    }
}
