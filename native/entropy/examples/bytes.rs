//! Measures the coders: bytes of each stream, coefficients coded per second of CPU time.
//!
//! `cargo run --release -p neuvol-entropy --example bytes -- FILE[:LEVELS]...`
//!
//! A file holds little-endian 32-bit words: the number of components, the extent z, y, x, then the coefficients of the
//! components, x fastest. They are a transform of `LEVELS` levels (4 if not given).

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::time::Duration;
use std::{env, error, fs};

use cpu_time::ThreadTime;
use neuvol_entropy::{Coder, Layout, decode, encode};

/// Times that each is measured: the shortest one counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("{:24} {:5} {:>8} {:>7} {:>7}  bytes of each stream", "file", "coder", "bytes", "enc M/s", "dec M/s");
    for argument in env::args().skip(1) {
        let (path, n_levels) = argument.rsplit_once(':').unwrap_or((&argument, "4"));
        measure(path, n_levels.parse()?)?;
    }
    Ok(())
}

fn measure(path: &str, n_levels: u8) -> Result<(), Box<dyn error::Error>> {
    let bytes = fs::read(path)?;
    let (words, _) = bytes.as_chunks();
    let words: Vec<i32> = words.iter().map(|&word| i32::from_le_bytes(word)).collect();
    let (&[n, z, y, x], values) = words.split_first_chunk().ok_or("no extent")?;
    let layout = Layout::new([z as usize, y as usize, x as usize], n_levels)?;
    let components: Vec<&[i32]> = values.chunks(layout.len()).collect();
    if components.len() != n as usize {
        return Err(format!("{} coefficients are not {n} components of {z}x{y}x{x}", values.len()).into());
    }
    for coder in Coder::ALL {
        let (encoding, streams) = timed(|| encode(coder, &layout, &components))?;
        let (decoding, decoded) = timed(|| decode(coder, &layout, components.len(), &streams))?;
        if decoded != components {
            return Err(format!("{path}: {coder:?} does not give back what it was given").into());
        }
        let rate = |time: Duration| values.len() as f64 / time.as_secs_f64() / 1e6;
        let lengths: Vec<usize> = streams.iter().map(Vec::len).collect();
        let name = path.rsplit('/').next().unwrap_or(path);
        let (encoding, decoding) = (rate(encoding), rate(decoding));
        let sum: usize = lengths.iter().sum();
        println!("{name:24} {coder:5?} {sum:8} {encoding:7.1} {decoding:7.1}  {lengths:?}");
    }
    Ok(())
}

/// The result of something and the shortest CPU time that it took.
fn timed<T, E>(run: impl Fn() -> Result<T, E>) -> Result<(Duration, T), E> {
    let once = || {
        let start = ThreadTime::now();
        run().map(|result| (start.elapsed(), result))
    };
    let mut best = once()?;
    for _ in 1..ROUNDS {
        let next = once()?;
        if next.0 < best.0 {
            best = next;
        }
    }
    Ok(best)
}
