//! Quantisation that weighs error against bytes.
//!
//! A coefficient between two integers takes the lower one unless the error that this adds is worth more than the bits that
//! it saves, λ·ΔR with λ = 2·ln 2·step²/12 (high-rate theory: dD/dR of a uniform quantiser). The bits are those of a
//! chance of "not 0" that is estimated from the 26 neighbours in the band. They are not causal: only the encoder looks.

use super::bands::{Band, detail_bands};
use neuvol_entropy::{Layout, MAX_MAGNITUDE};

/// ln 2 / 12: half of λ in squared steps per bit, which is the shift of the threshold for one bit.
const SHIFT: f32 = 0.0578;
/// Largest magnitude that a neighbour counts.
const MAX_NEIGHBOUR: u8 = 3;
/// Sums of 27 such magnitudes.
const SUMS: usize = 27 * MAX_NEIGHBOUR as usize + 1;

/// A quantiser and its buffers.
#[derive(Debug)]
pub(crate) struct Rdoq {
    /// What a coefficient below one step must exceed to become 1, by the sum over its neighbours.
    first: [f32; SUMS],
    /// What the fraction of a larger one must exceed to be rounded up.
    further: f32,
    magnitudes: Vec<u8>,
    sums: Vec<u8>,
    other: Vec<u8>,
}

impl Rdoq {
    /// `kappa` scales the worth of a bit; 1 is theory, 0 is rounding to the nearest.
    pub(crate) fn new(kappa: f32) -> Self {
        let first = std::array::from_fn(|sum| {
            let mean = sum as f32 / 26.0;
            let chance = ((mean + 0.01) / (1.0 + mean)).clamp(0.008, 0.7);
            let bits = ((1.0 - chance) / (chance / 2.0)).log2();
            (0.5 + SHIFT * kappa * bits.max(0.0)).clamp(0.5, 0.95)
        });
        let further = 0.5 + SHIFT * kappa * 0.9;
        Self { first, further, magnitudes: Vec::new(), sums: Vec::new(), other: Vec::new() }
    }

    /// Quantises coefficients in units of the step.
    pub(crate) fn quantise(&mut self, coefficients: &[f32], layout: &Layout, out: &mut [i32]) {
        let [_, ny, nx] = layout.extent();
        let [lz, ly, lx] = layout.region(0);
        for z in 0..lz {
            for y in 0..ly {
                let row = (z * ny + y) * nx;
                for (out, c) in out[row..row + lx].iter_mut().zip(&coefficients[row..]) {
                    *out = limited(c.round());
                }
            }
        }
        for band in detail_bands(layout) {
            self.band(coefficients, band, [ny, nx], out);
        }
    }

    fn band(&mut self, coefficients: &[f32], band: Band, [ny, nx]: [usize; 2], out: &mut [i32]) {
        let [bz, by, bx] = band.extent;
        let n = bz * by * bx;
        for buffer in [&mut self.magnitudes, &mut self.sums, &mut self.other] {
            buffer.resize(n, 0);
        }
        let row_of = |z: usize, y: usize| ((band.start[0] + z) * ny + band.start[1] + y) * nx + band.start[2];
        for z in 0..bz {
            for y in 0..by {
                let magnitudes = &mut self.magnitudes[(z * by + y) * bx..][..bx];
                for (magnitude, c) in magnitudes.iter_mut().zip(&coefficients[row_of(z, y)..]) {
                    *magnitude = (c.abs() + 0.45).min(f32::from(MAX_NEIGHBOUR)) as u8;
                }
            }
        }
        // Sums of three along x, y and z.
        for (row, sums) in self.magnitudes.chunks_exact(bx).zip(self.sums.chunks_exact_mut(bx)) {
            sums.copy_from_slice(row);
            sums[1..].iter_mut().zip(row).for_each(|(sum, m)| *sum += m);
            sums.iter_mut().zip(&row[1..]).for_each(|(sum, m)| *sum += m);
        }
        for (plane, sums) in self.sums.chunks_exact(by * bx).zip(self.other.chunks_exact_mut(by * bx)) {
            sums.copy_from_slice(plane);
            sums[bx..].iter_mut().zip(plane).for_each(|(sum, m)| *sum += m);
            sums.iter_mut().zip(&plane[bx..]).for_each(|(sum, m)| *sum += m);
        }
        self.sums.copy_from_slice(&self.other);
        self.sums[by * bx..].iter_mut().zip(&self.other).for_each(|(sum, m)| *sum += m);
        self.sums.iter_mut().zip(&self.other[by * bx..]).for_each(|(sum, m)| *sum += m);

        for z in 0..bz {
            for y in 0..by {
                let at = (z * by + y) * bx;
                let row = row_of(z, y);
                let near = self.sums[at..at + bx].iter().zip(&self.magnitudes[at..]);
                for ((out, &c), (&sum, &own)) in out[row..].iter_mut().zip(&coefficients[row..]).zip(near) {
                    let magnitude = c.abs();
                    let below = magnitude.floor();
                    let threshold = if magnitude < 1.0 { self.first[usize::from(sum - own)] } else { self.further };
                    let up = if magnitude - below > threshold { 1.0 } else { 0.0 };
                    *out = limited((below + up).copysign(c));
                }
            }
        }
    }
}

/// As an integer that the coder takes.
fn limited(c: f32) -> i32 {
    const LIMIT: f32 = MAX_MAGNITUDE as f32;
    c.clamp(-LIMIT, LIMIT) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_coefficients_need_more_than_those_in_company() {
        let layout = Layout::new([16, 16, 16], 1).unwrap();
        let mut lone = vec![0.0; layout.len()];
        let at = (10 * 16 + 3) * 16 + 4; // in the band of high z
        lone[at] = 0.7;
        let mut company = lone.clone();
        for near in [at - 1, at + 1, at + 16, at - 16, at + 256, at - 256] {
            company[near] = -2.0;
        }
        let mut out = vec![7; layout.len()];
        let mut rdoq = Rdoq::new(0.7);
        rdoq.quantise(&lone, &layout, &mut out);
        assert!(out.iter().all(|&q| q == 0));
        rdoq.quantise(&company, &layout, &mut out);
        assert_eq!((out[at], out[at + 1], out[at - 256]), (1, -2, -2));
    }

    #[test]
    fn without_a_worth_of_bits_it_rounds_to_the_nearest() {
        let layout = Layout::new([5, 9, 12], 2).unwrap();
        let c: Vec<f32> = (0..layout.len()).map(|i| (i as f32 * 0.37).sin() * 4.0).collect();
        let mut out = vec![0; layout.len()];
        Rdoq::new(0.0).quantise(&c, &layout, &mut out);
        assert!(c.iter().zip(&out).all(|(c, &q)| (c - q as f32).abs() <= 0.500_001));
    }
}
