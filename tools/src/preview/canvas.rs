//! An RGB picture with the few drawing operations the figures need.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// A colour as red, green, blue in sRGB.
pub(super) type Rgb = [u8; 3];

pub(super) const INK: Rgb = [32, 33, 36];
pub(super) const FAINT_INK: Rgb = [104, 108, 114];
pub(super) const GRID: Rgb = [228, 230, 233];

/// An 8-bit RGB picture, rows from the top, three bytes for each pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbImage {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// A text style: size (line height in pixels) and weight.
#[derive(Clone, Copy)]
pub(super) struct Font {
    weight: FontWeight,
    size: RasterHeight,
}

pub(super) const TITLE: Font = Font { weight: FontWeight::Bold, size: RasterHeight::Size32 };
pub(super) const HEADING: Font = Font { weight: FontWeight::Bold, size: RasterHeight::Size24 };
pub(super) const LABEL: Font = Font { weight: FontWeight::Regular, size: RasterHeight::Size24 };
pub(super) const SMALL: Font = Font { weight: FontWeight::Regular, size: RasterHeight::Size20 };

impl Font {
    /// Width of `text` in pixels.
    pub(super) fn width(self, text: &str) -> i32 {
        (get_raster_width(self.weight, self.size) * text.chars().count()) as i32
    }

    /// Line height in pixels.
    pub(super) fn height(self) -> i32 {
        self.size.val() as i32
    }

    /// `text`, cut to at most `width` pixels with two dots at the end where something is missing.
    pub(super) fn fit(self, text: &str, width: i32) -> String {
        let room = (width.max(0) as usize) / get_raster_width(self.weight, self.size);
        if text.chars().count() <= room {
            return text.to_owned();
        }
        let kept: String = text.chars().take(room.saturating_sub(2)).collect();
        format!("{}{}", kept.trim_end(), &".."[..room.min(2)])
    }
}

/// Where a text lies relative to its anchor point, horizontally.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

impl RgbImage {
    /// A white picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, rows from the top, three bytes each.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The colour at column `x` and row `y` (from the top), `None` outside.
    pub fn pixel(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y * self.width + x) * 3;
        Some([self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]])
    }

    /// Writes the picture as PNG; an existing file is replaced.
    pub fn save_png(&self, path: &Path) -> io::Result<()> {
        self.write_png(BufWriter::new(File::create(path)?))
    }

    /// Writes the picture as PNG.
    pub fn write_png(&self, out: impl io::Write) -> io::Result<()> {
        let (Ok(width), Ok(height)) = (u32::try_from(self.width), u32::try_from(self.height)) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "picture sides over 2^32 pixels"));
        };
        let mut encoder = png::Encoder::new(out, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.pixels).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)
    }

    /// Sets one pixel; outside the picture nothing happens.
    pub(super) fn set(&mut self, x: i32, y: i32, colour: Rgb) {
        self.blend(x, y, colour, 1.0);
    }

    /// Mixes `colour` over a pixel with `opacity` 0..=1.
    pub(super) fn blend(&mut self, x: i32, y: i32, colour: Rgb, opacity: f64) {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return;
        }
        let at = (y as usize * self.width + x as usize) * 3;
        for (under, over) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            *under = (f64::from(*under) * (1.0 - opacity) + f64::from(over) * opacity).round() as u8;
        }
    }

    /// Fills the rectangle with corner (x, y).
    pub(super) fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Rgb) {
        for row in y.max(0)..(y + height).min(self.height as i32) {
            for column in x.max(0)..(x + width).min(self.width as i32) {
                self.set(column, row, colour);
            }
        }
    }

    /// Draws a one pixel frame just outside the rectangle.
    pub(super) fn frame(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Rgb) {
        self.fill(x - 1, y - 1, width + 2, 1, colour);
        self.fill(x - 1, y + height, width + 2, 1, colour);
        self.fill(x - 1, y, 1, height, colour);
        self.fill(x + width, y, 1, height, colour);
    }

    /// Draws a straight line of some width in pixels, smoothed.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb) {
        let reach = width / 2.0 + 1.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = dx * dx + dy * dy;
        let rows = ((from.1.min(to.1) - reach).floor() as i32, (from.1.max(to.1) + reach).ceil() as i32);
        let columns = ((from.0.min(to.0) - reach).floor() as i32, (from.0.max(to.0) + reach).ceil() as i32);
        for y in rows.0.max(0)..=rows.1.min(self.height as i32) {
            for x in columns.0.max(0)..=columns.1.min(self.width as i32) {
                let (px, py) = (f64::from(x) + 0.5 - from.0, f64::from(y) + 0.5 - from.1);
                let along =
                    if length_squared > 0.0 { ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (px - along * dx).hypot(py - along * dy);
                let cover = (width / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
                if cover > 0.0 {
                    self.blend(x, y, colour, cover);
                }
            }
        }
    }

    /// Draws a filled, smoothed disc.
    pub(super) fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) {
        self.line(centre, centre, 2.0 * radius, colour);
    }

    /// Writes one line of text with its top at `y`. Characters outside Latin-1 become '?'.
    pub(super) fn text(&mut self, x: i32, y: i32, text: &str, font: Font, align: Align, colour: Rgb) {
        let left = match align {
            Align::Left => x,
            Align::Centre => x - font.width(text) / 2,
            Align::Right => x - font.width(text),
        };
        glyphs(text, font, |column, row, opacity| self.blend(left + column, y + row, colour, opacity));
    }

    /// Writes one line of text upwards, its line's left edge at `x`, centred on the row `y`.
    pub(super) fn text_upwards(&mut self, x: i32, y: i32, text: &str, font: Font, colour: Rgb) {
        let bottom = y + font.width(text) / 2;
        glyphs(text, font, |column, row, opacity| self.blend(x + row, bottom - column, colour, opacity));
    }
}

/// Calls `dot(column, row, opacity)` for each pixel of a text that is not blank.
fn glyphs(text: &str, font: Font, mut dot: impl FnMut(i32, i32, f64)) {
    let advance = get_raster_width(font.weight, font.size) as i32;
    for (n, letter) in text.chars().enumerate() {
        let glyph = get_raster(letter, font.weight, font.size).or_else(|| get_raster('?', font.weight, font.size));
        let Some(glyph) = glyph else { continue };
        for (row, line) in glyph.raster().iter().enumerate() {
            for (column, &intensity) in line.iter().enumerate() {
                if intensity > 0 {
                    dot(n as i32 * advance + column as i32, row as i32, f64::from(intensity) / 255.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_inside_its_box_and_clipped_at_the_edge() {
        let mut image = RgbImage::new(60, 40);
        image.text(30, 10, "Ab\u{b5}", SMALL, Align::Centre, INK);
        let dark: Vec<usize> = (0..60 * 40).filter(|i| image.pixels()[i * 3] < 128).collect();
        assert!(dark.len() > 20, "{}", dark.len());
        let half = SMALL.width("Ab\u{b5}") as usize / 2;
        assert!(dark.iter().all(|i| (30 - half..=30 + half).contains(&(i % 60)) && (10..30).contains(&(i / 60))));
        image.text(-500, -500, "far away", TITLE, Align::Left, INK);
        image.text_upwards(58, 2, "half outside", TITLE, INK);
    }

    #[test]
    fn long_texts_are_cut() {
        let room = SMALL.width("0123456789");
        assert_eq!(SMALL.fit("short", room), "short");
        assert_eq!(SMALL.fit("a much longer text", room), "a much l..");
        assert_eq!(SMALL.fit("abc", 0), "");
    }

    #[test]
    fn lines_cover_their_width() {
        let mut image = RgbImage::new(20, 20);
        image.line((2.0, 10.0), (18.0, 10.0), 2.0, [0, 0, 0]);
        assert_eq!(image.pixel(10, 9), Some([0, 0, 0]));
        assert_eq!(image.pixel(10, 10), Some([0, 0, 0]));
        assert_eq!(image.pixel(10, 12), Some([255, 255, 255]));
        assert_eq!(image.pixel(10, 20), None);
    }

    #[test]
    fn png_has_the_same_pixels_when_read_back() {
        let mut image = RgbImage::new(7, 3);
        image.fill(2, 1, 3, 1, [10, 20, 30]);
        let path = std::env::temp_dir().join(format!("neuvol-canvas-{}.png", std::process::id()));
        image.save_png(&path).unwrap();
        let mut reader = png::Decoder::new(io::BufReader::new(File::open(&path).unwrap())).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((reader.info().width, reader.info().height), (7, 3));
        assert_eq!(bytes, image.pixels());
    }
}
