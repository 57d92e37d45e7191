//! Lengths, header and directory.

use super::Outcome::Open;
use super::Row;
use super::victim::{Victim, bomb};

fn cut(victim: &mut Victim, len: usize) {
    victim.bytes.truncate(len);
    victim.repair = false;
}

pub(super) fn lengths() -> Vec<Row> {
    vec![
        ("empty", "no bytes at all", "constant", |v| cut(v, 0), Open("Truncated", "64 bytes are needed")),
        ("magic_only", "ends behind the magic", "constant", |v| cut(v, 8), Open("Truncated", "64 bytes are needed")),
        (
            "header_cut",
            "ends one byte before the end of the header",
            "constant",
            |v| cut(v, 127),
            Open("Truncated", "128"),
        ),
        ("directory_cut", "ends inside the directory", "constant", |v| cut(v, 160), Open("Truncated", "160 are there")),
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

pub(super) fn headers() -> Vec<Row> {
    vec![
        ("png", "the magic of PNG", "constant", |v| v.put(1, *b"PNG"), Open("Invalid", "not a .neuvol file")),
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
        ("major_2", "a file of version 2.3", "constant", |v| v.put(8, [2]), Open("Version", "version 2.3")),
        ("major_0", "a file of version 0.3", "constant", |v| v.put(8, [0]), Open("Version", "version 0.3")),
        ("header_flipped", "a bit of the header is wrong", "constant", |v| v.flip(40), Open("Checksum", "header")),
        (
            "header_reserved",
            "a reserved byte of the header is 1",
            "constant",
            |v| v.put(100, [1]),
            Open("Invalid", "reserved"),
        ),
        ("header_long", "a header of 192 bytes", "constant", |v| v.u32(12, 192), Open("Invalid", "must be 128 or 64")),
        ("sections_0", "no sections", "constant", |v| v.u32(24, 0), Open("Invalid", "no sections")),
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

pub(super) fn directories() -> Vec<Row> {
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

/// What only a packed file can have.
pub(super) fn packed() -> Vec<Row> {
    vec![
        (
            "packed_flipped",
            "a bit of the packed front is wrong",
            "packed",
            |v| v.flip(90),
            Open("Checksum", "packed front"),
        ),
        (
            "packed_header_flipped",
            "a bit of a packed file's header is wrong",
            "packed",
            |v| v.flip(30),
            Open("Checksum", "header"),
        ),
        (
            "packed_long",
            "a packed front that ends behind the file",
            "packed",
            |v| v.put(22, u16::MAX.to_le_bytes()),
            Open("Invalid", "ends outside the file"),
        ),
        (
            "packed_short",
            "a packed front without its last byte",
            "packed",
            |v| {
                let len = v.packed_len() as u16 - 1;
                v.put(22, len.to_le_bytes());
            },
            Open("Invalid", "cannot be unpacked"),
        ),
        (
            "packed_bomb",
            "a packed front that unpacks to 64 MiB",
            "packed",
            |v| v.replace_packed(&bomb(0)),
            Open("Invalid", "cannot be unpacked to at most 65536"),
        ),
        (
            "packed_sections",
            "a packed front that ends inside its directory",
            "packed",
            |v| v.put(20, 254u16.to_le_bytes()),
            Open("Truncated", "16384 bytes are needed"),
        ),
        (
            "packed_sections_0",
            "a packed file without sections",
            "packed",
            |v| v.put(20, [0, 0]),
            Open("Invalid", "no sections"),
        ),
        (
            "packed_straddling",
            "a section that begins in the packed front and ends in the payloads",
            "packed",
            |v| {
                v.edit_packed(|front| {
                    // The entry of BLKS is the last but what follows it: VARS is longer than the front.
                    let at = front.windows(4).position(|kind| kind == b"VARS").expect("VARS is there");
                    let len = front.len() as u64;
                    front[at + 16..at + 24].copy_from_slice(&len.to_le_bytes());
                    front[at + 24..at + 32].copy_from_slice(&len.to_le_bytes());
                });
            },
            Open("Invalid", "overlaps"),
        ),
    ]
}
