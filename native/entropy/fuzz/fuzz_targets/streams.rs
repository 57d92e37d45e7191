//! Decodes any bytes as streams, and encodes any coefficients: nothing may panic or hang, and what was written is what is
//! read.
//!
//! From the folder of `neuvol-entropy`: `cargo +nightly fuzz run streams`. The first bytes are the extent, the levels,
//! the components and what the rest is: streams, each after its length in a byte, or coefficients.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neuvol_entropy::{BrickDecoder, Coder, Layout, MAX_MAGNITUDE, decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let Some((&[z, y, x, shape, kind], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let extent = [z % 8, y % 9, x % 20].map(|n| usize::from(n) + 1);
    let layout = Layout::new(extent, shape % 8 + 1).expect("a fitting extent");
    let n = usize::from(shape >> 3) % 3 + 1;
    let coder = Coder::ALL[usize::from(kind & 1)];
    let components = if kind & 2 == 0 {
        let mut streams = Vec::new();
        let mut rest = rest;
        while let Some((&len, more)) = rest.split_first().filter(|_| streams.len() < layout.n_streams()) {
            let (stream, more) = more.split_at(usize::from(len).min(more.len()));
            streams.push(stream);
            rest = more;
        }
        let decoded = decode(coder, &layout, n, &streams);
        // A decoder that was used before finds the same.
        let mut decoder = BrickDecoder::new(coder, &layout, n).expect("up to three components");
        for _ in 0..2 {
            let mut found = vec![vec![0; layout.len()]; n];
            let pushed = streams.iter().try_for_each(|stream| {
                decoder.push(stream, |brick| {
                    for ([z, y, x], row) in brick.rows() {
                        let at = (z * extent[1] + y) * extent[2] + x;
                        found[brick.component][at..at + row.len()].copy_from_slice(row);
                    }
                })
            });
            assert_eq!(pushed.map(|()| found), decoded);
            decoder.reset(coder, &layout, n).expect("up to three components");
        }
        match decoded {
            Ok(components) => components,
            Err(_) => return,
        }
    } else {
        // Few bytes stand for many coefficients; the rest of `kind` shifts them.
        let coefficient = |at: usize| {
            let byte = rest.get(at % rest.len().max(1)).map_or(0, |&byte| i32::from(byte as i8));
            (byte << (kind >> 4)).clamp(-(MAX_MAGNITUDE as i32), MAX_MAGNITUDE as i32)
        };
        (0..n).map(|k| (0..layout.len()).map(|at| coefficient(k * 7 + at)).collect()).collect()
    };
    let slices: Vec<&[i32]> = components.iter().map(Vec::as_slice).collect();
    let streams = encode(coder, &layout, &slices).expect("coefficients within bounds");
    assert_eq!(decode(coder, &layout, n, &streams).expect("it was just encoded"), components);
});
