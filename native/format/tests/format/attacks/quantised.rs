//! Payloads of codec 3 with quantised parameters: what is checked when a block is decoded.

use super::Outcome::Decode;
use super::Row;
use super::victim::Victim;

/// In a payload of three levels: the steps, behind 16 bytes and the levels.
const STEPS: usize = 16 + 8 * 3;

/// The scales of three layers.
const SCALES: usize = STEPS + 4 * 3;

/// The length of the stream.
const LENGTH: usize = SCALES + 4 * 6;

/// The values of the tensors.
const TENSORS: usize = LENGTH + 4;

/// Overwrites the beginning of the stream.
fn break_stream(victim: &mut Victim) {
    // Tensors of 5 inputs, 8 neurons and an output; time codes and gains of three steps.
    let payload = victim.payload(0);
    let before = (5 * 8 + 8) + (8 * 8 + 8) + (8 + 1) + 2 * 3 * (8 + 5);
    victim.put(payload + TENSORS + before, [0xFF; 8]);
}

pub(super) fn payloads() -> Vec<Row> {
    vec![
        (
            "quantised_type",
            "parameters of a type that does not exist",
            "quantised",
            |v| v.put(v.payload(0) + 8, [3]),
            Decode("Unsupported", "parameter type 3"),
        ),
        (
            "quantised_shared",
            "quantised parameters and a shared MLP",
            "quantised",
            |v| v.put(v.payload(0) + 9, [2 | 4 | 1]),
            Decode("Payload", "flags at byte 9"),
        ),
        (
            "quantised_step",
            "a table whose step is 0",
            "quantised",
            |v| v.f32(v.payload(0) + STEPS, 0.0),
            Decode("Payload", "step at byte 40"),
        ),
        (
            "quantised_step_nan",
            "a table whose step is NaN",
            "quantised",
            |v| v.f32(v.payload(0) + STEPS + 8, f32::NAN),
            Decode("Payload", "step at byte 48"),
        ),
        (
            "quantised_step_large",
            "a table whose parameters are beyond 16 bits",
            "quantised",
            |v| v.f32(v.payload(0) + STEPS + 4, 1e30),
            Decode("Payload", "no finite number of 16 bits"),
        ),
        (
            "quantised_scale",
            "a tensor whose scale is negative",
            "quantised",
            |v| v.f32(v.payload(0) + SCALES, -0.5),
            Decode("Payload", "scale at byte 52"),
        ),
        (
            "quantised_scale_large",
            "a tensor whose parameters are beyond 16 bits",
            "quantised",
            |v| v.f32(v.payload(0) + SCALES, 1e30),
            Decode("Payload", "tensor at byte 80"),
        ),
        (
            "quantised_length",
            "a stream of 4 GiB",
            "quantised",
            |v| v.u32(v.payload(0) + LENGTH, u32::MAX),
            Decode("Length", "grid network has"),
        ),
        (
            "quantised_length_0",
            "a stream of no bytes, and bytes behind it",
            "quantised",
            |v| v.u32(v.payload(0) + LENGTH, 0),
            Decode("Length", "grid network has"),
        ),
        ("quantised_stream", "a stream of ones", "quantised", break_stream, Decode("Payload", "stream at byte")),
        (
            "quantised_extent",
            "a payload of a block of another size",
            "quantised",
            |v| v.u64(v.section("INDX") + 64 + 16, v.payload(0) as u64),
            Decode("Payload", "n_entries at byte"),
        ),
    ]
}
