//! Entries, masks, coordinates, and what a reader must cope with.

use serde_json::json;

use super::Outcome::{Check, Fine, Open, Read};
use super::Row;
use super::victim::bomb;

pub(super) fn entries() -> Vec<Row> {
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

pub(super) fn masks() -> Vec<Row> {
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
            "a mask of coding 1 that is no zstd stream",
            "raw",
            |v| {
                v.put(v.section("MASK") + 40, [1]);
                v.u64(v.section("MASK"), v.section("BLKS") as u64);
            },
            Read("Invalid", "cannot be decompressed to 2 bytes"),
        ),
        (
            "mask_bomb",
            "two kilobytes that unfold to 64 MiB, for a mask of 2 bytes",
            "raw",
            |v| {
                v.put(v.section("MASK") + 40, [1]);
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
        (
            "mask_method",
            "a method that does not exist",
            "masks",
            |v| v.put(v.mask_payload(0), [9]),
            Read("Unsupported", "mask method 9"),
        ),
        (
            "mask_bits_short",
            "a mask of bits, and not enough of them",
            "masks",
            |v| v.put(v.mask_payload(0), [0]),
            Read("Invalid", "bytes of bits instead of 1152"),
        ),
        (
            "mask_number",
            "a mask coded by context whose number lies in no interval",
            "masks",
            |v| v.put(v.mask_payload(1) + 1, [0xFF; 8]),
            Read("Invalid", "not what a coder writes"),
        ),
        (
            "mask_zeros",
            "a mask coded by context of zeros only: all steps alike, all valid, which its record denies",
            "masks",
            |v| {
                v.put(v.mask_payload(1), [2]);
                let len = v.mask_len(1);
                let at = v.mask_payload(1) + 1;
                (at..at + len - 1).for_each(|at| v.put(at, [0]));
            },
            Read("Invalid", "a mask has 12288 valid voxels"),
        ),
        (
            "mask_tail",
            "a mask coded by context with a byte too much that is not 0",
            "masks",
            |v| {
                let (at, len) = (v.mask_payload(1), v.mask_len(1));
                v.put(at + len + 7, [1]);
                v.u32(v.section("MASK") + 64 + 8, len as u32 + 8);
            },
            Read("Invalid", "not what a coder writes"),
        ),
        (
            "mask_small",
            "a mask coded by context that is more than 2^15 times its stored length",
            "masks",
            |v| {
                v.put(v.section("VARS") + 24, 4096u32.to_le_bytes());
                v.u32(v.section("SEGS") + 4, 4096);
                v.u32(v.section("MASK") + 28, 4096);
                v.u32(v.section("MASK") + 8, 100);
            },
            Read("Limit", "bytes of a mask: 4718592"),
        ),
    ]
}

pub(super) fn others() -> Vec<Row> {
    vec![
        ("coor_flipped", "a bit of COOR is wrong", "raw", |v| v.flip(v.section("COOR") + 5), Read("Checksum", "COOR")),
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
        ("network_kind_99", "an unknown kind of network", "grid", |v| v.put(v.section("NETS"), [99]), Fine),
        (
            "meta_member",
            "an unknown member of META",
            "constant",
            |v| v.edit_meta(|meta| meta["new"] = json!({ "a": 1 })),
            Fine,
        ),
    ]
}
