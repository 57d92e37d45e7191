//! Measures the coders.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::time::Instant;
use std::{env, error, fs};

use neuvol_entropy::{Coder, Decoder, Layout, encode};

fn main() -> Result<(), Box<dyn error::Error>> {
    for path in env::args().skip(1) {
        let bytes = fs::read(&path)?;
        let words: Vec<i32> = bytes.chunks_exact(4).map(|w| i32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        let [n, z, y, x] = [0, 1, 2, 3].map(|k| words[k] as usize);
        let layout = Layout::new([z, y, x], 4)?;
        let components: Vec<&[i32]> = words[4..].chunks_exact(layout.len()).collect();
        assert_eq!(components.len(), n);
        for coder in [Coder::Dense] {
            let start = Instant::now();
            let streams = encode(coder, &layout, &components)?;
            let enc = start.elapsed(); println!("flags signs b0 b1 b2 b3 b4+ {:?}", neuvol_entropy::slot::COST.each_ref().map(|c| c.swap(0, std::sync::atomic::Ordering::Relaxed) / 8000));
            let mut best = f64::MAX;
            for _ in 0..3 {
                let start = Instant::now();
                let mut decoder = Decoder::new(coder, layout.clone(), n);
                for stream in &streams {
                    decoder.push(stream)?;
                }
                best = best.min(start.elapsed().as_secs_f64());
                assert!(decoder.components().iter().zip(&components).all(|(a, b)| a == b));
            }
            let lens: Vec<usize> = streams.iter().map(Vec::len).collect();
            let million = (n * layout.len()) as f64 / 1e6;
            println!(
                "{path} {coder:?} {} bytes {lens:?} enc {:.1} dec {:.1} Msym/s",
                lens.iter().sum::<usize>(),
                million / enc.as_secs_f64(),
                million / best
            );
        }
    }
    Ok(())
}
