//! Heads in 8-bit integers with AVX-512 VNNI: both inputs of a voxel are 16 bits, four of them or four channels are a
//! product of 32 bits.
use super::features::{Features, MARGIN, RING};
use super::layer::{Layer, by_block};
use super::parameters::Parameters;
use super::quantised::{Pair, QUADS, Quantised, Ranges, WORDS};
use crate::aligned::Aligned;
use crate::kernel::Kernel;
use crate::output::Output;
use std::arch::x86_64::*;

const LANES: usize = 16;
/// What is added to ranges that turn out too small, as a share: to what is needed of inputs, and to activations at each
/// end.
const MORE: [f32; 2] = [0.2, 0.25];
/// Times that ranges may grow for one plane, each by half and after samples of it. No sane head needs all.
const MOST_GROWTHS: usize = 16;

/// A head, and the ranges and integers that a block begins with.
#[derive(Debug)]
pub(super) struct VnniHead {
    pub(super) parameters: Parameters,
    ranges: Ranges,
    quantised: Quantised,
}

/// What changes while a block is decoded: where numbers leave their ranges, these grow, and what they were used for is
/// made again. So values depend on the block and the time alone.
#[derive(Debug, Default)]
pub(super) struct State {
    ranges: Ranges,
    quantised: Quantised,
    /// Planes of inputs, two u8 each.
    planes: [Aligned<u16>; RING],
}

/// Where a plane of values comes from and goes.
pub(super) struct VnniPlane<'a> {
    pub(super) head: &'a VnniHead,
    pub(super) features: &'a Features,
    pub(super) z: usize,
    pub(super) extent: [usize; 3],
    pub(super) r: &'a [f32],
    pub(super) pitch_of_r: usize,
    pub(super) output: Output,
    pub(super) out: &'a mut [f32],
}

impl VnniHead {
    /// `ranges`: what is known about the block.
    pub(super) fn new(parameters: Parameters, ranges: Ranges) -> Self {
        let quantised = Quantised::new(&parameters, &ranges);
        VnniHead { parameters, ranges, quantised }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.parameters.memory_bytes() + self.quantised.memory_bytes()
    }
}

impl State {
    /// Begins a block.
    pub(super) fn reset(&mut self, head: &VnniHead) {
        self.ranges.clone_from(&head.ranges);
        self.quantised.clone_from(&head.quantised);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.planes.iter().map(Aligned::memory_bytes).sum::<usize>() + self.quantised.memory_bytes()
    }

    /// Takes plane `z` of the inputs in.
    ///
    /// # Safety
    /// The CPU must have AVX-512 F, BW, DQ, VL and VNNI.
    pub(super) unsafe fn take(&mut self, head: &VnniHead, features: &Features, z: usize, extent: [usize; 3]) {
        // SAFETY: what the caller promises.
        let largest = unsafe { self.quantise(features, z, extent) };
        let grows = [0, 1].map(|input| largest[input] > self.ranges.inputs[input]);
        if grows == [false; 2] {
            return;
        }
        for (range, (largest, grows)) in self.ranges.inputs.iter_mut().zip(largest.into_iter().zip(grows)) {
            if grows {
                *range = largest * (1.0 + MORE[0]);
            }
        }
        self.quantised = Quantised::new(&head.parameters, &self.ranges);
        for z in z.saturating_sub(RING - 1)..=z {
            // SAFETY: what the caller promises.
            unsafe { self.quantise(features, z, extent) };
        }
    }

    /// Makes a plane of values.
    ///
    /// # Safety
    /// The CPU must have AVX-512 F, BW, DQ, VL and VNNI.
    pub(super) unsafe fn plane(&mut self, mut plane: VnniPlane<'_>) {
        for _ in 0..MOST_GROWTHS {
            // SAFETY: what the caller promises.
            let fits = unsafe { self.values(&mut plane) };
            if fits {
                return;
            }
            self.ranges.widen(&plane.head.parameters, plane.features, plane.z, plane.extent, Kernel::Avx512);
            self.ranges.add([0.0, MORE[1]]);
            self.quantised = Quantised::new(&plane.head.parameters, &self.ranges);
        }
    }

    /// Quantises a plane of inputs; returns their largest magnitudes.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn quantise(&mut self, features: &Features, z: usize, [_, ny, nx]: [usize; 3]) -> [f32; 2] {
        let ([first, second], pitch) = (features.plane(z as isize), features.pitch());
        let to = &mut self.planes[z % RING];
        to.resize(features.plane_len() + LANES);
        let factors = self.quantised.inputs.map(|factor| _mm512_set1_ps(factor));
        let (zero, middle, full) = (_mm512_setzero_si512(), _mm512_set1_ps(128.0), _mm512_set1_epi32(255));
        let mut largest = [_mm512_setzero_ps(); 2];
        for y in 1..=ny {
            let row = y * pitch + MARGIN;
            for at in (row..row + nx).step_by(LANES) {
                let inputs = [load(&first[at..]), load(&second[at..])];
                let mut bytes = [zero; 2];
                for i in 0..2 {
                    largest[i] = _mm512_max_ps(largest[i], _mm512_abs_ps(inputs[i]));
                    let value = _mm512_cvtps_epi32(_mm512_fmadd_ps(inputs[i], factors[i], middle));
                    bytes[i] = _mm512_min_epi32(_mm512_max_epi32(value, zero), full);
                }
                let both = _mm512_or_si512(bytes[0], _mm512_slli_epi32::<8>(bytes[1]));
                store_u16(&mut to[at..], _mm512_cvtepi32_epi16(both));
            }
            to[row - 1] = to[row];
            // All that whole vectors of voxels see counts in the ranges of activations.
            let last = to[row + nx - 1];
            to[row + nx..=row + nx.next_multiple_of(LANES)].fill(last);
        }
        to.copy_within(pitch..2 * pitch, 0);
        to.copy_within(ny * pitch..(ny + 1) * pitch, (ny + 1) * pitch);
        largest.map(|largest| _mm512_reduce_max_ps(largest))
    }

    /// Makes a plane of values; false if activations were outside their ranges.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn values(&self, plane: &mut VnniPlane<'_>) -> bool {
        match (self.quantised.block, self.quantised.width / self.quantised.block) {
            (4, _) => self.rows::<4, 1, 4>(plane),
            (8, _) => self.rows::<8, 1, 2>(plane),
            (12, 1) => self.rows::<12, 1, 1>(plane),
            (12, _) => self.rows::<12, 2, 1>(plane),
            (_, 1) => self.rows::<16, 1, 1>(plane),
            (_, 2) => self.rows::<16, 2, 1>(plane),
            (_, 3) => self.rows::<16, 3, 1>(plane),
            _ => self.rows::<16, 4, 1>(plane),
        }
    }

    /// `BLOCKS` blocks of `BLOCK` channels, `GROUP` vectors of voxels at a time.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn rows<const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(&self, plane: &mut VnniPlane<'_>) -> bool {
        let ([nz, _, nx], pitch, z) = (plane.extent, plane.features.pitch(), plane.z);
        let planes = [z.saturating_sub(1), z, (z + 1).min(nz - 1)].map(|z| &self.planes[z % RING][..]);
        let chunk = Chunk::new(&self.quantised, plane.output);
        let mut largest = _mm512_setzero_si512();
        for (y, out) in plane.out.chunks_exact_mut(nx).enumerate() {
            let mut rows = [&[][..]; 9];
            for (at, row) in rows.iter_mut().enumerate() {
                *row = &planes[at / 3][(y + at % 3) * pitch + MARGIN - 1..][..pitch + 1];
            }
            let r = &plane.r[y * plane.pitch_of_r..][..plane.pitch_of_r];
            let mut x = 0;
            while x + GROUP * LANES <= nx {
                let values = chunk.values::<BLOCK, BLOCKS, GROUP>(&rows, r, x, &mut largest);
                for g in 0..GROUP {
                    store(&mut out[x + g * LANES..], values[g]);
                }
                x += GROUP * LANES;
            }
            while x < nx {
                let [values] = chunk.values::<BLOCK, BLOCKS, 1>(&rows, r, x, &mut largest);
                store_part(&mut out[x..], values);
                x += LANES;
            }
        }
        // As numbers without sign, those below 0 are large, too.
        _mm512_cmpgt_epu16_mask(largest, _mm512_set1_epi16(255)) == 0
    }
}

/// What chunks of voxels have in common.
struct Chunk<'a> {
    head: &'a Quantised,
    /// Words that give neighbours x and x + 1 of one row, and the third ones of two rows.
    pairs: __m512i,
    thirds: __m512i,
    /// Bytes of four channels of four voxels to four voxels of four channels.
    transposed: __m512i,
    step: __m512,
    unit: __m512,
    offset: __m512,
    range: [__m512; 2],
}

impl<'a> Chunk<'a> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn new(head: &'a Quantised, output: Output) -> Self {
        let words = |of: fn(u16) -> [u16; 2]| {
            let words: [u16; 32] = std::array::from_fn(|n| of(n as u16 / 2)[n % 2]);
            // SAFETY: the array has 64 bytes.
            unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
        };
        Chunk {
            head,
            pairs: words(|n| [n, n + 1]),
            thirds: words(|n| [n + 2, n + 34]),
            transposed: _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)),
            step: _mm512_set1_ps(output.step),
            unit: _mm512_set1_ps(head.unit * output.step),
            offset: _mm512_set1_ps(output.offset + head.last_bias * output.step),
            range: [_mm512_set1_ps(output.range.0), _mm512_set1_ps(output.range.1)],
        }
    }

    /// Values of GROUP vectors of voxels. `rows`: by z and y, from the voxel before the row's first; `largest` takes the
    /// activations in.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn values<const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(
        &self,
        rows: &[&[u16]; 9],
        r: &[f32],
        x: usize,
        largest: &mut __m512i,
    ) -> [__m512; GROUP] {
        let zero = _mm512_setzero_si512();
        let head = self.head;
        let mut sums = [[[zero; GROUP]; BLOCK]; BLOCKS];
        let layer = &head.convolution;
        let blocks = layer.weights::<BLOCK, WORDS, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
        for (out, (weights, biases)) in sums.iter_mut().zip(blocks) {
            let mut sums = [[zero; GROUP]; BLOCK];
            begin(biases, &mut sums);
            let (mut first, mut second, mut words) = ([zero; GROUP], [zero; GROUP], [zero; GROUP]);
            for (rows, weights) in rows.as_chunks::<2>().0.iter().zip(weights.as_chunks::<3>().0) {
                for g in 0..GROUP {
                    first[g] = load_u16(&rows[0][x + g * LANES..]);
                    second[g] = load_u16(&rows[1][x + g * LANES..]);
                }
                for g in 0..GROUP {
                    words[g] = _mm512_permutexvar_epi16(self.pairs, first[g]);
                }
                add(&mut sums, &weights[0], &words);
                for g in 0..GROUP {
                    words[g] = _mm512_permutexvar_epi16(self.pairs, second[g]);
                }
                add(&mut sums, &weights[1], &words);
                for g in 0..GROUP {
                    words[g] = _mm512_permutex2var_epi16(first[g], self.thirds, second[g]);
                }
                add(&mut sums, &weights[2], &words);
            }
            for g in 0..GROUP {
                first[g] = load_u16(&rows[8][x + g * LANES..]);
                words[g] = _mm512_permutexvar_epi16(self.pairs, first[g]);
            }
            add(&mut sums, &weights[WORDS - 2], &words);
            for g in 0..GROUP {
                words[g] = _mm512_permutexvar_epi16(self.thirds, first[g]);
            }
            add(&mut sums, &weights[WORDS - 1], &words);
            copy(&sums, out);
        }

        for (activation, layer) in &head.hidden {
            // BLOCK / 4 of them are used.
            let mut words = [[[zero; GROUP]; QUADS]; BLOCKS];
            let pairs = by_block::<Pair, BLOCK, BLOCKS>(&activation.pairs);
            let shift = _mm_cvtsi32_si128(activation.shift as i32);
            for ((words, sums), pairs) in words.iter_mut().zip(&sums).zip(pairs) {
                self.activate(shift, pairs, sums, words, largest);
            }
            self.hidden::<BLOCK, BLOCKS, GROUP>(layer, &words, &mut sums);
        }

        let (down, up) = (_mm_cvtsi32_si128(head.last_shift as i32), _mm_cvtsi32_si128(16 - head.last_shift as i32));
        let tenth = _mm512_set1_epi16(3277);
        let mut values = [_mm512_setzero_ps(); GROUP];
        let weights = by_block::<i32, BLOCK, BLOCKS>(&head.last);
        for g in 0..GROUP {
            let mut total = [zero; 2];
            for (sums, weights) in sums.iter().zip(weights) {
                for n in 0..BLOCK / 2 {
                    let low = _mm512_sra_epi32(sums[2 * n][g], down);
                    let both = if head.last_shift <= 16 {
                        _mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_sll_epi32(sums[2 * n + 1][g], up))
                    } else {
                        let high = _mm512_slli_epi32::<16>(_mm512_sra_epi32(sums[2 * n + 1][g], down));
                        _mm512_mask_blend_epi16(0xaaaa_aaaa, low, high)
                    };
                    let h = _mm512_max_epi16(both, _mm512_mulhrs_epi16(both, tenth));
                    total[n % 2] = _mm512_dpwssd_epi32(total[n % 2], h, _mm512_set1_epi32(weights[2 * n]));
                }
            }
            let added = _mm512_cvtepi32_ps(_mm512_add_epi32(total[0], total[1]));
            let r = load(&r[x + g * LANES..]);
            let value = _mm512_fmadd_ps(added, self.unit, _mm512_fmadd_ps(r, self.step, self.offset));
            values[g] = _mm512_min_ps(_mm512_max_ps(value, self.range[0]), self.range[1]);
        }
        values
    }

    /// Sums to activations, four channels in a word.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn activate<const BLOCK: usize, const GROUP: usize>(
        &self,
        shift: __m128i,
        pairs: &[Pair; BLOCK],
        sums: &[[__m512i; GROUP]; BLOCK],
        words: &mut [[__m512i; GROUP]; QUADS],
        largest: &mut __m512i,
    ) {
        for (q, words) in words.iter_mut().enumerate().take(BLOCK / 4) {
            for (g, word) in words.iter_mut().enumerate() {
                let mut halves = [_mm512_setzero_si512(); 2];
                for (e, half) in halves.iter_mut().enumerate() {
                    let c = 4 * q + 2 * e;
                    let Pair { zero, above, below } = &pairs[c];
                    let (low, high) = (_mm512_sra_epi32(sums[c][g], shift), _mm512_sra_epi32(sums[c + 1][g], shift));
                    let number = _mm512_packs_epi32(low, high);
                    let above = _mm512_mulhrs_epi16(number, four_times(above));
                    let below = _mm512_mulhrs_epi16(number, four_times(below));
                    *half = _mm512_adds_epi16(four_times(zero), _mm512_max_epi16(above, below));
                    *largest = _mm512_max_epu16(*largest, *half);
                }
                *word = _mm512_shuffle_epi8(_mm512_packus_epi16(halves[0], halves[1]), self.transposed);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn hidden<const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(
        &self,
        layer: &Layer<i32, i32>,
        words: &[[[__m512i; GROUP]; QUADS]; BLOCKS],
        sums: &mut [[[__m512i; GROUP]; BLOCK]; BLOCKS],
    ) {
        let zero = _mm512_setzero_si512();
        let blocks = layer.square::<BLOCK, QUADS, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
        for (out, (weights, biases)) in sums.iter_mut().zip(blocks) {
            let mut sums = [[zero; GROUP]; BLOCK];
            begin(biases, &mut sums);
            for (words, weights) in words.iter().zip(weights) {
                for (words, weights) in words.iter().zip(weights).take(BLOCK / 4) {
                    add(&mut sums, weights, words);
                }
            }
            copy(&sums, out);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn begin<const BLOCK: usize, const GROUP: usize>(biases: &[i32; BLOCK], sums: &mut [[__m512i; GROUP]; BLOCK]) {
    for (sums, bias) in sums.iter_mut().zip(biases) {
        for sum in sums {
            *sum = _mm512_set1_epi32(*bias);
        }
    }
}

/// One by one, which stays in registers.
#[inline]
#[target_feature(enable = "avx512f")]
fn copy<const BLOCK: usize, const GROUP: usize>(from: &[[__m512i; GROUP]; BLOCK], to: &mut [[__m512i; GROUP]; BLOCK]) {
    for (to, from) in to.iter_mut().zip(from) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
}

/// sums += weights × words
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn add<const BLOCK: usize, const GROUP: usize>(
    sums: &mut [[__m512i; GROUP]; BLOCK],
    weights: &[i32; BLOCK],
    words: &[__m512i; GROUP],
) {
    for (sums, weight) in sums.iter_mut().zip(weights) {
        let weight = _mm512_set1_epi32(*weight);
        for g in 0..GROUP {
            sums[g] = _mm512_dpbusd_epi32(sums[g], words[g], weight);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn four_times(numbers: &[i16; 8]) -> __m512i {
    // SAFETY: the array has 16 bytes.
    unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(numbers.as_ptr().cast())) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(from: &[f32]) -> __m512 {
    assert!(from.len() >= LANES);
    // SAFETY: the slice has 64 bytes.
    unsafe { _mm512_loadu_ps(from.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_u16(from: &[u16]) -> __m512i {
    assert!(from.len() >= 2 * LANES);
    // SAFETY: the slice has 64 bytes.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_u16(to: &mut [u16], value: __m256i) {
    assert!(to.len() >= LANES);
    // SAFETY: the slice has 32 bytes.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32], value: __m512) {
    assert!(to.len() >= LANES);
    // SAFETY: the slice has 64 bytes.
    unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
}

/// Stores what fits.
#[inline]
#[target_feature(enable = "avx512f")]
fn store_part(to: &mut [f32], value: __m512) {
    let mask = ((1u32 << to.len().min(LANES)) - 1) as u16;
    // SAFETY: the mask lets through as many numbers as the slice has, at most 16.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), mask, value) }
}
