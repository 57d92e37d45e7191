//! Ways to damage a golden file.

use neuvol_format::Reader;
use serde_json::Value;

use crate::cases::golden;
use crate::repair::repair;

/// That of packed fronts.
const DICTIONARY: &[u8] = include_bytes!("../../../front.dict");

/// A golden file that is being damaged.
pub(super) struct Victim {
    pub(super) bytes: Vec<u8>,
    /// Whether all checksums are made right in the end.
    pub(super) repair: bool,
}

impl Victim {
    pub(super) fn new(name: &str) -> Self {
        let case = golden().into_iter().find(|(n, _)| *n == name);
        Self { bytes: case.expect("a golden file").1.write(), repair: true }
    }

    pub(super) fn put<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&value);
    }

    pub(super) fn u32(&mut self, at: usize, value: u32) {
        self.put(at, value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, at: usize, value: u64) {
        self.put(at, value.to_le_bytes());
    }

    pub(super) fn f32(&mut self, at: usize, value: f32) {
        self.put(at, value.to_le_bytes());
    }

    /// Changes a byte and leaves the checksums as they are.
    pub(super) fn flip(&mut self, at: usize) {
        self.bytes[at] ^= 0x10;
        self.repair = false;
    }

    /// Offset of a section's entry in the directory.
    pub(super) fn directory(&self, kind: &str) -> usize {
        let starts = (128..128 + 64 * 254).step_by(64);
        starts
            .take_while(|at| at + 4 <= self.bytes.len())
            .find(|&at| self.bytes[at..at + 4] == *kind.as_bytes())
            .expect("the section exists")
    }

    /// Offset of a section.
    pub(super) fn section(&self, kind: &str) -> usize {
        let at = self.directory(kind) + 8;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes")) as usize
    }

    /// Offset of the payload of an entry.
    pub(super) fn payload(&self, n: usize) -> usize {
        let at = self.section("INDX") + 64 * n + 16;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes")) as usize
    }

    /// Offset of a network.
    pub(super) fn network(&self, n: usize) -> usize {
        let at = self.section("NETS") + 32 * n + 8;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes")) as usize
    }

    /// Offset of the payload of a mask.
    pub(super) fn mask_payload(&self, n: usize) -> usize {
        let at = self.section("MASK") + 64 * n;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes")) as usize
    }

    /// Length of the payload of a mask.
    pub(super) fn mask_len(&self, n: usize) -> usize {
        let at = self.section("MASK") + 64 * n + 8;
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four bytes")) as usize
    }

    /// Gives a section other content, at the end of the file.
    pub(super) fn replace(&mut self, kind: &str, stored: &[u8], raw_len: u64, compression: u16) {
        self.bytes.resize(self.bytes.len().next_multiple_of(64), 0);
        let (at, offset) = (self.directory(kind), self.bytes.len() as u64);
        self.bytes.extend(stored);
        self.u64(at + 8, offset);
        self.u64(at + 16, stored.len() as u64);
        self.u64(at + 24, raw_len);
        self.put(at + 32, compression.to_le_bytes());
        self.u64(16, self.bytes.len() as u64);
    }

    pub(super) fn replace_meta(&mut self, json: &[u8]) {
        self.replace("META", json, json.len() as u64, 0);
    }

    pub(super) fn edit_meta(&mut self, edit: impl FnOnce(&mut Value)) {
        let reader = Reader::new(&self.bytes).expect("the victim is whole");
        let mut meta = serde_json::to_value(reader.meta()).expect("META is JSON");
        edit(&mut meta);
        self.replace_meta(&serde_json::to_vec(&meta).expect("META is JSON"));
    }

    /// Length of the packed front.
    pub(super) fn packed_len(&self) -> usize {
        u16::from_le_bytes(self.bytes[22..24].try_into().expect("two bytes")).into()
    }

    /// Gives a packed file another packed front.
    pub(super) fn replace_packed(&mut self, packed: &[u8]) {
        let end = 64 + self.packed_len();
        self.bytes.splice(64..end, packed.iter().copied());
        let (len, file_len) = (packed.len() as u16, self.bytes.len() as u32);
        self.put(22, len.to_le_bytes());
        self.u32(16, file_len);
    }

    /// Changes the front of a packed file behind its packing; `edit` gets it without the header.
    pub(super) fn edit_packed(&mut self, edit: impl FnOnce(&mut Vec<u8>)) {
        let packed = &self.bytes[64..64 + self.packed_len()];
        let mut zstd = zstd::bulk::Decompressor::with_dictionary(DICTIONARY).expect("zstd has memory");
        let mut front = zstd.decompress(packed, 1 << 16).expect("the victim is whole");
        edit(&mut front);
        let mut zstd = zstd::bulk::Compressor::with_dictionary(3, DICTIONARY).expect("zstd has memory");
        self.replace_packed(&zstd.compress(&front).expect("zstd has memory"));
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.repair {
            repair(&mut self.bytes);
        }
        self.bytes
    }
}

/// 64 MiB of one byte, compressed: two kilobytes.
pub(super) fn bomb(byte: u8) -> Vec<u8> {
    zstd::bulk::compress(&vec![byte; 64 << 20], 1).expect("zstd has memory")
}
