//! Letters in pictures.

use crate::picture::Picture;
use ab_glyph::{Font as _, FontVec, PxScale, ScaleFont as _, point};
use std::path::Path;

/// A font from a file.
pub(crate) struct Font(FontVec);

/// Where a text is, seen from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It begins there.
    Left,
    /// Its middle is there.
    Middle,
    /// It ends there.
    Right,
}

impl Font {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        FontVec::try_from_vec(bytes).map(Self).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes one line; `at` is on its base line.
    pub(crate) fn write(&self, picture: &mut Picture, text: &str, at: [f64; 2], size: f32, ink: [u8; 3], place: Place) {
        let font = self.0.as_scaled(PxScale::from(size));
        let width: f32 = text.chars().map(|letter| font.h_advance(self.0.glyph_id(letter))).sum();
        let before = match place {
            Place::Left => 0.0,
            Place::Middle => width / 2.0,
            Place::Right => width,
        };
        let mut x = at[0] as f32 - before;
        for letter in text.chars() {
            let id = self.0.glyph_id(letter);
            let glyph = id.with_scale_and_position(font.scale(), point(x, at[1] as f32));
            x += font.h_advance(id);
            let Some(outline) = self.0.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            outline.draw(|dx, dy, cover| {
                let (px, py) = (bounds.min.x as i64 + i64::from(dx), bounds.min.y as i64 + i64::from(dy));
                let inside = (0..picture.size[0] as i64).contains(&px) && (0..picture.size[1] as i64).contains(&py);
                if inside {
                    let pixel = &mut picture.pixels[py as usize * picture.size[0] + px as usize];
                    for (old, new) in pixel.iter_mut().zip(ink) {
                        *old = (f32::from(*old) + (f32::from(new) - f32::from(*old)) * cover.min(1.0)).round() as u8;
                    }
                }
            });
        }
    }
}
