//! Payloads made by hand after SPEC section 11: this crate carries them without looking inside.

use neuvol_entropy::entries::{self, Entries, Table};
use neuvol_entropy::{Coder, Layout, encode, residual};

/// A fixed sequence of numbers that look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }

    /// Mostly 0, else at most `most`.
    fn sparse(&mut self, most: u64) -> i32 {
        match self.below(5) {
            0 => self.below(2 * most + 1) as i32 - most as i32,
            _ => 0,
        }
    }

    /// `n` values of f16 in -1..1, as bytes.
    fn halves(&mut self, n: usize) -> Vec<u8> {
        // Sign and 10 bits of fraction are free; exponents 10..=14 give 2^-5..2^0.
        let mut half = || (self.next() as u16 & 0x83FF) | ((10 + self.below(5) as u16) << 10);
        (0..n).flat_map(|_| half().to_le_bytes()).collect()
    }
}

/// Codec 2: the header and values that are neither shuffled nor compressed.
pub(crate) fn raw(dtype: u8, scale: f64, offset: f64, values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![dtype, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(scale.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend(values);
    bytes
}

/// A grid network: levels of (log2_cell, features, log2_hashmap_size), hidden layers, neurons, outputs.
pub(crate) struct Grid {
    pub(crate) levels: Vec<(u8, u8, u8)>,
    pub(crate) n_hidden_layers: u8,
    pub(crate) n_neurons: u16,
    pub(crate) n_outputs: u8,
}

impl Grid {
    /// The MLP: what a shared network of kind 1 holds, too.
    pub(crate) fn mlp(&self, numbers: &mut Numbers) -> Vec<u8> {
        let n_inputs = self.levels.iter().map(|level| usize::from(level.1)).sum();
        let neurons = usize::from(self.n_neurons);
        let mut widths = vec![n_inputs];
        widths.extend(vec![neurons; self.n_hidden_layers.into()]);
        widths.push(self.n_outputs.into());
        widths.windows(2).flat_map(|pair| numbers.halves(pair[0] * pair[1] + pair[1])).collect()
    }

    /// Numbers of weights and of biases in turn.
    fn tensors(&self) -> Vec<usize> {
        let n_inputs = self.levels.iter().map(|level| usize::from(level.1)).sum();
        let neurons = usize::from(self.n_neurons);
        let mut widths = vec![n_inputs];
        widths.extend(vec![neurons; self.n_hidden_layers.into()]);
        widths.push(self.n_outputs.into());
        widths.windows(2).flat_map(|pair| [pair[0] * pair[1], pair[1]]).collect()
    }

    /// Codec 3: a payload for a block of `extent` z, y, x; with its own MLP unless that is `shared`.
    pub(crate) fn payload(&self, extent: [u32; 3], n_time_codes: u16, shared: bool, numbers: &mut Numbers) -> Vec<u8> {
        self.payload_with(extent, n_time_codes, shared.into(), numbers)
    }

    /// The same with all flags: 1 shared MLP, 2 time gains, 4 cubic codes, 8 values between steps.
    pub(crate) fn payload_with(
        &self,
        extent: [u32; 3],
        n_time_codes: u16,
        flags: u8,
        numbers: &mut Numbers,
    ) -> Vec<u8> {
        let mut bytes = vec![self.levels.len() as u8, self.n_hidden_layers, self.n_outputs, 1];
        bytes.extend(self.n_neurons.to_le_bytes());
        bytes.extend(n_time_codes.to_le_bytes());
        bytes.extend([1, flags]);
        bytes.extend([0; 6]);
        let mut table_len = 0;
        for &(log2_cell, n_features, log2_hashmap_size) in &self.levels {
            let vertices: u32 = extent.iter().map(|&n| (n - 1).div_ceil(1 << log2_cell) + 1).product();
            let hashed = log2_hashmap_size != 0 && vertices > 1 << log2_hashmap_size;
            let n_entries = if hashed { 1 << log2_hashmap_size } else { vertices };
            bytes.extend([log2_cell, n_features, log2_hashmap_size, 0]);
            bytes.extend(n_entries.to_le_bytes());
            table_len += n_entries as usize * usize::from(n_features);
        }
        bytes.extend(numbers.halves(table_len));
        if flags & 1 == 0 {
            bytes.extend(self.mlp(numbers));
        }
        bytes.extend(numbers.halves(usize::from(n_time_codes) * usize::from(self.n_neurons)));
        if flags & 2 != 0 {
            let n_inputs: usize = self.levels.iter().map(|level| usize::from(level.1)).sum();
            bytes.extend(numbers.halves(usize::from(n_time_codes) * n_inputs));
        }
        bytes
    }
}

impl Grid {
    /// Codec 3 with quantised parameters: a payload with its own MLP. Flags as in [`payload_with`](Self::payload_with).
    pub(crate) fn quantised_payload(
        &self,
        extent: [u32; 3],
        n_time_codes: u16,
        flags: u8,
        numbers: &mut Numbers,
    ) -> Vec<u8> {
        let mut bytes = vec![self.levels.len() as u8, self.n_hidden_layers, self.n_outputs, 1];
        bytes.extend(self.n_neurons.to_le_bytes());
        bytes.extend(n_time_codes.to_le_bytes());
        bytes.extend([2, flags]);
        bytes.extend([0; 6]);
        let mut tables = Vec::new();
        for &(log2_cell, n_features, log2_hashmap_size) in &self.levels {
            let vertices = extent.map(|n| (n - 1).div_ceil(1 << log2_cell) as usize + 1);
            let n: usize = vertices.iter().product();
            let hashed = log2_hashmap_size != 0 && n > 1 << log2_hashmap_size;
            let entries = if hashed { Entries::Hashed(1 << log2_hashmap_size) } else { Entries::Dense(vertices) };
            let table = Table { entries, n_features: n_features.into() };
            bytes.extend([log2_cell, n_features, log2_hashmap_size, 0]);
            bytes.extend(((table.len() / usize::from(n_features)) as u32).to_le_bytes());
            tables.push(table);
        }
        let values: Vec<Vec<i32>> =
            tables.iter().map(|table| (0..table.len()).map(|_| numbers.sparse(9)).collect()).collect();
        let values: Vec<&[i32]> = values.iter().map(Vec::as_slice).collect();
        let stream = entries::encode(&tables, &values).expect("small values");
        bytes.extend((0..tables.len()).flat_map(|level| (0.25f32 / (1 + level) as f32).to_le_bytes()));
        let tensors = self.tensors();
        bytes.extend((0..tensors.len()).flat_map(|n| (0.0078125f32 * (1 + n) as f32).to_le_bytes()));
        bytes.extend((stream.len() as u32).to_le_bytes());
        bytes.extend(numbers.bytes(tensors.iter().sum()));
        bytes.extend(numbers.halves(usize::from(n_time_codes) * usize::from(self.n_neurons)));
        if flags & 2 != 0 {
            let n_inputs: usize = self.levels.iter().map(|level| usize::from(level.1)).sum();
            bytes.extend(numbers.halves(usize::from(n_time_codes) * n_inputs));
        }
        bytes.extend(stream);
        bytes
    }
}

/// A block of wavelet latents: three levels, steps of 0.125 from 0.5 on.
pub(crate) struct Latents {
    pub(crate) extent: [u32; 3],
    pub(crate) steps: usize,
    pub(crate) coder: Coder,
    /// 1 precise, 2 residual, 4 cubic weights, 8 values between steps.
    pub(crate) flags: u8,
    pub(crate) n_components: usize,
}

impl Latents {
    const N_LEVELS: u8 = 3;

    /// Codec 4: the payload of level 0 and the lengths of those of levels 0, 1, 2 and 3, its first bytes.
    pub(crate) fn payload(&self, numbers: &mut Numbers) -> (Vec<u8>, [usize; 4]) {
        let extent = self.extent.map(|n| n as usize);
        let mut arrays = |n: usize, most| {
            let mut array = || (0..extent.iter().product()).map(|_| numbers.sparse(most)).collect();
            (0..n).map(|_| array()).collect::<Vec<Vec<i32>>>()
        };
        let components = arrays(self.n_components, 20);
        let residuals = arrays(self.steps, 2);
        let layout = Layout::new(extent, Self::N_LEVELS).expect("an extent of the format");
        let components: Vec<&[i32]> = components.iter().map(Vec::as_slice).collect();
        let streams = encode(self.coder, &layout, &components).expect("small coefficients");

        let mut bytes = 0.125f32.to_le_bytes().to_vec();
        bytes.extend(0.5f32.to_le_bytes());
        bytes.extend([Self::N_LEVELS, self.n_components as u8, self.coder.id(), self.flags]);
        if self.steps > 1 {
            bytes.extend(numbers.halves(self.n_components * self.steps));
        }
        let put_len = |bytes: &mut Vec<u8>, stream: &[u8]| bytes.extend((stream.len() as u32).to_le_bytes());
        streams.iter().for_each(|stream| put_len(&mut bytes, stream));
        let mut residual = Vec::new();
        if self.flags & 2 != 0 {
            let steps: Vec<&[i32]> = residuals.iter().map(Vec::as_slice).collect();
            residual = residual::encode(extent, &steps).expect("small residuals");
            bytes.extend(0.03125f32.to_le_bytes());
            put_len(&mut bytes, &residual);
        }
        let mut ends = Vec::new();
        for stream in &streams {
            bytes.extend(stream);
            ends.push(bytes.len());
        }
        bytes.extend(residual);
        let lens = [bytes.len(), ends[2], ends[1], ends[0]];
        (bytes, lens)
    }
}

/// A core and a matrix per axis: steps of 0.125 from 0.5 on.
pub(crate) struct Tucker {
    /// Time, z, y, x.
    pub(crate) lengths: [usize; 4],
    pub(crate) ranks: [usize; 4],
    pub(crate) coder: Coder,
    /// 1 precise, 4 cubic rows, 8 values between steps.
    pub(crate) flags: u8,
}

impl Tucker {
    const CORE_LEVELS: u8 = 2;
    const MATRIX_LEVELS: u8 = 3;

    /// Codec 5: the payload of all levels.
    pub(crate) fn payload(&self, numbers: &mut Numbers) -> Vec<u8> {
        let [n_arrays, ranks @ ..] = self.ranks;
        let mut group = |n_levels, extent: [usize; 3], parts: &[[usize; 2]], most| {
            let layout = Layout::new(extent, n_levels).expect("an extent of the format");
            let mut array = |[rows, row]: [usize; 2]| {
                let mut array = vec![0; layout.len()];
                for values in array.chunks_exact_mut(extent[2]).take(rows) {
                    values[..row].iter_mut().for_each(|value| *value = numbers.sparse(most));
                }
                array
            };
            let arrays: Vec<Vec<i32>> = parts.iter().map(|&part| array(part)).collect();
            let arrays: Vec<&[i32]> = arrays.iter().map(Vec::as_slice).collect();
            encode(self.coder, &layout, &arrays).expect("small numbers")
        };
        let core = vec![[ranks[0] * ranks[1], ranks[2]]; n_arrays];
        let mut streams = group(Self::CORE_LEVELS, ranks, &core, 20);
        let axes = [3, 2, 1, 0].into_iter().filter(|&axis| self.lengths[axis] > 1);
        let matrices: Vec<[usize; 2]> = axes.map(|axis| [self.ranks[axis], self.lengths[axis]]).collect();
        if !matrices.is_empty() {
            let most = |of: usize| matrices.iter().map(|part| part[of]).max().unwrap_or(1);
            streams.extend(group(Self::MATRIX_LEVELS, [1, most(0), most(1)], &matrices, 9));
        }

        let mut bytes: Vec<u8> = [0.125f32, 0.5, 10.0].into_iter().flat_map(f32::to_le_bytes).collect();
        bytes.extend([Self::CORE_LEVELS, Self::MATRIX_LEVELS, self.coder.id(), self.flags]);
        bytes.extend(self.ranks.map(|rank| rank as u8 - 1));
        streams.iter().for_each(|stream| bytes.extend((stream.len() as u32).to_le_bytes()));
        bytes.extend(streams.into_iter().flatten());
        bytes
    }
}

/// A network of kind 2: 2 channels, one hidden layer.
pub(crate) fn head(numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = vec![2, 1, 0, 0];
    for value in [0.5f32, 2.0] {
        bytes.extend(value.to_le_bytes());
    }
    // Convolution, hidden layer, output: weights and biases.
    let lens = [2 * 2 * 27, 2, 2 * 2, 2, 2, 1];
    bytes.extend((0..lens.len()).flat_map(|n| (0.0078125f32 * (1 + n) as f32).to_le_bytes()));
    bytes.extend(numbers.bytes(lens.iter().sum()));
    bytes
}
