//! Walks over the rows of a block with f32 lattices: sums the lattice rows around a row of voxels, cuts it into chunks
//! of one vector of even and one of odd voxels, maps and stores the results.
use crate::lattice::{Lattice, Ring};
use crate::simd::{Simd, Task};

/// Computes the outputs of LANES even and LANES odd voxels.
pub(crate) trait Chunk<S: Simd> {
    /// `row` is `[channel][pitch]`; pre-activations of even voxels are `row[x..]` times `input.scale`, those of odd ones
    /// the mean of `row[x..]` and `row[x + 1..]`, likewise; the time code comes on top.
    fn chunk(&mut self, s: S, input: Input<'_>) -> (S::V, S::V);
}

#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) row: &'a [f32],
    pub(crate) pitch: usize,
    pub(crate) x: usize,
    pub(crate) scale: f32,
    pub(crate) code: &'a [f32],
}

/// A block to decode.
pub(crate) struct Job<'a> {
    pub(crate) lattice: Lattice<'a>,
    pub(crate) ring: &'a mut Ring,
    pub(crate) width: usize,
    pub(crate) extent: [usize; 3],
    pub(crate) range: (f32, f32),
    pub(crate) code: &'a [f32],
    pub(crate) out: &'a mut [f32],
}

pub(crate) struct DecodeRows<'a, C> {
    pub(crate) job: Job<'a>,
    pub(crate) chunk: C,
    /// Space for one row, width × pitch.
    pub(crate) sum: &'a mut [f32],
}

/// Shortest lattice row that a kernel with this many lanes can read for rows of `n` voxels.
pub(crate) fn min_pitch(n: usize, lanes: usize) -> usize {
    n.div_ceil(2).max(lanes) + 1
}

impl<S: Simd, C: Chunk<S>> Task<S> for DecodeRows<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run(mut self, s: S) {
        let Job { lattice, width, extent: [nz, ny, nx], range, code, .. } = self.job;
        let pitch = lattice.pitch();
        let row_len = width * pitch;
        for z in 0..nz {
            let (z0, z1) = (z / 2, z.div_ceil(2));
            lattice.prepare(z0, z1, self.job.ring);
            let planes = [lattice.plane(z0, self.job.ring), lattice.plane(z1, self.job.ring)];
            for y in 0..ny {
                let (y0, y1) = (y / 2, y.div_ceil(2));
                let row = |plane: usize, y: usize| &planes[plane][y * row_len..][..row_len];
                let sum = &mut self.sum[..row_len];
                let (row, scale) = match (z % 2, y % 2) {
                    (0, 0) => (row(0, y0), 1.0),
                    (0, _) => (add_rows(s, sum, [row(0, y0), row(0, y1)]), 0.5),
                    (_, 0) => (add_rows(s, sum, [row(0, y0), row(1, y0)]), 0.5),
                    _ => (add_rows(s, sum, [row(0, y0), row(0, y1), row(1, y0), row(1, y1)]), 0.25),
                };
                let out = &mut self.job.out[(z * ny + y) * nx..][..nx];
                for x in chunk_starts(nx, S::LANES) {
                    let (even, odd) = self.chunk.chunk(s, Input { row, pitch, x, scale, code });
                    let (low, high) = s.interleave(even, odd);
                    let (low, high) = (map_to_range(s, low, range), map_to_range(s, high, range));
                    let out = &mut out[2 * x..];
                    if out.len() >= 2 * S::LANES {
                        s.store(out, low);
                        s.store(&mut out[S::LANES..], high);
                    } else {
                        let mut whole = [0f32; 32];
                        s.store(&mut whole, low);
                        s.store(&mut whole[S::LANES..], high);
                        out.copy_from_slice(&whole[..out.len()]);
                    }
                }
            }
        }
    }
}

/// First vertices of the chunks of a row of `n` voxels. The last chunk overlaps the one before instead of running over
/// the end of the row, where the row is long enough.
#[inline(always)]
pub(crate) fn chunk_starts(n: usize, lanes: usize) -> impl Iterator<Item = usize> {
    let vertices = n.div_ceil(2);
    (0..vertices).step_by(lanes).map(move |x| x.min(vertices.saturating_sub(lanes)))
}

#[inline(always)]
fn add_rows<'a, S: Simd, const N: usize>(s: S, sum: &'a mut [f32], rows: [&[f32]; N]) -> &'a [f32] {
    for (i, sum) in sum.chunks_exact_mut(S::LANES).enumerate() {
        let at = |row: &[f32]| s.load(&row[i * S::LANES..]);
        let mut total = at(rows[0]);
        for row in &rows[1..] {
            total = s.add(total, at(row));
        }
        s.store(sum, total);
    }
    sum
}

/// min + (max − min)·y, limited to the range; NaN becomes min.
#[inline(always)]
fn map_to_range<S: Simd>(s: S, y: S::V, (min, max): (f32, f32)) -> S::V {
    let value = s.add(s.mul(y, s.splat(max - min)), s.splat(min));
    s.min(s.max(value, s.splat(min)), s.splat(max))
}
