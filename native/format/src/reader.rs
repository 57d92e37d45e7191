//! The reader: opens bytes and gives out what they hold, checked.

use std::borrow::Cow;
use std::fmt;

use crate::check::Check;
use crate::coordinate::Coordinate;
use crate::entry::{BlockKey, Entry, MaskRef};
use crate::error::Error;
use crate::front::{Front, unfolded};
use crate::header::{Header, Section};
use crate::image::{self, Image};
use crate::mask::{BlockMask, MaskRecord};
use crate::meta::Meta;
use crate::network::Network;
use crate::variable::{Segment, Variable};

/// A `.neuvol` file in memory (a `Vec`, a memory map, ...).
///
/// Opening touches only the front of the file; entries, masks, payloads and networks are checked when they are asked
/// for. All methods may be called from many threads at once.
pub struct Reader<B> {
    bytes: B,
    /// The front of a packed file.
    unpacked: Option<Vec<u8>>,
    front: Front,
}

/// Without the bytes: a file may have gigabytes.
impl<B> fmt::Debug for Reader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("front", &self.front).finish_non_exhaustive()
    }
}

impl<B: AsRef<[u8]>> Reader<B> {
    /// Opens a file: checks header, directory, META, VARS, SEGS and the table of NETS.
    ///
    /// # Errors
    /// All variants of [`Error`] but `Io`, `OutOfRange` and `Plan`; the message names the place.
    pub fn new(bytes: B) -> Result<Self, Error> {
        let file = bytes.as_ref();
        let header = Header::parse(file, file.len() as u64)?;
        let unpacked = image::unpack(file, &header)?;
        let front = Front::parse(Image::new(file, &header, unpacked.as_deref()), header)?;
        Ok(Self { bytes, unpacked, front })
    }

    /// The whole file, as it is stored.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    fn image(&self) -> Image<'_> {
        Image::new(self.bytes(), &self.front.header, self.unpacked.as_deref())
    }

    /// Bytes by the offsets that sections, entries and records name, which are those of the unpacked file; `None` if they
    /// are not in it.
    pub fn slice(&self, offset: u64, len: u64) -> Option<&[u8]> {
        self.image().need(offset, len).ok()
    }

    /// How many bytes the packed front takes in the file (SPEC section 3.1); `None` if the file is not packed.
    pub fn packed_front_len(&self) -> Option<u64> {
        let header = &self.front.header;
        self.unpacked.as_ref().map(|_| header.front_end() - header.len() as u64)
    }

    /// Where the byte that records call `offset` is stored in the file; `None` if it is packed with others.
    pub fn stored_offset(&self, offset: u64) -> Option<u64> {
        match &self.unpacked {
            None => Some(offset),
            Some(front) => Some(offset.checked_sub(front.len() as u64)?.saturating_add(self.front.header.front_end())),
        }
    }

    /// Version, length and content hash.
    pub fn header(&self) -> &Header {
        &self.front.header
    }

    /// The directory, in its order.
    pub fn sections(&self) -> &[Section] {
        &self.front.sections
    }

    /// What the numbers mean.
    pub fn meta(&self) -> &Meta {
        &self.front.meta
    }

    /// The variables; their names are in [`Reader::meta`], in the same order.
    pub fn variables(&self) -> &[Variable] {
        &self.front.variables
    }

    /// The time segments of a variable; none for a variable that does not exist.
    pub fn segments(&self, variable: usize) -> &[Segment] {
        self.variables().get(variable).map_or(&[], |variable| self.front.segments(variable))
    }

    /// The segment that holds a time step; `None` outside the steps of the variable.
    pub fn segment_of(&self, variable: usize, step: u32) -> Option<u32> {
        let segments = self.segments(variable);
        let n = segments.partition_point(|segment| segment.first <= step).checked_sub(1)?;
        let segment = segments.get(n)?;
        // The segments cover the steps without gap, so this fails only behind the last one.
        (step - segment.first < segment.steps).then_some(n as u32)
    }

    /// Number of shared networks.
    pub fn n_networks(&self) -> u32 {
        // At most 2^20.
        self.front.n_networks() as u32
    }

    /// All keys of a variable, in the order of the index; none for a variable that does not exist.
    pub fn keys(&self, variable: u32) -> impl Iterator<Item = BlockKey> + use<B> {
        self.front.keys(variable)
    }

    /// The index entry of a block.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if there is no such block, [`Error::Checksum`] or [`Error::Invalid`] if the entry is
    /// damaged.
    pub fn entry(&self, key: BlockKey) -> Result<Entry, Error> {
        self.front.entry(self.image(), key)
    }

    /// The payload of an entry of this file; empty if it has none.
    ///
    /// # Errors
    /// [`Error::Checksum`] if the payload is damaged, [`Error::Truncated`] if it lies outside the file (an entry of
    /// another file).
    pub fn payload(&self, entry: &Entry) -> Result<&[u8], Error> {
        self.checked(entry.payload_offset, entry.payload_len, entry.payload_crc, "payload")
    }

    /// Which voxels of a block are valid. `entry` is that of `key`.
    ///
    /// # Errors
    /// [`Error::Checksum`], [`Error::Invalid`] or [`Error::Limit`] if the mask is damaged or does not fit the block,
    /// [`Error::Unsupported`] for an unknown coding.
    pub fn mask(&self, key: BlockKey, entry: &Entry) -> Result<BlockMask, Error> {
        let record = match entry.mask {
            MaskRef::AllValid => return Ok(BlockMask::AllValid),
            MaskRef::NoneValid => return Ok(BlockMask::NoneValid),
            MaskRef::Stored(n) => self.mask_record(key, n)?,
        };
        let payload = self.checked(record.payload_offset, record.payload_len, record.payload_crc, "mask")?;
        Ok(BlockMask::Bits(record.decode(payload)?))
    }

    /// A shared network.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if there is no such network, [`Error::Checksum`] if it is damaged.
    pub fn network(&self, n: u32) -> Result<Network<'_>, Error> {
        let record = self.front.network(self.image(), n)?;
        let bytes = self.checked(record.offset, record.len, record.crc, "network")?;
        Ok(Network { kind: record.kind, bytes })
    }

    /// The raw COOR section; empty if the file has none. Decompressed anew at every call.
    ///
    /// # Errors
    /// [`Error::Checksum`] or [`Error::Invalid`] if it is damaged, [`Error::Unsupported`] for an unknown compression.
    pub fn coordinate_bytes(&self) -> Result<Cow<'_, [u8]>, Error> {
        match self.front.coor() {
            Some(section) => unfolded(self.image(), section, "COOR"),
            None => Ok(Cow::Borrowed(&[])),
        }
    }

    /// The values of a coordinate of this file as `f64`, last axis fastest. Integers beyond 2^53 are rounded.
    ///
    /// # Errors
    /// As [`Reader::coordinate_bytes`], and [`Error::Invalid`] if the coordinate does not fit into COOR.
    pub fn coordinate_values(&self, coordinate: &Coordinate) -> Result<Vec<f64>, Error> {
        coordinate.values(&self.coordinate_bytes()?)
    }

    /// Reads the whole file and checks it: content hash, every entry, payload, mask, network and coordinate.
    ///
    /// # Errors
    /// The first problem that is found.
    pub fn check(&self) -> Result<Check, Error> {
        crate::check::check(self)
    }

    pub(crate) fn mask_record(&self, key: BlockKey, n: u32) -> Result<MaskRecord, Error> {
        self.front.mask(self.image(), key, n)
    }

    pub(crate) fn checked(&self, offset: u64, len: u32, crc: u32, what: &'static str) -> Result<&[u8], Error> {
        let payload = self.image().need(offset, len.into())?;
        if crate::crc(payload) != crc {
            return Err(Error::Checksum { what, offset });
        }
        Ok(payload)
    }
}
