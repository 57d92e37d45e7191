//! Coefficients of many kinds, from integers only: the same on every machine.
#![allow(dead_code, reason = "not every test uses every kind")]

/// The kinds that [`values`] knows.
pub(crate) const KINDS: u32 = 9;

/// A linear congruential generator (Knuth's MMIX constants).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// An array of `extent` coefficients.
pub(crate) fn values(kind: u32, seed: u32, extent: [usize; 3]) -> Vec<i32> {
    const MOST: i32 = 1 << 20;
    let mut random = Random::new(u64::from(seed));
    let mut value = |z: usize, y: usize, x: usize| {
        let (n, m) = (random.next(), random.next());
        let signed = |magnitude: i32| if m & 1 == 0 { magnitude } else { -magnitude };
        match kind {
            0 => 0,
            1 => MOST,
            2 if (x + y + z).is_multiple_of(2) => MOST,
            2 => -MOST,
            3 if n.is_multiple_of(500) => -((m % MOST as u32) as i32),
            3 => 0,
            // All lengths are equally frequent.
            4 => signed((n % MOST as u32) as i32 >> ((m >> 8) % 21)),
            5 => (n % 3) as i32 - 1,
            // Like latents: large in one corner and on a surface, small elsewhere.
            6 => {
                let low = 40 / (1 + z + y + x) as i32;
                let surface = ((x * 2 + y * 3 + z) / 8).is_multiple_of(5);
                signed(low + if surface { (n % 6) as i32 } else { i32::from(n.is_multiple_of(40)) })
            }
            7 => (n % 40) as i32 - 20,
            _ if x == 0 && y == 0 => -MOST,
            _ => i32::from(z == 1),
        }
    };
    let mut values = Vec::new();
    for z in 0..extent[0] {
        for y in 0..extent[1] {
            values.extend((0..extent[2]).map(|x| value(z, y, x)));
        }
    }
    values
}

/// A group of components, each of another seed.
pub(crate) fn group(kind: u32, seed: u32, extent: [usize; 3], n: usize) -> Vec<Vec<i32>> {
    (0..n as u32).map(|k| values(kind, seed + 31 * k, extent)).collect()
}

/// As slices.
pub(crate) fn slices(group: &[Vec<i32>]) -> Vec<&[i32]> {
    group.iter().map(Vec::as_slice).collect()
}

/// FNV-1a, 64 bits, of all streams with their lengths.
pub(crate) fn hash(streams: &[Vec<u8>]) -> u64 {
    let bytes = streams.iter().flat_map(|stream| (stream.len() as u32).to_le_bytes().into_iter().chain(stream.clone()));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
