//! Payloads of codec 2.
use neuvol_model::{MAX_RAW_BYTES, Raw, RawCompression, RawType, voxels};
use proptest::prelude::*;

const COMPRESSIONS: [RawCompression; 2] = [RawCompression::None, RawCompression::Zstd];

fn values_of(raw: &Raw) -> Vec<f32> {
    let n = voxels(raw.extent());
    let mut out = vec![0.0; n * raw.steps() as usize];
    for (step, out) in out.chunks_exact_mut(n).enumerate() {
        raw.step(step as u32, out).unwrap();
    }
    out
}

fn any_values() -> impl Strategy<Value = ([u32; 3], u32, Vec<f32>)> {
    ([1u32..6, 1u32..6, 1u32..6], 1u32..4).prop_flat_map(|(extent, steps)| {
        let n = voxels(extent) * steps as usize;
        (Just(extent), Just(steps), prop::collection::vec(any::<f32>(), n))
    })
}

proptest! {
    #[test]
    fn f32_is_lossless((extent, steps, values) in any_values(), shuffled in any::<bool>()) {
        let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for compression in COMPRESSIONS {
            let raw = Raw::from_floats(&values, extent, steps, RawType::F32).unwrap();
            let bytes = raw.to_bytes(compression, shuffled).unwrap();
            let read = Raw::from_bytes(&bytes, extent, steps).unwrap();
            prop_assert_eq!(bits(&values_of(&read)), bits(&values));
        }
        let bytes = Raw::encode_f32(&values, extent, steps).unwrap();
        prop_assert_eq!(bits(&values_of(&Raw::from_bytes(&bytes, extent, steps).unwrap())), bits(&values));
    }

    #[test]
    fn integers_keep_half_a_quantum(
        (extent, steps, values) in any_values(),
        low in -1e6f32..1e6,
        span in 0f32..1e6,
        shuffled in any::<bool>(),
    ) {
        let range = (low, low + span);
        let values: Vec<f32> = values.iter().map(|v| low + span * (v.abs() % 1.0)).collect();
        for (dtype, quanta) in
            [(RawType::U8, 255.0), (RawType::U16, 65535.0), (RawType::I16, 65535.0), (RawType::I32, 4294967295.0)]
        {
            let raw = Raw::quantise(&values, extent, steps, dtype, range).unwrap();
            let bytes = raw.to_bytes(RawCompression::Zstd, shuffled).unwrap();
            let read = Raw::from_bytes(&bytes, extent, steps).unwrap();
            prop_assert_eq!(&read, &raw);
            let rounding = 2.0 * f64::from(f32::EPSILON) * f64::from(range.0.abs().max(range.1.abs()));
            let allowed = 0.5 * f64::from(range.1 - range.0) / quanta + rounding;
            for (value, read) in values.iter().zip(values_of(&read)) {
                let value = value.clamp(range.0, range.1); // NaN and infinity became NaN above
                let expected = if value.is_nan() { range.0 } else { value };
                prop_assert!(f64::from((expected - read).abs()) <= allowed, "{} {} {:?}", expected, read, dtype);
            }
        }
    }

    #[test]
    fn damage_is_an_error_or_values((extent, steps, values) in any_values(), place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = Raw::encode_f32(&values, extent, steps).unwrap();
        let cut = place.index(bytes.len());
        prop_assert!(Raw::from_bytes(&bytes[..cut], extent, steps).is_err());
        bytes[cut] = byte;
        let _ = Raw::from_bytes(&bytes, extent, steps);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Raw::from_bytes(&bytes, [2, 3, 4], 2);
    }
}

#[test]
fn times_between_steps_are_interpolated_and_limited_to_the_range() {
    let values = [0.0, 10.0, f32::NAN, 4.0, 30.0, 1.0];
    let raw = Raw::from_floats(&values, [1, 1, 3], 2, RawType::F32).unwrap();
    let at = |time| {
        let mut out = [0.0; 3];
        raw.decode(time, (-1.0, 20.0), &mut out).unwrap();
        out
    };
    assert_eq!(at(0.0), [0.0, 10.0, -1.0]);
    assert_eq!(at(1.0), [4.0, 20.0, 1.0]);
    assert_eq!(at(0.25), [1.0, 12.5, -0.5]);
    assert_eq!(at(-3.0), at(0.0));
    assert_eq!(at(9.0), at(1.0));
    assert_eq!(at(f64::NAN), at(0.0));
}

#[test]
fn f16_rounds_to_the_nearest() {
    let raw = Raw::from_floats(&[1.0, 0.1, 65504.0], [3, 1, 1], 1, RawType::F16).unwrap();
    assert_eq!(values_of(&raw), [1.0, half::f16::from_f32(0.1).to_f32(), 65504.0]);
}

#[test]
fn sizes_that_no_file_needs_are_refused() {
    let bytes = Raw::encode_f32(&[1.0], [1, 1, 1], 1).unwrap();
    let error = Raw::from_bytes(&bytes, [256, 256, 32], 1 << 24).unwrap_err().to_string();
    assert!(error.contains(&MAX_RAW_BYTES.to_string()), "{error}");
    assert!(Raw::from_floats(&[1.0], [1, 1, 2], 1, RawType::F32).unwrap_err().to_string().contains("values"));
    assert!(Raw::quantise(&[1.0], [1, 1, 1], 1, RawType::U8, (2.0, 1.0)).unwrap_err().to_string().contains("range"));
    assert!(Raw::from_bytes(&[9; 30], [1, 1, 1], 1).unwrap_err().to_string().contains("unsupported value type"));
}
