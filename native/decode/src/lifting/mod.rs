//! The wavelet transform of codec 4: CDF 9/7 by lifting, over arrays in Mallat's layout.
//!
//! Near-orthonormal: a low sample of [`Lifting::analyse`] is the lifted one times √2/K, a high sample the lifted one
//! times K/√2, so that a constant c becomes low samples of about √2·c per axis and level. Both directions are in f32.
pub(crate) mod columns;
pub(crate) mod rows;

use crate::aligned::Aligned;
use crate::kernel::Kernel;
use crate::simd::{self, Simd, Task};
use columns::Columns;
use neuvol_entropy::Layout;

pub(crate) const A: f32 = -1.586_134_3;
pub(crate) const B: f32 = -0.052_980_12;
pub(crate) const C: f32 = 0.882_911_1;
pub(crate) const D: f32 = 0.443_506_85;
/// √2/K: what an analysis multiplies low samples with. High ones are divided by it.
pub(crate) const LOW: f32 = 1.149_604_4;

/// Longest vector of a kernel.
pub(crate) const LANES: usize = 16;

/// Transforms arrays; keeps its buffers.
///
/// ```
/// use neuvol_decode::{Kernel, Precision, lifting::Lifting};
/// use neuvol_entropy::Layout;
///
/// let layout = Layout::new([8, 9, 10], 2)?;
/// let mut lifting = Lifting::new(Kernel::best(Precision::Exact));
/// let mut values: Vec<f32> = (0..layout.len()).map(|i| (i as f32).sin()).collect();
/// lifting.analyse(&mut values, &layout);
/// lifting.synthesise(&mut values, &layout, layout.n_streams());
/// assert!(values.iter().enumerate().all(|(i, value)| (value - (i as f32).sin()).abs() < 1e-5));
/// # Ok::<(), neuvol_entropy::Error>(())
/// ```
#[derive(Debug)]
pub struct Lifting {
    kernel: Kernel,
    buffers: Buffers,
}

/// What a level works with. Arrays are transformed from these, so that no vector needs to end where a row ends.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// A plane between the transforms of its rows and its columns, or the rows of all planes at one y.
    plane: Aligned<f32>,
    row: rows::Row,
}

/// One level of a transform.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    /// The region that the level splits.
    all: [usize; 3],
    /// Its axes that the level splits.
    split: [bool; 3],
    /// Distances between rows and planes of the array.
    row: usize,
    plane: usize,
}

impl Buffers {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.plane.memory_bytes() + self.row.memory_bytes()
    }
}

impl Lifting {
    /// For a kernel, or the first one behind it that the CPU has; [`Kernel::Bf16`] and [`Kernel::Vnni`] stand for
    /// [`Kernel::Avx512`].
    #[must_use]
    pub fn new(kernel: Kernel) -> Self {
        Self { kernel, buffers: Buffers::default() }
    }

    /// Replaces an array `[z][y][x]` of the layout by its coefficients.
    ///
    /// # Panics
    /// If the array is not as long as the layout says.
    pub fn analyse(&mut self, values: &mut [f32], layout: &Layout) {
        assert_eq!(values.len(), layout.len(), "values of another layout");
        let [_, ny, nx] = layout.extent();
        for number in (1..layout.n_streams()).rev() {
            let level = Level::new(layout, number, nx, ny * nx);
            simd::call(self.kernel, Analyse { level, values, buffers: &mut self.buffers });
        }
    }

    /// Replaces the coefficients of the streams `0..streams` by the array that they give, which fills
    /// [`layout.region(streams − 1)`](Layout::region) in the corner of the array; what lies outside of it stays. Without
    /// a division for the levels that are left out: their low samples keep the scale that they have.
    ///
    /// # Panics
    /// If the array is not as long as the layout says, or `streams` is not 1..=[`n_streams`](Layout::n_streams).
    pub fn synthesise(&mut self, values: &mut [f32], layout: &Layout, streams: usize) {
        assert_eq!(values.len(), layout.len(), "values of another layout");
        let [_, ny, nx] = layout.extent();
        assert!((1..=layout.n_streams()).contains(&streams), "{streams} streams of {}", layout.n_streams());
        for number in 1..streams {
            let level = Level::new(layout, number, nx, ny * nx);
            simd::call(self.kernel, Synthesise::<true> { level, values, buffers: &mut self.buffers });
        }
    }
}

impl Level {
    /// The level that a stream (not the first one) holds, in an array with these distances between rows and planes.
    pub(crate) fn new(layout: &Layout, stream: usize, row: usize, plane: usize) -> Self {
        let (all, low) = (layout.region(stream), layout.region(stream - 1));
        Level { all, split: [0, 1, 2].map(|axis| low[axis] < all[axis]), row, plane }
    }

    /// Length of a row in the buffers.
    fn pitch(&self) -> usize {
        self.all[2].next_multiple_of(2 * LANES)
    }
}

struct Analyse<'a> {
    level: Level,
    values: &'a mut [f32],
    buffers: &'a mut Buffers,
}

/// Puts one level of an array together. `SCALED`: samples have the scale of the format, else that of the lifting.
pub(crate) struct Synthesise<'a, const SCALED: bool> {
    pub(crate) level: Level,
    pub(crate) values: &'a mut [f32],
    pub(crate) buffers: &'a mut Buffers,
}

impl<S: Simd> Task<S> for Analyse<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let Analyse { level, values, buffers: Buffers { plane: buffer, row } } = self;
        let ([nz, ny, nx], pitch) = (level.all, level.pitch());
        buffer.resize(nz.max(ny) * pitch);
        if level.split[0] {
            for y in 0..ny {
                gather(&values[y * level.row..], level.plane, nx, buffer, pitch, nz);
                let columns = Columns { n: [nz, nx], from: pitch, to: level.plane };
                columns::analyse(s, columns, buffer, &mut values[y * level.row..]);
            }
        }
        for z in 0..nz {
            let plane = &mut values[z * level.plane..];
            if level.split[1] {
                gather(plane, level.row, nx, buffer, pitch, ny);
                columns::analyse(s, Columns { n: [ny, nx], from: pitch, to: level.row }, buffer, plane);
            }
            if level.split[2] {
                for values in plane.chunks_mut(level.row).take(ny) {
                    row.analyse(s, &mut values[..nx]);
                }
            }
        }
    }
}

impl<S: Simd, const SCALED: bool> Task<S> for Synthesise<'_, SCALED> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let Synthesise { level, values, buffers: Buffers { plane: buffer, row } } = self;
        let ([nz, ny, nx], pitch) = (level.all, level.pitch());
        buffer.resize(nz.max(ny) * pitch);
        for z in 0..nz {
            let plane = &mut values[z * level.plane..];
            if level.split[2] {
                for values in plane.chunks_mut(level.row).take(ny) {
                    row.synthesise::<S, SCALED>(s, &mut values[..nx]);
                }
            }
            if level.split[1] {
                gather(plane, level.row, nx, buffer, pitch, ny);
                let columns = Columns { n: [ny, nx], from: pitch, to: level.row };
                columns::synthesise::<S, SCALED>(s, columns, buffer, plane);
            }
        }
        if level.split[0] {
            for y in 0..ny {
                gather(&values[y * level.row..], level.plane, nx, buffer, pitch, nz);
                let columns = Columns { n: [nz, nx], from: pitch, to: level.plane };
                columns::synthesise::<S, SCALED>(s, columns, buffer, &mut values[y * level.row..]);
            }
        }
    }
}

/// Copies rows of `nx` values into a buffer with another distance between them.
#[inline(always)]
fn gather(from: &[f32], distance: usize, nx: usize, buffer: &mut [f32], pitch: usize, n: usize) {
    for (row, to) in buffer.chunks_exact_mut(pitch).take(n).enumerate() {
        to[..nx].copy_from_slice(&from[row * distance..][..nx]);
    }
}
