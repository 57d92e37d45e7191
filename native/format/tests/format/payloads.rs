//! Payloads made by hand after SPEC section 11: this crate carries them without looking inside.

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

/// Codec 4: two components of three streams.
pub(crate) fn wavelet(segment_steps: usize, numbers: &mut Numbers) -> Vec<u8> {
    let (components, streams) = (2, 3);
    let mut bytes = 0.125f32.to_le_bytes().to_vec();
    bytes.extend([2, components, 1, streams]);
    bytes.extend([0; 8]);
    bytes.extend(numbers.halves(usize::from(components) * segment_steps));
    let lens = [5u32, 9, 17, 3, 0, 8];
    bytes.extend(lens.iter().flat_map(|len| len.to_le_bytes()));
    bytes.extend(numbers.bytes(lens.iter().sum::<u32>() as usize));
    bytes
}

/// A network of kind 2: 2 channels, one 1x1 layer (weights 2x3, bias 2).
pub(crate) fn head(numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = vec![2, 1, 0, 0];
    for value in [0.5f32, 2.0, 0.0078125, 0.015625] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(numbers.bytes(2 * 3 + 2));
    bytes
}
