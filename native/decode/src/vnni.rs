//! Two hidden layers with 8-bit products (u8 activations, s8 weights, 32-bit sums).
//!
//! The lattice is rounded to i16 with the largest pre-activation of each channel at [`FULL`] = 16 · 255, so that the sum
//! of 8 vertices still fits and u8 activations are a shift away. Interpolation is convex: no voxel exceeds the largest
//! vertex, so u8 never overflows. Far below 0 the numbers saturate. That is exact behind the ReLU: a sum that has
//! saturated at −32768 cannot reach 0 with the at most 7 · FULL that may follow.
use crate::mlp::{Matrix, Mlp};

/// Largest vertex in i16.
const FULL: f32 = 4080.0;
/// Outputs that are computed together.
const BLOCK: usize = 16;
/// Inputs per word of weights.
const GROUP: usize = 4;

/// The layers behind the lattice in integers, for one time.
#[derive(Debug, Default)]
pub(crate) struct Quantised {
    /// i16 = scale · (vertex + code), per channel.
    scale: Vec<f32>,
    /// scale · code.
    shift: Vec<f32>,
    /// Four s8 per word, `[output / 16][input / 4][16]`.
    weights: Vec<u32>,
    biases: Vec<i32>,
    /// Weights of the last layer times the unit of the sums.
    last: Vec<f32>,
    last_bias: f32,
}

impl Quantised {
    /// For a network with two hidden layers, a time code, and the largest vertex of every channel without it.
    pub(crate) fn update(&mut self, mlp: &Mlp, largest: &[f32], code: &[f32]) {
        let width = mlp.width;
        let matrix = &mlp.hidden[0];
        let top = |c: usize| (largest[c] + code[c]).max(1e-30);
        self.scale.clear();
        self.scale.extend((0..width).map(|c| FULL / top(c)));
        self.shift.clear();
        self.shift.extend(self.scale.iter().zip(code).map(|(scale, code)| scale * code));
        self.weights.clear();
        self.weights.resize(width * width / GROUP, 0);
        self.biases.clear();
        self.last.clear();
        self.last_bias = mlp.last_bias;
        for (o, row) in matrix.weights.chunks_exact(width).enumerate() {
            let bias = matrix.biases[o];
            // The product of a full activation with the weight, the largest of which becomes 127. The bias must fit too.
            let largest_product = (0..width).fold(0f32, |m, i| m.max((row[i] * top(i)).abs()));
            let unit = (largest_product / (255.0 * 127.0)).max(bias.abs() / (1 << 30) as f32).max(f32::MIN_POSITIVE);
            for (g, group) in row.chunks_exact(GROUP).enumerate() {
                let bytes = std::array::from_fn(|k| {
                    let weight = group[k] * top(g * GROUP + k) / 255.0 / unit;
                    (weight.round_ties_even() as i8).max(-127).cast_unsigned()
                });
                self.weights[(o / BLOCK * (width / GROUP) + g) * BLOCK + o % BLOCK] = u32::from_le_bytes(bytes);
            }
            self.biases.push((bias / unit).round_ties_even() as i32);
            self.last.push(mlp.last[o] * unit);
        }
    }

    /// The network of integers in f32, where all products and sums of them are exact, to judge its error. Its inputs
    /// are [`activations`](Self::activations).
    pub(crate) fn as_mlp(&self) -> Mlp {
        let width = self.scale.len();
        let mut weights = vec![0.0; width * width];
        for (number, word) in self.weights.iter().enumerate() {
            let (block, group) = (number / (BLOCK * width / GROUP), number / BLOCK % (width / GROUP));
            let first = (block * BLOCK + number % BLOCK) * width + group * GROUP;
            for (weight, byte) in weights[first..].iter_mut().zip(word.to_le_bytes()) {
                *weight = f32::from(byte.cast_signed());
            }
        }
        let biases = self.biases.iter().map(|&bias| bias as f32).collect();
        Mlp { width, hidden: vec![Matrix { weights, biases }], last: self.last.clone(), last_bias: self.last_bias }
    }

    /// u8 activations for the pre-activations of one sample (without the time code).
    pub(crate) fn activations(&self, pre_activations: &[f32], activations: &mut [f32]) {
        let scales = self.scale.iter().zip(&self.shift);
        for (activation, (v, (scale, shift))) in activations.iter_mut().zip(pre_activations.iter().zip(scales)) {
            let quantum = (v * scale + shift).round_ties_even() as i32;
            *activation = ((quantum + 8) >> 4).clamp(0, 255) as f32;
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use kernel::{Buffers, decode, pitch};

#[cfg(target_arch = "x86_64")]
mod kernel {
    use super::{BLOCK, GROUP, Quantised};
    use crate::mlp::WIDEST;
    use crate::rows::{Job, chunk_starts};
    use std::arch::x86_64::*;

    /// f32 lanes and vertices per chunk.
    const LANES: usize = 16;
    /// Groups of the widest network.
    const MAX_GROUPS: usize = WIDEST / GROUP;

    pub(crate) struct Buffers<'a> {
        /// Two planes `[vy][channel / 4][pitch][4]`.
        pub(crate) planes: [&'a mut [i16]; 2],
        /// One row of them.
        pub(crate) row: &'a mut [i16],
    }

    /// Length of an integer row in vertices for rows of `n` voxels.
    pub(crate) fn pitch(n: usize) -> usize {
        ((n - 1).div_ceil(2) + 2).max(LANES + 1).next_multiple_of(8)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_i16(from: &[i16]) -> __m512i {
        assert!(from.len() >= 32);
        // SAFETY: the slice has 64 bytes.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store_i16(to: &mut [i16], value: __m512i) {
        assert!(to.len() >= 32);
        // SAFETY: the slice has 64 bytes.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), value) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store_i16_half(to: &mut [i16], value: __m256i) {
        assert!(to.len() >= 16);
        // SAFETY: the slice has 32 bytes.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), value) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_f32(from: &[f32]) -> __m512 {
        assert!(from.len() >= LANES);
        // SAFETY: the slice has 64 bytes.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store_f32(to: &mut [f32], value: __m512) {
        assert!(to.len() >= LANES);
        // SAFETY: the slice has 64 bytes.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
    }

    /// Rounds a plane of the lattice, `[vy][channel][f32_pitch]`, to `[vy][channel / 4][pitch][4]`.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    fn quantise_plane(plane: &[f32], f32_pitch: usize, vertices: usize, q: &Quantised, out: &mut [i16], pitch: usize) {
        let n_groups = q.scale.len() / GROUP;
        let groups = plane.chunks_exact(GROUP * f32_pitch).zip(out.chunks_exact_mut(GROUP * pitch));
        for (number, (channels, out)) in groups.enumerate() {
            let first = number % n_groups * GROUP;
            let mut scale = [_mm512_setzero_ps(); GROUP];
            let mut shift = [_mm512_setzero_ps(); GROUP];
            for c in 0..GROUP {
                scale[c] = _mm512_set1_ps(q.scale[first + c]);
                shift[c] = _mm512_set1_ps(q.shift[first + c]);
            }
            let mut start = 0;
            while start < vertices {
                let x = start.min(vertices.saturating_sub(LANES)); // the last vector overlaps the one before
                let mut quantum = [_mm256_setzero_si256(); GROUP];
                for c in 0..GROUP {
                    let value = _mm512_fmadd_ps(load_f32(&channels[c * f32_pitch + x..]), scale[c], shift[c]);
                    quantum[c] = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(value));
                }
                let low =
                    [_mm256_unpacklo_epi16(quantum[0], quantum[1]), _mm256_unpackhi_epi16(quantum[0], quantum[1])];
                let high =
                    [_mm256_unpacklo_epi16(quantum[2], quantum[3]), _mm256_unpackhi_epi16(quantum[2], quantum[3])];
                for i in 0..2 {
                    // Vertices 4i, 4i+1 | 8+4i, 8+4i+1 and 4i+2, 4i+3 | 8+4i+2, 8+4i+3.
                    let first = _mm256_unpacklo_epi32(low[i], high[i]);
                    let second = _mm256_unpackhi_epi32(low[i], high[i]);
                    let out = &mut out[(x + 4 * i) * GROUP..];
                    store_i16_half(out, _mm256_permute2x128_si256::<0x20>(first, second));
                    store_i16_half(&mut out[8 * GROUP..], _mm256_permute2x128_si256::<0x31>(first, second));
                }
                start += LANES;
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn add_rows<'a, const N: usize>(sum: &'a mut [i16], rows: [&[i16]; N]) -> &'a [i16] {
        for (i, sum) in sum.chunks_exact_mut(32).enumerate() {
            let mut total = load_i16(&rows[0][i * 32..]);
            for row in &rows[1..] {
                total = _mm512_adds_epi16(total, load_i16(&row[i * 32..]));
            }
            store_i16(sum, total);
        }
        sum
    }

    /// `WIDTH` channels, or `job.width` if it is 0.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
    pub(crate) fn decode<const WIDTH: usize>(job: Job<'_>, q: &Quantised, buffers: Buffers<'_>) {
        let width = if WIDTH == 0 { job.width } else { WIDTH };
        let [nz, ny, nx] = job.extent;
        let [_, my, mx] = job.lattice.vertices();
        let pitch = pitch(nx);
        let row_len = width * pitch;
        let plane_len = my * row_len;
        let Buffers { planes, row: sum } = buffers;
        let sum = &mut sum[..row_len];
        let mut held = [usize::MAX; 2];

        // Packing works on 128-bit lanes and leaves the voxels of a chunk in this order: lane of voxel 0, 1, ...
        const ORDER: [i32; 16] = [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15];
        let interleaved = |half: usize| {
            let lanes: [i32; 16] = std::array::from_fn(|i| ORDER[half * 8 + i / 2] + 16 * (i % 2) as i32);
            // SAFETY: the array has 64 bytes.
            unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
        };
        let orders = [interleaved(0), interleaved(1)];
        let (min, max) = (_mm512_set1_ps(job.range.0), _mm512_set1_ps(job.range.1));
        let span = _mm512_set1_ps(job.range.1 - job.range.0);
        let zero = _mm512_setzero_ps();
        let mut packed = [_mm512_setzero_si512(); MAX_GROUPS];

        for z in 0..nz {
            let ks = [z / 2, z.div_ceil(2)];
            for k in ks {
                if held[k % 2] != k {
                    job.lattice.prepare(k, k, job.ring);
                    let plane = job.lattice.plane(k, job.ring);
                    quantise_plane(plane, job.lattice.pitch(), mx, q, &mut planes[k % 2][..plane_len], pitch);
                    held[k % 2] = k;
                }
            }
            for y in 0..ny {
                let (y0, y1) = (y / 2, y.div_ceil(2));
                let row = |p: usize, y: usize| &planes[ks[p] % 2][y * row_len..][..row_len];
                let (row, doublings) = match (z % 2, y % 2) {
                    (0, 0) => (row(0, y0), 0),
                    (0, _) => (add_rows(sum, [row(0, y0), row(0, y1)]), 1),
                    (_, 0) => (add_rows(sum, [row(0, y0), row(1, y0)]), 1),
                    _ => (add_rows(sum, [row(0, y0), row(0, y1), row(1, y0), row(1, y1)]), 2),
                };
                let out = &mut job.out[(z * ny + y) * nx..][..nx];
                for x in chunk_starts(nx, LANES) {
                    let packed = &mut packed[..width / GROUP];
                    activations::<false>(row, pitch, x, doublings, packed);
                    let even = outputs(q, packed);
                    activations::<true>(row, pitch, x, doublings + 1, packed);
                    let odd = outputs(q, packed);
                    let mut values = [zero; 2];
                    for (value, order) in values.iter_mut().zip(&orders) {
                        let y = _mm512_permutex2var_ps(even, *order, odd);
                        let mapped = _mm512_add_ps(_mm512_mul_ps(y, span), min);
                        *value = _mm512_min_ps(_mm512_max_ps(mapped, min), max);
                    }
                    let out = &mut out[2 * x..];
                    if out.len() >= 2 * LANES {
                        store_f32(out, values[0]);
                        store_f32(&mut out[LANES..], values[1]);
                    } else {
                        let mut whole = [0f32; 2 * LANES];
                        store_f32(&mut whole, values[0]);
                        store_f32(&mut whole[LANES..], values[1]);
                        out.copy_from_slice(&whole[..out.len()]);
                    }
                }
            }
        }
    }

    /// Activations of 16 even or odd voxels, four u8 per lane. The sums in `row` are 2^doublings times too large (for
    /// odd voxels after the addition here).
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn activations<const ODD: bool>(row: &[i16], pitch: usize, x: usize, doublings: u32, packed: &mut [__m512i]) {
        let factor = _mm512_set1_epi16(1 << (15 - 4 - doublings));
        for (row, packed) in row.chunks_exact(pitch * GROUP).zip(packed) {
            let row = &row[x * GROUP..][..(LANES + 1) * GROUP];
            let (mut first, mut second) = (load_i16(row), load_i16(&row[32..]));
            if ODD {
                first = _mm512_adds_epi16(first, load_i16(&row[GROUP..]));
                second = _mm512_adds_epi16(second, load_i16(&row[32 + GROUP..]));
            }
            *packed = _mm512_packus_epi16(_mm512_mulhrs_epi16(first, factor), _mm512_mulhrs_epi16(second, factor));
        }
    }

    /// y of 16 voxels.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni,fma")]
    fn outputs(q: &Quantised, activations: &[__m512i]) -> __m512 {
        let zero = _mm512_setzero_ps();
        let mut sums = [_mm512_set1_ps(q.last_bias), zero, zero, zero];
        let blocks = q.weights.chunks_exact(activations.len() * BLOCK).zip(q.biases.chunks_exact(BLOCK));
        for ((weights, biases), last) in blocks.zip(q.last.chunks_exact(BLOCK)) {
            let mut products = [_mm512_setzero_si512(); BLOCK];
            for (product, bias) in products.iter_mut().zip(biases) {
                *product = _mm512_set1_epi32(*bias);
            }
            for (activation, weights) in activations.iter().zip(weights.chunks_exact(BLOCK)) {
                for (product, weight) in products.iter_mut().zip(weights) {
                    *product = _mm512_dpbusd_epi32(*product, *activation, _mm512_set1_epi32(weight.cast_signed()));
                }
            }
            for (o, (product, weight)) in products.iter().zip(last).enumerate() {
                let activation = _mm512_max_ps(_mm512_cvtepi32_ps(*product), zero);
                sums[o % 4] = _mm512_fmadd_ps(activation, _mm512_set1_ps(*weight), sums[o % 4]);
            }
        }
        _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]))
    }
}
