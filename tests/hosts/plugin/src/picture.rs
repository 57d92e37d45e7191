//! Pictures as PNG files.

use crate::{Failure, Result};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;

/// Pixels of 8 bits, red, green, blue, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub size: [u32; 2],
    /// Three bytes per pixel.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Drops the alpha of pixels of four bytes.
    pub fn from_rgba(size: [u32; 2], rgba: &[u8]) -> Self {
        Self { size, rgb: rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect() }
    }

    /// Reads a file that [`Picture::write`] has written.
    ///
    /// # Errors
    /// If it cannot be read, or has other pixels.
    pub fn read(path: &Path) -> Result<Self> {
        let broken = |error: &dyn std::fmt::Display| Failure::broken(path.display(), error);
        let file = File::open(path).map_err(|error| broken(&error))?;
        let mut reader = png::Decoder::new(BufReader::new(file)).read_info().map_err(|error| broken(&error))?;
        let bytes = reader.output_buffer_size().ok_or_else(|| broken(&"too large"))?;
        let mut rgb = vec![0; bytes];
        let info = reader.next_frame(&mut rgb).map_err(|error| broken(&error))?;
        if (info.color_type, info.bit_depth) != (png::ColorType::Rgb, png::BitDepth::Eight) {
            return Err(broken(&"not red, green, blue of 8 bits"));
        }
        rgb.truncate(info.buffer_size());
        Ok(Self { size: [info.width, info.height], rgb })
    }

    /// Writes a file, and its folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let broken = |error: &dyn std::fmt::Display| Failure::broken(path.display(), error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| broken(&error))?;
        }
        let file = File::create(path).map_err(|error| broken(&error))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.size[0], self.size[1]);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(|error| broken(&error))?;
        writer.write_image_data(&self.rgb).map_err(|error| broken(&error))?;
        writer.finish().map_err(|error| broken(&error))
    }
}
