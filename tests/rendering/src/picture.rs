//! Pictures, their files and differences.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

/// 8-bit red, green, blue; rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) size: [usize; 2],
    pub(crate) pixels: Vec<[u8; 3]>,
}

/// How far two pictures are apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference {
    /// Peak signal-to-noise ratio over the pixels that count, in dB.
    pub(crate) psnr: f64,
    pub(crate) largest: u8,
}

impl Picture {
    /// Compares the pixels that count.
    pub(crate) fn difference(&self, other: &Self, counts: impl Fn(usize) -> bool) -> Difference {
        let (mut squares, mut number, mut largest) = (0.0, 0.0, 0);
        for (n, (a, b)) in self.pixels.iter().zip(&other.pixels).enumerate().filter(|(n, _)| counts(*n)) {
            let _ = n;
            for (a, b) in a.iter().zip(b) {
                let difference = a.abs_diff(*b);
                squares += f64::from(difference).powi(2);
                number += 1.0;
                largest = largest.max(difference);
            }
        }
        Difference { psnr: 10.0 * (255.0 * 255.0 * number / squares).log10(), largest }
    }

    /// Two pictures of the same height side by side.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let rows = self.pixels.chunks(self.size[0]).zip(other.pixels.chunks(other.size[0]));
        let pixels = rows.flat_map(|(a, b)| a.iter().chain(b).copied()).collect();
        Self { size: [self.size[0] + other.size[0], self.size[1]], pixels }
    }

    /// Writes a PNG file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let explain = |error: &dyn std::fmt::Display| format!("cannot write {}: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| explain(&error))?;
        }
        let file = File::create(path).map_err(|error| explain(&error))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.size[0] as u32, self.size[1] as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(|error| explain(&error))?;
        writer.write_image_data(self.pixels.as_flattened()).map_err(|error| explain(&error))?;
        writer.finish().map_err(|error| explain(&error))
    }

    /// Reads a file that [`Picture::write`] has written.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let explain = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
        let file = File::open(path).map_err(|error| explain(&error))?;
        let mut reader =
            png::Decoder::new(std::io::BufReader::new(file)).read_info().map_err(|error| explain(&error))?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or_else(|| explain(&"too large"))?];
        let info = reader.next_frame(&mut bytes).map_err(|error| explain(&error))?;
        if (info.color_type, info.bit_depth) != (png::ColorType::Rgb, png::BitDepth::Eight) {
            return Err(explain(&"not red, green, blue of 8 bits"));
        }
        let pixels = bytes[..info.buffer_size()].as_chunks::<3>().0.to_vec();
        Ok(Self { size: [info.width as usize, info.height as usize], pixels })
    }
}
