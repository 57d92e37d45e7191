//! Payloads of codec 5: what is checked when a block is decoded.

use super::Outcome::Decode;
use super::Row;
use super::victim::Victim;

/// In a payload with 3 and 4 streams: behind 20 bytes and their lengths.
const STREAMS: usize = 20 + 4 * 7;

/// Overwrites the beginning of the first stream of the matrices.
fn break_matrices(victim: &mut Victim) {
    let payload = victim.payload(0);
    let len = |stream: usize| {
        let at = payload + 20 + 4 * stream;
        u32::from_le_bytes(victim.bytes[at..at + 4].try_into().expect("four bytes")) as usize
    };
    let core: usize = (0..3).map(len).sum();
    victim.put(payload + STREAMS + core, [0xFF; 8]);
}

pub(super) fn payloads() -> Vec<Row> {
    vec![
        (
            "matrices_step",
            "a core whose quantiser has the step 0",
            "matrices",
            |v| v.f32(v.payload(0), 0.0),
            Decode("Payload", "step at byte 0"),
        ),
        (
            "matrices_offset",
            "an infinite offset",
            "matrices",
            |v| v.f32(v.payload(0) + 4, f32::INFINITY),
            Decode("Payload", "offset at byte 4"),
        ),
        (
            "matrices_fineness",
            "matrices whose fineness is negative",
            "matrices",
            |v| v.f32(v.payload(0) + 8, -1.0),
            Decode("Payload", "fineness at byte 8"),
        ),
        (
            "matrices_levels",
            "a core of 9 levels",
            "matrices",
            |v| v.put(v.payload(0) + 12, [9]),
            Decode("Payload", "n_levels at byte 12"),
        ),
        (
            "matrices_no_levels",
            "matrices without levels",
            "matrices",
            |v| v.put(v.payload(0) + 13, [0]),
            Decode("Payload", "n_levels at byte 13"),
        ),
        (
            "matrices_coder",
            "a coder that does not exist",
            "matrices",
            |v| v.put(v.payload(0) + 14, [3]),
            Decode("Unsupported", "coder 3"),
        ),
        (
            "matrices_flags",
            "a flag that does not exist",
            "matrices",
            |v| v.put(v.payload(0) + 15, [2]),
            Decode("Unsupported", "flags of a block of matrices 2"),
        ),
        (
            "matrices_time",
            "more columns than steps",
            "matrices",
            |v| v.put(v.payload(0) + 16, [5]),
            Decode("Payload", "rank of time at byte 16"),
        ),
        (
            "matrices_rank",
            "more columns than voxels",
            "matrices",
            |v| v.put(v.payload(0) + 18, [255]),
            Decode("Payload", "rank of space at byte 18"),
        ),
        (
            "matrices_length",
            "a stream of 4 GiB",
            "matrices",
            |v| v.u32(v.payload(0) + 20, u32::MAX),
            Decode("Length", "its header needs exactly"),
        ),
        (
            "matrices_stream",
            "a stream of ones",
            "matrices",
            |v| v.put(v.payload(0) + STREAMS, [0xFF; 8]),
            Decode("Payload", "stream at byte 48"),
        ),
        (
            "matrices_matrix_stream",
            "a stream of ones where the matrices begin",
            "matrices",
            break_matrices,
            Decode("Payload", "stream at byte"),
        ),
        (
            "matrices_extent",
            "a payload of a block of another size",
            "matrices",
            |v| v.u64(v.section("INDX") + 64 + 16, v.payload(0) as u64),
            Decode("Payload", "above the 1 voxels of the axis"),
        ),
    ]
}
