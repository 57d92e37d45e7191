//! The hostile files: how each is made from a golden one, and what must happen.

use neuvol_format::Reader;
use serde_json::{Value, json};

use crate::cases::golden;
use crate::repair::repair;

/// What must happen to a hostile file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It cannot be opened.
    Open(&'static str, &'static str),
    /// It can be opened; reading everything in it ends in this error.
    Read(&'static str, &'static str),
    /// Everything can be read; only a check of the whole file shows it.
    Check(&'static str, &'static str),
    /// It is no attack: a reader must cope with it.
    Fine,
}
use Outcome::{Check, Fine, Open, Read};

/// One hostile file.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) what: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) bytes: Vec<u8>,
}

/// A golden file that is being damaged.
struct Victim {
    bytes: Vec<u8>,
    /// Whether all checksums are made right in the end.
    repair: bool,
}

impl Victim {
    fn new(name: &str) -> Self {
        let case = golden().into_iter().find(|(n, _)| *n == name);
        Self {
            bytes: case.expect("a golden file").1.write(),
            repair: true,
        }
    }

    fn put<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&value);
    }

    fn u32(&mut self, at: usize, value: u32) {
        self.put(at, value.to_le_bytes());
    }

    fn u64(&mut self, at: usize, value: u64) {
        self.put(at, value.to_le_bytes());
    }

    fn f32(&mut self, at: usize, value: f32) {
        self.put(at, value.to_le_bytes());
    }

    /// Changes a byte and leaves the checksums as they are.
    fn flip(&mut self, at: usize) {
        self.bytes[at] ^= 0x10;
        self.repair = false;
    }

    /// Offset of a section's entry in the directory.
    fn directory(&self, kind: &str) -> usize {
        let starts = (128..128 + 64 * 254).step_by(64);
        starts
            .take_while(|at| at + 4 <= self.bytes.len())
            .find(|&at| self.bytes[at..at + 4] == *kind.as_bytes())
            .expect("the section exists")
    }

    /// Offset of a section.
    fn section(&self, kind: &str) -> usize {
        let at = self.directory(kind) + 8;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes")) as usize
    }

    /// Gives a section other content, at the end of the file.
    fn replace(&mut self, kind: &str, stored: &[u8], raw_len: u64, compression: u16) {
        self.bytes.resize(self.bytes.len().next_multiple_of(64), 0);
        let (at, offset) = (self.directory(kind), self.bytes.len() as u64);
        self.bytes.extend(stored);
        self.u64(at + 8, offset);
        self.u64(at + 16, stored.len() as u64);
        self.u64(at + 24, raw_len);
        self.put(at + 32, compression.to_le_bytes());
        self.u64(16, self.bytes.len() as u64);
    }

    fn replace_meta(&mut self, json: &[u8]) {
        self.replace("META", json, json.len() as u64, 0);
    }

    fn edit_meta(&mut self, edit: impl FnOnce(&mut Value)) {
        let reader = Reader::new(&self.bytes).expect("the victim is whole");
        let mut meta = serde_json::to_value(reader.meta()).expect("META is JSON");
        edit(&mut meta);
        self.replace_meta(&serde_json::to_vec(&meta).expect("META is JSON"));
    }

    fn finish(mut self) -> Vec<u8> {
        if self.repair {
            repair(&mut self.bytes);
        }
        self.bytes
    }
}

/// 64 MiB of one byte, compressed: two kilobytes.
fn bomb(byte: u8) -> Vec<u8> {
    zstd::bulk::compress(&vec![byte; 64 << 20], 19).expect("zstd has memory")
}

/// All hostile files.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for list in [
        lengths(),
        headers(),
        directories(),
        metas(),
        variables(),
        segments(),
        networks(),
        entries(),
        masks(),
        others(),
    ] {
        for (name, what, base, damage, outcome) in list {
            let mut victim = Victim::new(base);
            damage(&mut victim);
            attacks.push(Attack {
                name,
                what,
                outcome,
                bytes: victim.finish(),
            });
        }
    }
    attacks
}

/// Name, what is wrong, golden file, damage, what must happen.
type Row = (&'static str, &'static str, &'static str, fn(&mut Victim), Outcome);

fn cut(victim: &mut Victim, len: usize) {
    victim.bytes.truncate(len);
    victim.repair = false;
}

fn lengths() -> Vec<Row> {
    vec![
        (
            "empty",
            "no bytes at all",
            "constant",
            |v| cut(v, 0),
            Open("Truncated", "128 bytes are needed"),
        ),
        (
            "magic_only",
            "ends behind the magic",
            "constant",
            |v| cut(v, 8),
            Open("Truncated", "128 bytes are needed"),
        ),
        (
            "header_cut",
            "ends one byte before the end of the header",
            "constant",
            |v| cut(v, 127),
            Open("Truncated", "128"),
        ),
        (
            "directory_cut",
            "ends inside the directory",
            "constant",
            |v| cut(v, 160),
            Open("Truncated", "160 are there"),
        ),
        (
            "payload_cut",
            "the last byte of the last payload is missing",
            "raw",
            |v| cut(v, v.bytes.len() - 1),
            Open("Truncated", "copy or download"),
        ),
        (
            "trailing",
            "a byte follows the end",
            "constant",
            |v| v.bytes.push(0),
            Open("Invalid", "1 bytes follow the end"),
        ),
        (
            "length_huge",
            "the header says that the file has 2^64-1 bytes",
            "constant",
            |v| v.u64(16, u64::MAX),
            Open("Truncated", "18446744073709551615"),
        ),
        (
            "length_short",
            "the header says that the file ends inside its directory",
            "constant",
            |v| v.u64(16, 130),
            Open("Invalid", "follow the end"),
        ),
    ]
}

fn headers() -> Vec<Row> {
    vec![
        (
            "png",
            "the magic of PNG",
            "constant",
            |v| v.put(1, *b"PNG"),
            Open("Invalid", "not a .neuvol file"),
        ),
        (
            "text_mode",
            "CR LF became LF on the way",
            "constant",
            |v| {
                v.bytes.remove(5);
                v.repair = false;
            },
            Open("Invalid", "text-mode"),
        ),
        (
            "major_2",
            "a file of version 2.0",
            "constant",
            |v| v.put(8, [2]),
            Open("Version", "version 2.0"),
        ),
        (
            "major_0",
            "a file of version 0.0",
            "constant",
            |v| v.put(8, [0]),
            Open("Version", "version 0.0"),
        ),
        (
            "header_flipped",
            "a bit of the header is wrong",
            "constant",
            |v| v.flip(40),
            Open("Checksum", "header"),
        ),
        (
            "header_reserved",
            "a reserved byte of the header is 1",
            "constant",
            |v| v.put(100, [1]),
            Open("Invalid", "reserved"),
        ),
        (
            "header_long",
            "a header of 192 bytes",
            "constant",
            |v| v.u32(12, 192),
            Open("Invalid", "must be 128"),
        ),
        (
            "sections_0",
            "no sections",
            "constant",
            |v| v.u32(24, 0),
            Open("Invalid", "no sections"),
        ),
        (
            "sections_huge",
            "2^32-1 sections",
            "constant",
            |v| v.u32(24, u32::MAX),
            Open("Limit", "sections: 4294967295"),
        ),
        (
            "sections_beyond",
            "254 sections, whose directory is longer than the file",
            "constant",
            |v| v.u32(24, 254),
            Open("Truncated", "16384 bytes are needed"),
        ),
    ]
}

fn directories() -> Vec<Row> {
    vec![
        (
            "directory_flipped",
            "a bit of the directory is wrong",
            "constant",
            |v| v.flip(150),
            Open("Checksum", "directory"),
        ),
        (
            "section_overflow",
            "offset + length of a section is 2^64 + something",
            "constant",
            |v| v.u64(v.directory("SEGS") + 8, u64::MAX - 63),
            Open("Invalid", "SEGS ends outside"),
        ),
        (
            "section_endless",
            "a section of 2^64-1 bytes",
            "constant",
            |v| v.u64(v.directory("BLKS") + 16, u64::MAX),
            Open("Invalid", "BLKS ends outside"),
        ),
        (
            "section_long",
            "a section that ends 64 bytes behind the file",
            "raw",
            |v| v.u64(v.directory("BLKS") + 8, v.section("BLKS") as u64 + 64),
            Open("Invalid", "BLKS ends outside"),
        ),
        (
            "section_unaligned",
            "a section that starts 8 bytes late",
            "constant",
            |v| v.u64(v.directory("SEGS") + 8, v.section("SEGS") as u64 + 8),
            Open("Invalid", "multiple of 64"),
        ),
        (
            "section_overlap",
            "a section inside another one",
            "constant",
            |v| v.u64(v.directory("SEGS") + 8, v.section("VARS") as u64 + 64),
            Open("Invalid", "SEGS overlaps"),
        ),
        (
            "section_over_header",
            "a section that starts at byte 0",
            "constant",
            |v| v.u64(v.directory("SEGS") + 8, 0),
            Open("Invalid", "SEGS overlaps"),
        ),
        (
            "section_twice",
            "two sections META",
            "constant",
            |v| v.put(v.directory("SEGS"), *b"META"),
            Open("Invalid", "META stands twice"),
        ),
        (
            "section_missing",
            "no section INDX, but an optional one that nobody knows",
            "constant",
            |v| {
                let at = v.directory("INDX");
                v.put(at, *b"INDY");
                v.u32(at + 4, 1);
            },
            Open("Invalid", "INDX is missing"),
        ),
        (
            "section_unknown",
            "an unknown section that is not optional",
            "raw",
            |v| v.put(v.directory("COOR"), *b"COOX"),
            Open("Unsupported", "section"),
        ),
        (
            "section_flags",
            "an unknown flag",
            "constant",
            |v| v.u32(v.directory("VARS") + 4, 2),
            Open("Invalid", "unknown flags"),
        ),
        (
            "section_reserved",
            "a reserved byte of the directory is 1",
            "constant",
            |v| v.put(v.directory("VARS") + 50, [1]),
            Open("Invalid", "reserved"),
        ),
        (
            "section_binary",
            "a kind that is not ASCII",
            "constant",
            |v| v.put(v.directory("SEGS"), [0xFF, 0, 1, 2]),
            Open("Invalid", "not ASCII"),
        ),
        (
            "section_compressed",
            "a table that says it is compressed",
            "constant",
            |v| v.put(v.directory("VARS") + 32, [1]),
            Open("Invalid", "must not be compressed"),
        ),
        (
            "section_two_lengths",
            "two lengths without compression",
            "constant",
            |v| v.u64(v.directory("VARS") + 24, 256),
            Open("Invalid", "two lengths"),
        ),
        (
            "table_items_huge",
            "2^64-1 records in 128 bytes",
            "constant",
            |v| v.u64(v.directory("VARS") + 40, u64::MAX),
            Open("Invalid", "VARS has 128 bytes"),
        ),
        (
            "table_items_wrapping",
            "2^57 + 1 records of 128 bytes: the product wraps to the right length",
            "constant",
            |v| v.u64(v.directory("VARS") + 40, (1 << 57) + 1),
            Open("Invalid", "VARS has 128 bytes"),
        ),
        (
            "table_empty",
            "no variables",
            "constant",
            |v| v.replace("VARS", &[], 0, 0),
            Open("Invalid", "VARS has 0 bytes"),
        ),
        (
            "variables_none",
            "no variables, and the directory agrees",
            "constant",
            |v| {
                v.replace("VARS", &[], 0, 0);
                v.u64(v.directory("VARS") + 40, 0);
            },
            Open("Invalid", "no variables"),
        ),
    ]
}

fn metas() -> Vec<Row> {
    vec![
        (
            "meta_flipped",
            "a bit of META is wrong",
            "constant",
            |v| v.flip(v.section("META") + 9),
            Open("Checksum", "META"),
        ),
        (
            "meta_compression",
            "a compression that does not exist",
            "constant",
            |v| v.put(v.directory("META") + 32, [9]),
            Open("Unsupported", "compression 9"),
        ),
        (
            "meta_huge",
            "META says that it unfolds to 2^64-1 bytes",
            "constant",
            |v| {
                let at = v.directory("META");
                v.put(at + 32, [1]);
                v.u64(at + 24, u64::MAX);
            },
            Open("Limit", "bytes of META"),
        ),
        (
            "meta_bomb",
            "two kilobytes that unfold to 64 MiB, and say so",
            "constant",
            |v| v.replace("META", &bomb(b' '), 64 << 20, 1),
            Open("Limit", "bytes of META: 67108864"),
        ),
        (
            "meta_bomb_hidden",
            "two kilobytes that unfold to 64 MiB, and say 1000 bytes",
            "constant",
            |v| v.replace("META", &bomb(b' '), 1000, 1),
            Open("Invalid", "cannot be decompressed to 1000 bytes"),
        ),
        (
            "meta_short",
            "unfolds to less than it says",
            "constant",
            |v| {
                v.replace(
                    "META",
                    &zstd::bulk::compress(b"{}", 3).expect("zstd has memory"),
                    100,
                    1,
                )
            },
            Open("Invalid", "2 bytes instead of 100"),
        ),
        (
            "meta_not_zstd",
            "says that it is compressed and is not",
            "constant",
            |v| v.put(v.directory("META") + 32, [1]),
            Open("Invalid", "cannot be decompressed"),
        ),
        (
            "meta_cut_json",
            "JSON that ends early",
            "constant",
            |v| v.replace_meta(b"{\"variables\": ["),
            Open("Invalid", "META: EOF"),
        ),
        (
            "meta_array",
            "JSON that is no object",
            "constant",
            |v| v.replace_meta(b"[1, 2]"),
            Open("Invalid", "META: invalid"),
        ),
        (
            "meta_latin1",
            "text that is not UTF-8",
            "constant",
            |v| v.replace_meta(b"{\"source\": \"\xB5g\", \"variables\": []}"),
            Open("Invalid", "META: invalid unicode"),
        ),
        (
            "meta_deep",
            "5000 nested arrays",
            "constant",
            |v| v.replace_meta(format!("{{\"x\": {}", "[".repeat(5000)).as_bytes()),
            Open("Invalid", "recursion limit"),
        ),
        (
            "meta_no_variables",
            "no list of variables",
            "constant",
            |v| v.replace_meta(b"{}"),
            Open("Invalid", "missing field"),
        ),
        (
            "meta_count",
            "two variables where VARS has one",
            "constant",
            |v| v.replace_meta(br#"{"variables": [{"name": "a"}, {"name": "b"}]}"#),
            Open("Invalid", "META has 2 variables and VARS 1"),
        ),
        (
            "meta_dimensions",
            "five axes",
            "constant",
            |v| v.edit_meta(|meta| meta["variables"][0]["dimensions"] = json!(["a", "b", "c", "d", "e"])),
            Open("Invalid", "5 dimensions"),
        ),
        (
            "attribute_range",
            "300 in a byte",
            "constant",
            |v| v.edit_meta(|meta| meta["attributes"] = json!([{"name": "a", "type": "byte", "value": [300]}])),
            Open("Invalid", "value 0 is not of the type"),
        ),
        (
            "attribute_type",
            "a type that does not exist",
            "constant",
            |v| v.edit_meta(|meta| meta["attributes"] = json!([{"name": "a", "type": "complex", "value": [1]}])),
            Open("Invalid", "unknown type"),
        ),
    ]
}

fn variables() -> Vec<Row> {
    vec![
        (
            "vars_flipped",
            "a bit of VARS is wrong",
            "constant",
            |v| v.flip(v.section("VARS") + 3),
            Open("Checksum", "VARS"),
        ),
        (
            "dims_0",
            "an axis without voxels",
            "constant",
            |v| v.u32(v.section("VARS"), 0),
            Open("Invalid", "0 voxels"),
        ),
        (
            "dims_huge",
            "an axis of 2^32-1 voxels",
            "constant",
            |v| v.u32(v.section("VARS"), u32::MAX),
            Open("Limit", "on an axis: 4294967295"),
        ),
        (
            "grid_huge",
            "2^60 voxels, each axis within its limit",
            "constant",
            |v| (0..3).for_each(|axis| v.u32(v.section("VARS") + 4 * axis, 1 << 20)),
            Open("Limit", "voxels of a grid"),
        ),
        (
            "blocks_huge",
            "2^34 blocks: more than a block number can name",
            "constant",
            |v| (1..3).for_each(|axis| v.u32(v.section("VARS") + 4 * axis, 1 << 20)),
            Open("Limit", "blocks of a variable"),
        ),
        (
            "entries_huge",
            "2^30 blocks and one entry",
            "constant",
            |v| {
                v.u32(v.section("VARS") + 4, 1 << 20);
                v.u32(v.section("VARS") + 8, 1 << 16);
            },
            Open("Invalid", "of 1 in all"),
        ),
        (
            "block_dims_0",
            "blocks without voxels",
            "constant",
            |v| v.u32(v.section("VARS") + 12, 0),
            Open("Invalid", "multiple of 8"),
        ),
        (
            "block_dims_12",
            "a block of 12 voxels",
            "constant",
            |v| v.u32(v.section("VARS") + 12, 12),
            Open("Invalid", "multiple of 8"),
        ),
        (
            "block_dims_huge",
            "a block of 2^24 voxels",
            "constant",
            |v| (3..6).for_each(|axis| v.u32(v.section("VARS") + 4 * axis, 256)),
            Open("Limit", "voxels of a block"),
        ),
        (
            "steps_0",
            "no time steps",
            "constant",
            |v| v.u32(v.section("VARS") + 24, 0),
            Open("Invalid", "0 time steps"),
        ),
        (
            "steps_timeless",
            "two steps, no time axis",
            "constant",
            |v| v.u32(v.section("VARS") + 24, 2),
            Open("Invalid", "2 time steps"),
        ),
        (
            "steps_huge",
            "2^32-1 time steps",
            "grid",
            |v| v.u32(v.section("VARS") + 24, u32::MAX),
            Open("Limit", "time steps"),
        ),
        (
            "levels_0",
            "no levels of detail",
            "constant",
            |v| v.put(v.section("VARS") + 28, [0]),
            Open("Invalid", "0 levels"),
        ),
        (
            "levels_255",
            "255 levels of detail",
            "constant",
            |v| v.put(v.section("VARS") + 28, [255]),
            Open("Invalid", "255 levels"),
        ),
        (
            "stored_levels_2",
            "two stored levels of one",
            "constant",
            |v| v.put(v.section("VARS") + 29, [2]),
            Open("Invalid", "2 stored levels"),
        ),
        (
            "qualities_9",
            "nine quality layers",
            "constant",
            |v| v.put(v.section("VARS") + 30, [9]),
            Open("Invalid", "9 quality layers"),
        ),
        (
            "variable_flags",
            "an unknown flag",
            "constant",
            |v| v.put(v.section("VARS") + 31, [4]),
            Open("Invalid", "unknown flags"),
        ),
        (
            "variable_reserved",
            "a reserved byte of a variable is 1",
            "constant",
            |v| v.put(v.section("VARS") + 127, [1]),
            Open("Invalid", "reserved"),
        ),
        (
            "range_nan",
            "a variable's minimum is NaN, its maximum is not",
            "constant",
            |v| v.f32(v.section("VARS") + 48, f32::NAN),
            Open("Invalid", "value range NaN"),
        ),
        (
            "range_infinite",
            "a variable's maximum is infinite",
            "constant",
            |v| v.f32(v.section("VARS") + 52, f32::INFINITY),
            Open("Invalid", "value range"),
        ),
        (
            "range_reversed",
            "a variable's minimum is above its maximum",
            "constant",
            |v| v.f32(v.section("VARS") + 48, 99.0),
            Open("Invalid", "value range 99..2.5"),
        ),
        (
            "valid_too_many",
            "more valid values than voxels",
            "constant",
            |v| v.u64(v.section("VARS") + 56, u64::MAX),
            Open("Invalid", "more than the grid has"),
        ),
        (
            "error_negative",
            "a variable's error is negative",
            "constant",
            |v| v.f32(v.section("VARS") + 64, -1.0),
            Open("Invalid", "error measure is -1"),
        ),
        (
            "index_shared",
            "two variables with the same entries",
            "grid",
            |v| v.u64(v.section("VARS") + 128 + 40, 0),
            Open("Invalid", "variable 1 has its entries from 0"),
        ),
        (
            "index_overflow",
            "entries from 2^64-1 on",
            "grid",
            |v| v.u64(v.section("VARS") + 128 + 40, u64::MAX),
            Open("Invalid", "variable 1 has its entries from 18446744073709551615"),
        ),
        (
            "index_short",
            "INDX lacks the last entry",
            "grid",
            |v| {
                let at = v.directory("INDX");
                v.u64(at + 16, 7 * 64);
                v.u64(at + 24, 7 * 64);
                v.u64(at + 40, 7);
            },
            Open("Invalid", "of 7 in all"),
        ),
        (
            "index_long",
            "INDX has an entry that no variable uses",
            "grid",
            |v| v.put(v.section("VARS") + 128, 8u32.to_le_bytes()),
            Open("Invalid", "is missing"),
        ),
    ]
}

fn segments() -> Vec<Row> {
    // The first variable of "grid" has segments of 3 and 1 steps.
    vec![
        (
            "segs_flipped",
            "a bit of SEGS is wrong",
            "grid",
            |v| v.flip(v.section("SEGS")),
            Open("Checksum", "SEGS"),
        ),
        (
            "segment_gap",
            "a step between two segments",
            "grid",
            |v| v.u32(v.section("SEGS") + 4, 2),
            Open("Invalid", "segment 1 of variable 0"),
        ),
        (
            "segment_overlap",
            "a step in two segments",
            "grid",
            |v| v.u32(v.section("SEGS") + 8, 2),
            Open("Invalid", "segment 1 of variable 0"),
        ),
        (
            "segment_late",
            "the first step in no segment",
            "grid",
            |v| v.u32(v.section("SEGS"), 1),
            Open("Invalid", "segment 0 of variable 0"),
        ),
        (
            "segment_empty",
            "a segment without steps",
            "grid",
            |v| v.u32(v.section("SEGS") + 12, 0),
            Open("Invalid", "has 0 steps"),
        ),
        (
            "segment_huge",
            "a segment of 2^32-1 steps",
            "grid",
            |v| v.u32(v.section("SEGS") + 12, u32::MAX),
            Open("Invalid", "segment 1 of variable 0"),
        ),
        (
            "segment_short",
            "the last step in no segment",
            "grid",
            |v| v.u32(v.section("VARS") + 24, 5),
            Open("Invalid", "cover 4 of 5 steps"),
        ),
        (
            "segments_shared",
            "two variables with the same segments",
            "grid",
            |v| v.u32(v.section("VARS") + 128 + 32, 0),
            Open("Invalid", "variable 1 has segments 0"),
        ),
        (
            "segments_beyond",
            "2^32-1 segments of four",
            "grid",
            |v| v.u32(v.section("VARS") + 36, u32::MAX),
            Open("Invalid", "of 4 in all"),
        ),
        (
            "segments_none",
            "a variable without segments",
            "constant",
            |v| v.u32(v.section("VARS") + 36, 0),
            Open("Invalid", "no time segments"),
        ),
        (
            "segments_unused",
            "a segment that no variable uses",
            "constant",
            |v| {
                v.replace("SEGS", &[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], 16, 0);
                v.u64(v.directory("SEGS") + 40, 2);
            },
            Open("Invalid", "1 are used"),
        ),
    ]
}

fn networks() -> Vec<Row> {
    vec![
        (
            "nets_flipped",
            "a bit of the table of NETS is wrong",
            "grid",
            |v| v.flip(v.section("NETS")),
            Open("Checksum", "table of NETS"),
        ),
        (
            "networks_huge",
            "2^64-1 networks",
            "grid",
            |v| v.u64(v.directory("NETS") + 40, u64::MAX),
            Open("Limit", "number of networks"),
        ),
        (
            "networks_beyond",
            "a table longer than NETS",
            "grid",
            |v| v.u64(v.directory("NETS") + 40, 1 << 20),
            Open("Invalid", "shorter than its table"),
        ),
        (
            "network_outside",
            "a network that ends outside NETS",
            "grid",
            |v| v.u32(v.section("NETS") + 16, 1 << 20),
            Open("Invalid", "not inside NETS"),
        ),
        (
            "network_overflow",
            "offset + length of a network is 2^64 + something",
            "grid",
            |v| v.u64(v.section("NETS") + 8, u64::MAX - 63),
            Open("Invalid", "not inside NETS"),
        ),
        (
            "network_table",
            "a network that is the table itself",
            "grid",
            |v| v.u64(v.section("NETS") + 8, v.section("NETS") as u64),
            Open("Invalid", "not inside NETS"),
        ),
        (
            "network_reserved",
            "a reserved byte is 1",
            "grid",
            |v| v.put(v.section("NETS") + 31, [1]),
            Open("Invalid", "reserved"),
        ),
        (
            "network_flipped",
            "a bit of a network is wrong",
            "grid",
            |v| v.flip(v.section("NETS") + 70),
            Read("Checksum", "network"),
        ),
    ]
}

fn entries() -> Vec<Row> {
    vec![
        (
            "entry_flipped",
            "a bit of an entry is wrong",
            "raw",
            |v| v.flip(v.section("INDX") + 30),
            Read("Checksum", "index entry"),
        ),
        (
            "entry_moved",
            "an entry that is another block's",
            "raw",
            |v| v.u32(v.section("INDX") + 8, 1),
            Read("Invalid", "says that it is that of"),
        ),
        (
            "entry_reserved",
            "a reserved byte is 1",
            "raw",
            |v| v.put(v.section("INDX") + 15, [1]),
            Read("Invalid", "reserved"),
        ),
        (
            "entry_range_nan",
            "a block's minimum is NaN",
            "raw",
            |v| v.f32(v.section("INDX") + 32, f32::NAN),
            Read("Invalid", "value range NaN"),
        ),
        (
            "entry_range_infinite",
            "a block's maximum is infinite",
            "raw",
            |v| v.f32(v.section("INDX") + 36, f32::INFINITY),
            Read("Invalid", "value range"),
        ),
        (
            "entry_range_reversed",
            "a block's minimum is above its maximum",
            "raw",
            |v| v.f32(v.section("INDX") + 32, 99.0),
            Read("Invalid", "value range 99"),
        ),
        (
            "entry_error_infinite",
            "a block's error is infinite",
            "raw",
            |v| v.f32(v.section("INDX") + 40, f32::INFINITY),
            Read("Invalid", "error measure"),
        ),
        (
            "entry_constant",
            "a constant block with two values",
            "constant",
            |v| v.f32(v.section("INDX") + 36, 3.0),
            Read("Invalid", "constant block"),
        ),
        (
            "entry_network",
            "a network that does not exist",
            "grid",
            |v| v.u32(v.section("INDX") + 48, 1),
            Read("Invalid", "network 1 of 1"),
        ),
        (
            "entry_mask",
            "a mask that does not exist",
            "raw",
            |v| v.u32(v.section("INDX") + 52, 9),
            Read("Invalid", "mask 8 of 1"),
        ),
        (
            "payload_flipped",
            "a bit of a payload is wrong",
            "raw",
            |v| v.flip(v.section("BLKS") + 30),
            Read("Checksum", "payload"),
        ),
        (
            "payload_outside",
            "a payload behind the end of the file",
            "raw",
            |v| v.u64(v.section("INDX") + 16, 1 << 40),
            Read("Invalid", "outside BLKS"),
        ),
        (
            "payload_front",
            "a payload that is META",
            "raw",
            |v| v.u64(v.section("INDX") + 16, v.section("META") as u64),
            Read("Invalid", "outside BLKS"),
        ),
        (
            "payload_overflow",
            "offset + length of a payload is 2^64 + something",
            "raw",
            |v| v.u64(v.section("INDX") + 16, u64::MAX - 63),
            Read("Invalid", "outside BLKS"),
        ),
        (
            "payload_huge",
            "a payload of 4 GiB",
            "raw",
            |v| v.u32(v.section("INDX") + 24, u32::MAX),
            Read("Invalid", "outside BLKS"),
        ),
        (
            "payload_unaligned",
            "a payload that starts one byte late",
            "raw",
            |v| v.u64(v.section("INDX") + 16, v.section("BLKS") as u64 + 1),
            Read("Invalid", "multiple of 64"),
        ),
        (
            "payload_nowhere",
            "no payload, but an offset",
            "constant",
            |v| v.u64(v.section("INDX") + 16, 64),
            Read("Invalid", "empty payload"),
        ),
    ]
}

fn masks() -> Vec<Row> {
    vec![
        (
            "mask_flipped",
            "a bit of a mask's record is wrong",
            "raw",
            |v| v.flip(v.section("MASK") + 50),
            Read("Checksum", "mask record"),
        ),
        (
            "mask_payload_flipped",
            "a bit of a mask is wrong",
            "raw",
            |v| v.flip(v.bytes.len() - 1),
            Read("Checksum", "mask at"),
        ),
        (
            "mask_reserved",
            "a reserved byte is 1",
            "raw",
            |v| v.put(v.section("MASK") + 59, [1]),
            Read("Invalid", "reserved"),
        ),
        (
            "mask_coding",
            "a coding that does not exist",
            "raw",
            |v| v.put(v.section("MASK") + 40, [7]),
            Read("Unsupported", "mask coding 7"),
        ),
        (
            "mask_extent",
            "a mask of 2^96 voxels",
            "raw",
            |v| (0..3).for_each(|axis| v.u32(v.section("MASK") + 16 + 4 * axis, u32::MAX)),
            Read("Invalid", "is used by a block"),
        ),
        (
            "mask_steps",
            "a mask of 2^32-1 steps",
            "raw",
            |v| v.u32(v.section("MASK") + 28, u32::MAX),
            Read("Invalid", "is used by a block"),
        ),
        (
            "mask_steps_0",
            "a mask without steps",
            "raw",
            |v| v.u32(v.section("MASK") + 28, 0),
            Read("Invalid", "is used by a block"),
        ),
        (
            "mask_count",
            "a mask with more valid voxels than it says",
            "raw",
            |v| v.u64(v.section("MASK") + 32, 1),
            Read("Invalid", "its record says 1"),
        ),
        (
            "mask_outside",
            "a mask behind the end of the file",
            "raw",
            |v| v.u64(v.section("MASK"), u64::MAX - 63),
            Read("Invalid", "outside BLKS"),
        ),
        (
            "mask_not_zstd",
            "a mask that is no zstd stream",
            "raw",
            |v| v.u64(v.section("MASK"), v.section("BLKS") as u64),
            Read("Invalid", "cannot be decompressed to 2 bytes"),
        ),
        (
            "mask_bomb",
            "two kilobytes that unfold to 64 MiB, for a mask of 2 bytes",
            "raw",
            |v| {
                let (bomb, offset) = (bomb(0xFF), v.bytes.len().next_multiple_of(64));
                v.bytes.resize(offset, 0);
                v.bytes.extend(&bomb);
                v.u64(16, v.bytes.len() as u64);
                let (at, len) = (v.directory("BLKS"), (v.bytes.len() - v.section("BLKS")) as u64);
                v.u64(at + 16, len);
                v.u64(at + 24, len);
                v.u64(v.section("MASK"), offset as u64);
                v.u32(v.section("MASK") + 8, bomb.len() as u32);
            },
            Read("Invalid", "cannot be decompressed to 2 bytes"),
        ),
    ]
}

fn others() -> Vec<Row> {
    vec![
        (
            "coor_flipped",
            "a bit of COOR is wrong",
            "raw",
            |v| v.flip(v.section("COOR") + 5),
            Read("Checksum", "COOR"),
        ),
        (
            "coor_compression",
            "a compression that does not exist: only coordinates need it",
            "raw",
            |v| v.put(v.directory("COOR") + 32, [9]),
            Read("Unsupported", "compression 9"),
        ),
        (
            "coor_huge",
            "COOR says that it unfolds to 1 GiB",
            "raw",
            |v| {
                v.put(v.directory("COOR") + 32, [1]);
                v.u64(v.directory("COOR") + 24, 1 << 30);
            },
            Open("Limit", "bytes of COOR"),
        ),
        (
            "coor_bomb",
            "two kilobytes that unfold to 64 MiB, and say so",
            "raw",
            |v| v.replace("COOR", &bomb(0), 64 << 20, 1),
            Open("Limit", "bytes of COOR: 67108864"),
        ),
        (
            "coordinate_dtype",
            "a type that does not exist",
            "raw",
            |v| v.edit_meta(|meta| meta["coordinates"][0]["dtype"] = json!("f16")),
            Read("Invalid", "unknown dtype"),
        ),
        (
            "coordinate_outside",
            "a coordinate that ends outside COOR",
            "raw",
            |v| v.edit_meta(|meta| meta["coordinates"][0]["offset"] = json!(1000)),
            Read("Invalid", "end outside"),
        ),
        (
            "coordinate_overflow",
            "offset + length of a coordinate is 2^64 + something",
            "raw",
            |v| v.edit_meta(|meta| meta["coordinates"][0]["offset"] = json!(u64::MAX - 7)),
            Read("Invalid", "end outside"),
        ),
        (
            "coordinate_huge",
            "a coordinate of 2^64 values: the product wraps to 0",
            "raw",
            |v| v.edit_meta(|meta| meta["coordinates"][0]["shape"] = json!([1u64 << 32, 1u64 << 32])),
            Read("Invalid", "end outside"),
        ),
        (
            "coordinate_shape",
            "three lengths of two axes",
            "raw",
            |v| v.edit_meta(|meta| meta["coordinates"][0]["shape"] = json!([2, 5, 2])),
            Read("Invalid", "3 lengths of 2 dimensions"),
        ),
        (
            "gap_filled",
            "a byte between two sections is 1: nobody reads it",
            "constant",
            |v| v.flip(v.section("SEGS") + 20),
            Check("Checksum", "content"),
        ),
        ("minor_9", "a file of version 1.9", "constant", |v| v.put(10, [9]), Fine),
        (
            "section_optional",
            "an unknown section that is optional",
            "raw",
            |v| {
                v.edit_meta(|meta| meta["coordinates"] = json!([]));
                let at = v.directory("COOR");
                v.put(at, *b"COOX");
                v.put(at + 4, [1]);
                v.put(at + 32, [9]);
            },
            Fine,
        ),
        (
            "codec_99",
            "an unknown codec, which nobody has to decode",
            "raw",
            |v| v.put(v.section("INDX") + 12, [99]),
            Fine,
        ),
        (
            "network_kind_99",
            "an unknown kind of network",
            "grid",
            |v| v.put(v.section("NETS"), [99]),
            Fine,
        ),
        (
            "meta_member",
            "an unknown member of META",
            "constant",
            |v| v.edit_meta(|meta| meta["new"] = json!({ "a": 1 })),
            Fine,
        ),
    ]
}
