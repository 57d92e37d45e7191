use crate::Error;
use crate::bytes::Cursor;

/// Most channels of a head.
pub const MAX_CHANNELS: u8 = 64;
/// Most hidden 1×1×1 layers of a head.
pub const MAX_HEAD_LAYERS: u8 = 3;
/// Inputs of the convolution.
pub const HEAD_INPUTS: usize = 2;
/// Weights of the convolution per pair of input and output: 3×3×3.
pub const HEAD_KERNEL: usize = 27;
const WHAT: &str = "head";

/// Parameters of one layer of a head: its weights or its biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// What a stored value of 1 stands for: parameter = value · scale.
    pub scale: f32,
    /// The stored values.
    pub values: Vec<i8>,
}

/// The convolutional head of codec 4 (a network of kind 2, SPEC section 10): a 3×3×3 convolution, hidden 1×1×1 layers and
/// an output layer of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Channels of every layer but the output, 1..=64.
    pub n_channels: u8,
    /// Hidden 1×1×1 layers, 0..=3.
    pub n_hidden: u8,
    /// Mean of the second input.
    pub mean: f32,
    /// Standard deviation of the second input, > 0.
    pub deviation: f32,
    /// Weights and biases in turn: of the convolution `[channel][input][z][y][x]` and `[channel]`, of every hidden layer
    /// `[output][input]` and `[output]`, of the output `[channel]` and `[1]`. Lengths: [`Head::tensor_lengths`].
    pub tensors: Vec<Tensor>,
}

impl Head {
    /// Number of values of each tensor, in order.
    pub fn tensor_lengths(n_channels: u8, n_hidden: u8) -> Vec<usize> {
        let n = usize::from(n_channels);
        let mut lengths = vec![n * HEAD_INPUTS * HEAD_KERNEL, n];
        for _ in 0..n_hidden {
            lengths.extend([n * n, n]);
        }
        lengths.extend([n, 1]);
        lengths
    }

    /// Checks that every part has the size that the shape says, that everything is finite and in its limits.
    ///
    /// # Errors
    /// The first rule that is broken. Parsed heads always pass; this is for heads put together by hand.
    pub fn validate(&self) -> Result<(), Error> {
        if !(1..=MAX_CHANNELS).contains(&self.n_channels) {
            let message = format!("is {}, must be in 1..={MAX_CHANNELS}", self.n_channels);
            return Err(Error::argument("n_channels", message));
        }
        if self.n_hidden > MAX_HEAD_LAYERS {
            return Err(Error::argument("n_hidden", format!("is {}, must be in 0..={MAX_HEAD_LAYERS}", self.n_hidden)));
        }
        if !self.mean.is_finite() {
            return Err(Error::argument("mean", format!("is {}, must be finite", self.mean)));
        }
        if !(self.deviation.is_finite() && self.deviation > 0.0) {
            return Err(Error::argument("deviation", format!("is {}, must be finite and above 0", self.deviation)));
        }
        let lengths = Self::tensor_lengths(self.n_channels, self.n_hidden);
        if !self.tensors.iter().map(|tensor| tensor.values.len()).eq(lengths.iter().copied()) {
            let found: Vec<usize> = self.tensors.iter().map(|tensor| tensor.values.len()).collect();
            return Err(Error::argument("tensors", format!("have {found:?} values, must have {lengths:?}")));
        }
        match self.tensors.iter().position(|tensor| !is_scale(tensor.scale)) {
            None => Ok(()),
            Some(n) => {
                let message = format!("scale {n} is {}, must be at least 0 and below 2^121", self.tensors[n].scale);
                Err(Error::argument("tensors", message))
            }
        }
    }

    /// Reads the bytes of a network of kind 2.
    ///
    /// # Errors
    /// Any broken rule, with its place; nothing is allocated that the length of the bytes does not justify.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes, WHAT);
        let (n_channels, n_hidden) = (cursor.u8()?, cursor.u8()?);
        if !(1..=MAX_CHANNELS).contains(&n_channels) {
            return Err(Error::payload("n_channels", 0, format!("is {n_channels}, must be in 1..={MAX_CHANNELS}")));
        }
        if n_hidden > MAX_HEAD_LAYERS {
            return Err(Error::payload("n_hidden", 1, format!("is {n_hidden}, must be in 0..={MAX_HEAD_LAYERS}")));
        }
        cursor.reserved(2)?;
        let mean = cursor.finite_f32("mean")?;
        let deviation = cursor.positive_f32("standard deviation")?;
        let lengths = Self::tensor_lengths(n_channels, n_hidden);
        let mut scales = Vec::new();
        for _ in &lengths {
            let offset = cursor.offset();
            let scale = cursor.f32()?;
            if !is_scale(scale) {
                return Err(Error::payload("scale", offset, format!("is {scale}, must be at least 0 and below 2^121")));
            }
            scales.push(scale);
        }
        let mut tensors = Vec::new();
        for (scale, len) in scales.into_iter().zip(lengths) {
            let values = cursor.take(len)?.iter().map(|byte| byte.cast_signed()).collect();
            tensors.push(Tensor { scale, values });
        }
        cursor.finish()?;
        Ok(Head { n_channels, n_hidden, mean, deviation, tensors })
    }

    /// The bytes of a network of kind 2. They can be read back if the head passes [`validate`](Self::validate).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![self.n_channels, self.n_hidden, 0, 0];
        out.extend(self.mean.to_le_bytes());
        out.extend(self.deviation.to_le_bytes());
        out.extend(self.tensors.iter().flat_map(|tensor| tensor.scale.to_le_bytes()));
        out.extend(self.tensors.iter().flat_map(|tensor| &tensor.values).map(|value| value.cast_unsigned()));
        out
    }

    /// The parameters of a tensor: its values times its scale.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn parameters(&self, tensor: usize) -> Vec<f32> {
        let Tensor { scale, values } = &self.tensors[tensor];
        values.iter().map(|&value| f32::from(value) * scale).collect()
    }

    /// Bytes of memory that the parameters take.
    pub fn memory_bytes(&self) -> usize {
        self.tensors.iter().map(|tensor| size_of::<Tensor>() + tensor.values.len()).sum()
    }
}

/// Whether every parameter of a tensor of this scale is finite.
fn is_scale(scale: f32) -> bool {
    scale >= 0.0 && (scale * 128.0).is_finite()
}
