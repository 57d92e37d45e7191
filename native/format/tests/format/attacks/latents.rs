//! Payloads and networks of codec 4: what is checked when a block is decoded.

use super::Outcome::Decode;
use super::Row;

/// In a payload of 5 steps and 2 components: behind 12 bytes and the weights.
const LENGTHS: usize = 12 + 2 * 2 * 5;

pub(super) fn payloads() -> Vec<Row> {
    vec![
        (
            "wavelet_step",
            "a quantiser whose step is 0",
            "wavelet",
            |v| v.f32(v.payload(0), 0.0),
            Decode("Payload", "step at byte 0"),
        ),
        (
            "wavelet_offset",
            "latents whose offset is NaN",
            "wavelet",
            |v| v.f32(v.payload(0) + 4, f32::NAN),
            Decode("Payload", "offset at byte 4"),
        ),
        (
            "wavelet_levels",
            "a transform of 9 levels",
            "wavelet",
            |v| v.put(v.payload(0) + 8, [9]),
            Decode("Payload", "n_levels at byte 8"),
        ),
        (
            "wavelet_components",
            "more components than steps",
            "wavelet",
            |v| v.put(v.payload(0) + 9, [6]),
            Decode("Payload", "at most the 5 steps"),
        ),
        (
            "wavelet_coder",
            "a coder that does not exist",
            "wavelet",
            |v| v.put(v.payload(0) + 10, [3]),
            Decode("Unsupported", "coder 3"),
        ),
        (
            "wavelet_flags",
            "a flag that does not exist",
            "wavelet",
            |v| v.put(v.payload(0) + 11, [0x13]),
            Decode("Unsupported", "wavelet block flags 19"),
        ),
        (
            "wavelet_residual",
            "a residual that the flags deny",
            "wavelet",
            |v| v.put(v.payload(0) + 11, [1]),
            Decode("Length", "its header needs exactly"),
        ),
        (
            "wavelet_weights",
            "an infinite weight",
            "wavelet",
            |v| v.put(v.payload(0) + 12, [0, 0x7C]),
            Decode("Payload", "weights at byte 12"),
        ),
        (
            "wavelet_length",
            "a stream of 4 GiB",
            "wavelet",
            |v| v.u32(v.payload(0) + LENGTHS, u32::MAX),
            Decode("Length", "its header needs exactly"),
        ),
        (
            "wavelet_quantum",
            "a residual whose quantum is negative",
            "wavelet",
            |v| v.f32(v.payload(0) + LENGTHS + 16, -1.0),
            Decode("Payload", "quantum at byte 48"),
        ),
        (
            "wavelet_stream",
            "a stream of ones",
            "wavelet",
            |v| v.put(v.payload(0) + LENGTHS + 24, [0xFF; 8]),
            Decode("Payload", "stream at byte 56"),
        ),
        (
            "wavelet_prefix",
            "a level of detail with all streams",
            "wavelet",
            |v| {
                let index = v.section("INDX");
                let len: [u8; 4] = v.bytes[index + 24..index + 28].try_into().expect("four bytes");
                v.put(index + 2 * 64 + 24, len);
            },
            Decode("Length", "its header needs exactly"),
        ),
        (
            "wavelet_extent",
            "a payload of a block of another size",
            "wavelet",
            |v| v.u64(v.section("INDX") + 64 + 16, v.payload(0) as u64),
            Decode("Length", "its header needs exactly"),
        ),
    ]
}

pub(super) fn heads() -> Vec<Row> {
    vec![
        (
            "head_kind",
            "a head that says that it is an MLP",
            "wavelet",
            |v| v.put(v.section("NETS"), [1]),
            Decode("Payload", "is of kind 1, codec 4 needs 2"),
        ),
        (
            "head_channels",
            "a head without channels",
            "wavelet",
            |v| v.put(v.network(0), [0]),
            Decode("Payload", "n_channels at byte 0"),
        ),
        (
            "head_layers",
            "a head of 255 hidden layers",
            "wavelet",
            |v| v.put(v.network(0) + 1, [255]),
            Decode("Payload", "n_hidden at byte 1"),
        ),
        (
            "head_reserved",
            "a reserved byte is 1",
            "wavelet",
            |v| v.put(v.network(0) + 2, [1]),
            Decode("Payload", "reserved byte at byte 2"),
        ),
        (
            "head_deviation",
            "a standard deviation of 0",
            "wavelet",
            |v| v.f32(v.network(0) + 8, 0.0),
            Decode("Payload", "standard deviation at byte 8"),
        ),
        (
            "head_scale",
            "a scale whose parameters are infinite",
            "wavelet",
            |v| v.f32(v.network(0) + 12, 1e38),
            Decode("Payload", "scale at byte 12"),
        ),
        (
            "head_large",
            "a head that says that it is much larger",
            "wavelet",
            |v| v.put(v.network(0), [64]),
            Decode("Length", "head has"),
        ),
        (
            "head_long",
            "a byte behind the last tensor",
            "wavelet",
            |v| {
                let len = v.bytes[v.section("NETS") + 16];
                v.put(v.section("NETS") + 16, [len + 1]);
                let at = v.directory("NETS");
                let len = v.bytes[at + 16];
                v.put(at + 16, [len + 1]);
                v.put(at + 24, [len + 1]);
            },
            Decode("Length", "head has"),
        ),
    ]
}
