//! The binary range coder. Integers only: all machines agree to the bit.

use crate::error::Damage;

/// Bits of a probability.
const PROBABILITY_BITS: u32 = 16;

/// Bytes that an encoder may leave out at the end if they are 0, and that a decoder reads ahead.
const LOOK_AHEAD: usize = 8;

/// Codes one bit after the other. The models are the same in both directions: they hand over the right bit, which only
/// the encoder looks at.
pub(crate) trait Bits {
    /// Whether bits come out of a stream.
    const DECODES: bool;

    /// Codes a bit; `one` is the chance of a 1 in 1/2^16, 1..=65535.
    fn bit(&mut self, one: u32, truth: bool) -> bool;

    /// Whether the bits read so far are more than the stream has: it is truncated.
    fn overrun(&self) -> bool;

    /// Codes the lowest `n` bits of a number, highest first, without a model.
    fn raw(&mut self, n: u32, truth: u32) -> u32 {
        (0..n).rev().fold(0, |value, bit| value << 1 | u32::from(self.bit(1 << 15, truth >> bit & 1 != 0)))
    }
}

/// Writes bits. The interval is `low..low + range` of a number whose first bytes were already given out.
#[derive(Debug)]
pub(crate) struct Encoder {
    low: u64,
    range: u64,
    out: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { low: 0, range: u64::MAX, out: Vec::new() }
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

    /// The bytes: of all numbers in the interval the one that ends in the most zeros. Of these, the ones in the last 8
    /// bytes are not written; those before are, so that a decoder sees whether bytes are missing.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        for zeros in (0..u64::BITS).rev() {
            // Distance to the next multiple of 2^zeros.
            let step = self.low.wrapping_neg() & ((1 << zeros) - 1);
            if step < self.range {
                self.add(step);
                break;
            }
        }
        let last = self.low.to_be_bytes();
        let used = last.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        self.out.extend(&last[..used]);
        self.out
    }
}

impl Bits for Encoder {
    const DECODES: bool = false;

    #[inline(always)]
    fn bit(&mut self, one: u32, truth: bool) -> bool {
        let bound = (self.range >> PROBABILITY_BITS) * u64::from(one);
        if truth {
            self.range = bound;
        } else {
            self.add(bound);
            self.range -= bound;
        }
        if self.range >> 32 == 0 {
            self.out.extend(((self.low >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.range <<= 32;
        }
        truth
    }

    fn overrun(&self) -> bool {
        false
    }
}

/// Reads bits. Behind the end of the bytes there are zeros.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    /// Bytes taken, also those behind the end.
    taken: usize,
    /// Distance of the number from the low end of the interval, always less than `range`.
    code: u64,
    range: u64,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Damage> {
        let mut decoder = Self { bytes, taken: 0, code: 0, range: u64::MAX };
        decoder.code = u64::from(decoder.next()) << 32;
        decoder.code |= u64::from(decoder.next());
        if decoder.code == u64::MAX {
            return Err(Damage::Invalid("it begins with a number that lies in no interval"));
        }
        Ok(decoder)
    }

    #[inline(always)]
    fn next(&mut self) -> u32 {
        let rest = self.bytes.get(self.taken..).unwrap_or(&[]);
        self.taken += 4;
        match rest.first_chunk() {
            Some(chunk) => u32::from_be_bytes(*chunk),
            None => last(rest),
        }
    }

    /// Checks that the bits took all the bytes and no more.
    pub(crate) fn finish(self) -> Result<(), Damage> {
        let needed = self.taken - LOOK_AHEAD;
        if self.bytes.len() < needed {
            return Err(Damage::Truncated);
        }
        // Encoders leave out the zeros at the end.
        let padded = self.bytes.len() > needed && self.bytes.ends_with(&[0]);
        if self.bytes.len() > self.taken || padded { Err(Damage::Trailing) } else { Ok(()) }
    }
}

/// The fewer than 4 bytes at the end, followed by zeros.
#[cold]
fn last(rest: &[u8]) -> u32 {
    let mut chunk = [0; 4];
    chunk[..rest.len()].copy_from_slice(rest);
    u32::from_be_bytes(chunk)
}

impl Bits for Decoder<'_> {
    const DECODES: bool = true;

    #[inline(always)]
    fn bit(&mut self, one: u32, _truth: bool) -> bool {
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

    fn overrun(&self) -> bool {
        self.taken > self.bytes.len() + LOOK_AHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(bits: &[(bool, u32)]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        for &(bit, one) in bits {
            encoder.bit(one, bit);
        }
        encoder.finish()
    }

    fn decodes(bytes: &[u8], bits: &[(bool, u32)]) -> Result<bool, Damage> {
        let mut decoder = Decoder::new(bytes)?;
        let right = bits.iter().filter(|&&(bit, one)| decoder.bit(one, false) == bit).count();
        decoder.finish().map(|()| right == bits.len())
    }

    proptest! {
        #[test]
        fn bits_are_lossless(bits in prop::collection::vec((any::<bool>(), prop_oneof![1..65536u32, Just(1), Just(65535)]), 0..2000)) {
            let mut bytes = encode(&bits);
            prop_assert_eq!(decodes(&bytes, &bits), Ok(true));
            bytes.push(0);
            prop_assert_eq!(decodes(&bytes, &bits), Err(Damage::Trailing));
            bytes.extend([1; 9]);
            prop_assert_eq!(decodes(&bytes, &bits), Err(Damage::Trailing));
        }

        #[test]
        fn truncation_is_found(bits in prop::collection::vec(any::<bool>(), 200..2000), cut in 12..20usize) {
            // Every bit takes one bit, whatever is read.
            let bits: Vec<_> = bits.into_iter().map(|bit| (bit, 1 << 15)).collect();
            let bytes = encode(&bits);
            prop_assert_eq!(decodes(&bytes[..bytes.len() - cut], &bits), Err(Damage::Truncated));
        }
    }

    #[test]
    fn likely_bits_cost_nothing_and_carries_run_far() {
        assert!(encode(&vec![(true, 65535); 10_000]).is_empty());
        assert!(encode(&vec![(false, 1); 10_000]).len() <= 2);
        // Many small additions near the top of the interval.
        let bits: Vec<(bool, u32)> = (0..5000).map(|i| (i % 97 == 0, 1 + i % 3)).collect();
        assert_eq!(decodes(&encode(&bits), &bits), Ok(true));
    }

    #[test]
    fn raw_bits_come_back() {
        let mut encoder = Encoder::new();
        encoder.raw(20, 0xABCDE);
        encoder.raw(0, 7);
        encoder.raw(1, 1);
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes).expect("it was just encoded");
        assert_eq!([decoder.raw(20, 0), decoder.raw(0, 0), decoder.raw(1, 0)], [0xABCDE, 0, 1]);
    }

    #[test]
    fn the_number_above_all_intervals_is_refused() {
        assert!(Decoder::new(&[0xFF; 8]).is_err());
        assert!(Decoder::new(&[0xFF; 7]).is_ok());
        assert!(Decoder::new(&[]).is_ok());
    }
}
