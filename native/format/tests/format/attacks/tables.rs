//! META, VARS, SEGS and NETS: what is checked when a file is opened.

use serde_json::json;

use super::Outcome::{Open, Read};
use super::Row;
use super::victim::bomb;

pub(super) fn metas() -> Vec<Row> {
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
            |v| v.replace("META", &zstd::bulk::compress(b"{}", 3).expect("zstd has memory"), 100, 1),
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

pub(super) fn variables() -> Vec<Row> {
    vec![
        (
            "vars_flipped",
            "a bit of VARS is wrong",
            "constant",
            |v| v.flip(v.section("VARS") + 3),
            Open("Checksum", "VARS"),
        ),
        ("dims_0", "an axis without voxels", "constant", |v| v.u32(v.section("VARS"), 0), Open("Invalid", "0 voxels")),
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
        ("steps_0", "no time steps", "constant", |v| v.u32(v.section("VARS") + 24, 0), Open("Invalid", "0 time steps")),
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
            "INDX has entries that no variable uses",
            "grid",
            |v| {
                let second = v.section("VARS") + 128;
                v.u32(second + 8, 8);
                v.u64(second + 56, 1);
            },
            Open("Invalid", "8 entries and 6 are used"),
        ),
    ]
}

pub(super) fn segments() -> Vec<Row> {
    // The first variable of "grid" has segments of 3 and 1 steps.
    vec![
        ("segs_flipped", "a bit of SEGS is wrong", "grid", |v| v.flip(v.section("SEGS")), Open("Checksum", "SEGS")),
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

pub(super) fn networks() -> Vec<Row> {
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
