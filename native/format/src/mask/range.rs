//! The binary range coder of context-coded masks (SPEC section 9). Integers only: all machines agree to the bit.

/// Bits of a probability that the coder gets: 1..2^16 is the chance of a 1.
const PROBABILITY_BITS: u32 = 16;

/// Codes one bit after the other. The model is the same for both directions: it hands over a function that tells the
/// right bit, which only the encoder asks.
pub(super) trait Coder {
    /// Codes a bit; `one` is the chance of a 1 in 1/2^16, neither 0 nor 2^16. `truth` gets the words of the step.
    fn code(&mut self, one: u32, truth: impl FnOnce(&[u64]) -> bool) -> bool;
}

/// Writes bits. The interval is `low..low + range` of a number whose first bytes were already given out.
pub(super) struct Encoder<'a> {
    /// The words of the step that is being coded.
    pub(super) truth: &'a [u64],
    state: EncoderState,
}

/// What an [`Encoder`] carries from step to step.
#[derive(Debug)]
pub(super) struct EncoderState {
    low: u64,
    range: u64,
    out: Vec<u8>,
}

impl EncoderState {
    pub(super) fn new() -> Self {
        Self { low: 0, range: u64::MAX, out: Vec::new() }
    }

    pub(super) fn step(self, truth: &[u64]) -> Encoder<'_> {
        Encoder { truth, state: self }
    }

    /// Adds to `low`; what overflows goes into the bytes before.
    fn add(&mut self, n: u64) {
        let (low, carry) = self.low.overflowing_add(n);
        self.low = low;
        if carry {
            for byte in self.out.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    /// The bytes: of all numbers in the interval one that ends in the most zeros, which need not be written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for zeros in (0..64).rev() {
            let below = (1u64 << zeros) - 1;
            // Distance to the next multiple of 2^zeros.
            let step = self.low.wrapping_neg() & below;
            if step < self.range {
                self.add(step);
                break;
            }
        }
        self.out.extend(self.low.to_be_bytes());
        let len = self.out.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.out.truncate(len);
        self.out
    }
}

impl Encoder<'_> {
    pub(super) fn into_state(self) -> EncoderState {
        self.state
    }
}

impl Coder for Encoder<'_> {
    fn code(&mut self, one: u32, truth: impl FnOnce(&[u64]) -> bool) -> bool {
        let bit = truth(self.truth);
        let state = &mut self.state;
        let bound = (state.range >> PROBABILITY_BITS) * u64::from(one);
        if bit {
            state.range = bound;
        } else {
            state.add(bound);
            state.range -= bound;
        }
        if state.range >> 32 == 0 {
            state.out.extend(((state.low >> 32) as u32).to_be_bytes());
            state.low <<= 32;
            state.range <<= 32;
        }
        bit
    }
}

/// Reads bits. Behind the end of the bytes there are zeros.
pub(super) struct Decoder<'a> {
    rest: &'a [u8],
    /// Distance of the number from the low end of the interval.
    code: u64,
    range: u64,
}

impl<'a> Decoder<'a> {
    /// `None` if the bytes are a number that lies in no interval.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut decoder = Self { rest: bytes, code: 0, range: u64::MAX };
        decoder.code = u64::from(decoder.next()) << 32;
        decoder.code |= u64::from(decoder.next());
        // Everything else keeps `code < range` for ever.
        (decoder.code < decoder.range).then_some(decoder)
    }

    /// Bytes that no bit needed.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn next(&mut self) -> u32 {
        if let Some((first, rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
            return u32::from_be_bytes(*first);
        }
        let mut last = [0; 4];
        last[..self.rest.len()].copy_from_slice(self.rest);
        self.rest = &[];
        u32::from_be_bytes(last)
    }
}

impl Coder for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, one: u32, _truth: impl FnOnce(&[u64]) -> bool) -> bool {
        let bound = (self.range >> PROBABILITY_BITS) * u64::from(one);
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        if self.range >> 32 == 0 {
            self.code = self.code << 32 | u64::from(self.next());
            self.range <<= 32;
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(bits: &[(bool, u32)]) -> Vec<u8> {
        let mut encoder = EncoderState::new().step(&[]);
        for &(bit, one) in bits {
            encoder.code(one, |_| bit);
        }
        encoder.into_state().finish()
    }

    proptest! {
        #[test]
        fn bits_are_lossless(bits in prop::collection::vec((any::<bool>(), prop_oneof![1..65536u32, Just(1), Just(65535)]), 0..2000)) {
            let bytes = encode(&bits);
            let mut decoder = Decoder::new(&bytes).expect("it was just encoded");
            for &(bit, one) in &bits {
                prop_assert_eq!(decoder.code(one, |_| unreachable!()), bit);
            }
            prop_assert!(decoder.rest().is_empty());
        }
    }

    #[test]
    fn likely_bits_cost_nothing_and_carries_run_far() {
        assert!(encode(&vec![(true, 65535); 10_000]).is_empty());
        assert!(encode(&vec![(false, 1); 10_000]).len() <= 2);
        // Many small additions near the top of the interval.
        let bits: Vec<(bool, u32)> = (0..5000).map(|i| (i % 97 == 0, 1 + i % 3)).collect();
        let bytes = encode(&bits);
        let mut decoder = Decoder::new(&bytes).expect("it was just encoded");
        assert!(bits.iter().all(|&(bit, one)| decoder.code(one, |_| unreachable!()) == bit));
    }

    #[test]
    fn the_number_above_all_intervals_is_refused() {
        assert!(Decoder::new(&[0xFF; 8]).is_none());
        assert!(Decoder::new(&[0xFF; 7]).is_some());
        assert!(Decoder::new(&[]).is_some());
    }
}
