//! What coefficients are multiplied with once, so that the lifting needs no scales.
use crate::lifting::LOW;
use neuvol_entropy::Layout;

/// Scales of the coefficients of some streams, by the streams in which the axes of a place lie.
#[derive(Debug)]
pub(super) struct Scales {
    /// By axis and place: the first stream whose region reaches there.
    first: [Vec<u8>; 3],
    /// By the streams of z, y and x.
    by_streams: Vec<f32>,
    n: usize,
}

impl Scales {
    /// For the streams `0..=last`, of which those up to `end` will be put together. `factor`: a scale of the whole result.
    pub(super) fn new(layout: &Layout, last: usize, end: usize, factor: f64) -> Self {
        let first = [0, 1, 2].map(|axis| {
            let reaches = |at: usize| (0..=last).find(|&stream| at < layout.region(stream)[axis]);
            (0..layout.region(last)[axis]).map(|at| reaches(at).unwrap_or(last) as u8).collect()
        });
        let n = last + 1;
        let of = |number: usize| (factor * scale(layout, end, [number / n / n, number / n % n, number % n])) as f32;
        Scales { first, by_streams: (0..n * n * n).map(of).collect(), n }
    }

    /// Where all of the row of a place lies.
    pub(super) fn row(&self, z: usize, y: usize, out: &mut [f32]) {
        let [z, y] = [self.first[0][z], self.first[1][y]].map(usize::from);
        let scales = &self.by_streams[(z * self.n + y) * self.n..][..self.n];
        for (out, x) in out.iter_mut().zip(&self.first[2]) {
            *out = scales[usize::from(*x)];
        }
    }

    /// Whether two rows have the same scales.
    pub(super) fn same_row(&self, (z0, y0): (usize, usize), (z1, y1): (usize, usize)) -> bool {
        self.first[0][z0] == self.first[0][z1] && self.first[1][y0] == self.first[1][y1]
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.by_streams.capacity() * size_of::<f32>() + self.first.iter().map(Vec::capacity).sum::<usize>()
    }
}

/// Scales of the bands of a single level, by low and high in z, y and x.
pub(super) fn finest(split: [bool; 3]) -> [[[f32; 2]; 2]; 2] {
    let of = |axis: usize, high: usize| match (split[axis], high) {
        (false, _) => 1.0,
        (true, 0) => 1.0 / f64::from(LOW),
        (true, _) => f64::from(LOW),
    };
    [0, 1].map(|z| [0, 1].map(|y| [0, 1].map(|x| (of(0, z) * of(1, y) * of(2, x)) as f32)))
}

/// The product of the scales of all syntheses up to that of stream `end` that a coefficient goes through; `first`: the
/// streams whose regions reach its place.
fn scale(layout: &Layout, end: usize, first: [usize; 3]) -> f64 {
    let own = first.into_iter().max().unwrap_or(0);
    let mut scale = 1.0;
    for stream in own.max(1)..=end {
        let (low, all) = (layout.region(stream - 1), layout.region(stream));
        for axis in (0..3).filter(|&axis| low[axis] < all[axis]) {
            // A place that this stream reaches first lies in the high part.
            scale *= if first[axis] == stream { f64::from(LOW) } else { 1.0 / f64::from(LOW) };
        }
    }
    scale
}
