//! Transfer functions as the shaders read them.

/// Texels of a transfer function.
pub(crate) const TEXELS: usize = 1024;
/// Rows of the table of largest alphas: one for each power of two up to `TEXELS`.
pub(crate) const ROWS: usize = 11;

/// Colour and opacity over a range of values.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Red, green, blue, alpha of each texel.
    pub(crate) texels: Vec<[u8; 4]>,
}

impl Transfer {
    /// Linear between points of (0..1, red, green, blue, alpha), which are in order.
    pub(crate) fn new(min: f64, max: f64, points: &[[f64; 5]]) -> Self {
        let texel = |n: usize| {
            let x = n as f64 / (TEXELS - 1) as f64;
            let after = points.iter().position(|point| point[0] >= x).unwrap_or(points.len() - 1);
            let (a, b) = (points[after.saturating_sub(1)], points[after]);
            let width = b[0] - a[0];
            let weight = if width > 0.0 { ((x - a[0]) / width).clamp(0.0, 1.0) } else { 1.0 };
            std::array::from_fn(|n| ((a[n + 1] + (b[n + 1] - a[n + 1]) * weight) * 255.0).round() as u8)
        };
        Self { min, max, texels: (0..TEXELS).map(texel).collect() }
    }

    /// The table that tells in two loads whether a range of values has opacity.
    pub(crate) fn largest_alphas(&self) -> Vec<u8> {
        let mut rows: Vec<Vec<u8>> = vec![self.texels.iter().map(|texel| texel[3]).collect()];
        for row in 1..ROWS {
            let (half, before) = (1 << (row - 1), &rows[row - 1]);
            let largest = |n: usize| before[n].max(before[(n + half).min(TEXELS - 1)]);
            let next = (0..TEXELS).map(largest).collect();
            rows.push(next);
        }
        rows.concat()
    }
}
