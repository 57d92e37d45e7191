//! Weights and biases of a layer as kernels read them.
//!
//! Kernels are compiled for numbers of channels: BLOCKS blocks of BLOCK. They get weights as arrays of arrays and not as
//! slices, so that the compiler unrolls their loops and keeps sums in registers.

#[derive(Clone, Debug, Default)]
pub(super) struct Layer<W, B> {
    /// `[block of outputs][input][output]`, or `[block of outputs][block of inputs][input][output]`.
    pub(super) weights: Vec<W>,
    pub(super) biases: Vec<B>,
}

/// Weights by input and output.
type Inputs<W, const BLOCK: usize, const INPUTS: usize> = [[W; BLOCK]; INPUTS];

impl<W, B> Layer<W, B> {
    /// By block of outputs.
    #[inline(always)]
    pub(super) fn weights<const BLOCK: usize, const INPUTS: usize, const BLOCKS: usize>(
        &self,
    ) -> &[Inputs<W, BLOCK, INPUTS>; BLOCKS] {
        first(self.weights.as_chunks::<BLOCK>().0.as_chunks::<INPUTS>().0.as_chunks::<BLOCKS>().0)
    }

    /// By block of outputs and block of inputs, of a layer that has as many inputs as outputs.
    #[inline(always)]
    pub(super) fn square<const BLOCK: usize, const INPUTS: usize, const BLOCKS: usize>(
        &self,
    ) -> &[[Inputs<W, BLOCK, INPUTS>; BLOCKS]; BLOCKS] {
        let blocks = self.weights.as_chunks::<BLOCK>().0.as_chunks::<INPUTS>().0.as_chunks::<BLOCKS>().0;
        first(blocks.as_chunks::<BLOCKS>().0)
    }

    #[inline(always)]
    pub(super) fn biases<const BLOCK: usize, const BLOCKS: usize>(&self) -> &[[B; BLOCK]; BLOCKS] {
        by_block(&self.biases)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.biases[..])
    }
}

/// Numbers of every channel, by block.
#[inline(always)]
pub(super) fn by_block<T, const BLOCK: usize, const BLOCKS: usize>(channels: &[T]) -> &[[T; BLOCK]; BLOCKS] {
    first(channels.as_chunks::<BLOCK>().0.as_chunks::<BLOCKS>().0)
}

/// The only array; kernels are called with the sizes that the head has.
#[inline(always)]
fn first<T>(arrays: &[T]) -> &T {
    &arrays[0]
}

/// Channels of a block: as many as registers allow, and a divisor of their number (which is padded to one of a few).
pub(super) fn block(width: usize) -> usize {
    [16, 12, 8].into_iter().find(|&block| width.is_multiple_of(block)).unwrap_or(4)
}
