//! Constant tables, computed from integers at compile time: logarithms never come from a machine's floating point.

/// ln 2 in 1/2^40.
const LN_2: i128 = 762_123_384_786;

/// Bits behind the point of [`ln`] and [`exp_powers`].
const POINT: u32 = 40;

/// ln(n) in 1/2^40, n > 0: the series of 2·artanh on the mantissa.
const fn ln(n: u64) -> i128 {
    let exponent = n.ilog2();
    let one = 1i128 << POINT;
    let mantissa = ((n as i128) << POINT) >> exponent;
    let y = ((mantissa - one) << POINT) / (mantissa + one);
    let square = (y * y) >> POINT;
    let (mut power, mut sum, mut k) = (y, 0, 1);
    while power > 0 {
        sum += power / k;
        power = (power * square) >> POINT;
        k += 2;
    }
    2 * sum + exponent as i128 * LN_2
}

/// exp(k/den) in 1/2^40 for k = 0..N, k < 12·den or so.
const fn exp_powers<const N: usize>(den: i128) -> [i128; N] {
    let one = 1i128 << POINT;
    let (mut term, mut step, mut k) = (one, 0, 1);
    while term > 0 {
        step += term;
        term /= den * k;
        k += 1;
    }
    let mut powers = [one; N];
    let mut k = 1;
    while k < N {
        powers[k] = (powers[k - 1] * step) >> POINT;
        k += 1;
    }
    powers
}

/// Bits of a probability that [`stretch`] looks at.
const STRETCH_BITS: u32 = 12;

/// Largest result of [`stretch`].
const STRETCH_MOST: i128 = 2047;

static STRETCH: [i16; 1 << STRETCH_BITS] = {
    let mut table = [0; 1 << STRETCH_BITS];
    let half = table.len() / 2;
    let mut i = 0;
    while i < half {
        // The upper half mirrors the lower one; round to the nearest.
        let value = ln(2 * (table.len() - i) as u64 - 1) - ln(2 * i as u64 + 1);
        let mut value = ((value << 9) + (1 << POINT)) >> (POINT + 1);
        if value > STRETCH_MOST {
            value = STRETCH_MOST;
        }
        table[i] = -(value as i16);
        table[2 * half - 1 - i] = value as i16;
        i += 1;
    }
    table
};

/// ln(p/(1−p)) in 1/256 of a probability of 22 bits, ±2047.
#[inline(always)]
pub(crate) fn stretch(one: u32) -> i32 {
    STRETCH[(one >> (22 - STRETCH_BITS)) as usize & (STRETCH.len() - 1)].into()
}

/// Largest argument of [`squash`].
pub(crate) const SQUASH_MOST: i32 = 3071;

/// Bounds of the probability that the range coder gets.
const LEAST: i128 = 4;

static SQUASH: [u16; 3072] = {
    let powers: [i128; 1536] = exp_powers(128);
    let mut table = [0; 3072];
    let mut k = 0;
    while k < 1536 {
        // 1/(1 + exp(−k/128)), and its mirror below 0.
        let one = 1i128 << POINT;
        let denominator = powers[k] + one;
        let mut low = ((one << 17) / denominator + 1) >> 1;
        if low < LEAST {
            low = LEAST;
        }
        table[1536 + k] = (65536 - low) as u16;
        if k > 0 {
            table[1536 - k] = low as u16;
        }
        k += 1;
    }
    table[0] = table[1];
    table
};

/// 1/(1+exp(−x)) in 1/2^16 of x in 1/256, 4..=65532. Arguments are −3072..=[`SQUASH_MOST`].
#[inline(always)]
pub(crate) fn squash(x: i32) -> u32 {
    SQUASH[((x + 3072) >> 1) as usize].into()
}

/// Mantissa bits of [`LEVEL`].
const LEVEL_BITS: u32 = 5;

static LEVEL: [u16; 11 << LEVEL_BITS] = {
    let mut table = [0; 11 << LEVEL_BITS];
    let mut at = 0;
    while at < table.len() {
        // The middle of the numbers (1 + m/32)·2^octave·64 .. (1 + (m + 1)/32)·2^octave·64.
        let octave = at >> LEVEL_BITS;
        let mantissa = (1 << LEVEL_BITS) + at % (1 << LEVEL_BITS);
        let value = ln(2 * mantissa as u64 + 1) + octave as i128 * LN_2 - ln(2 << LEVEL_BITS);
        table[at] = ((value * 64) >> POINT) as u16;
        at += 1;
    }
    table
};

/// About 64·ln(1 + 4s/256), the logarithm of a context value `s` in 1/256, `s` < 2^16 + 2^15.
#[inline(always)]
pub(crate) fn level(s: u32) -> u32 {
    let n = s + 64;
    let octave = n.ilog2();
    let mantissa = n >> (octave - LEVEL_BITS);
    u32::from(LEVEL[(((octave - 6) << LEVEL_BITS) + mantissa - (1 << LEVEL_BITS)) as usize])
}

/// floor(2·log2 n), n > 0.
#[inline(always)]
pub(crate) fn half_octaves(n: u32) -> u32 {
    let octave = n.ilog2();
    // √2 in 1/2^31.
    2 * octave + u32::from(n << (31 - octave) >= 3_037_000_500)
}

/// A number up to a bound.
#[inline(always)]
pub(crate) fn most(n: u32, most: u32) -> usize {
    n.min(most) as usize
}

/// floor(2·log2(1 + n/unit)) up to a bound; `unit` is a power of two.
#[inline(always)]
pub(crate) fn octaves(n: u32, unit: u32, most: u32) -> usize {
    (half_octaves(n + unit) - 2 * unit.ilog2()).min(most) as usize
}

/// First guess of the chance that a magnitude is above a bin, in 1/2^16, at a [`level`] of 16k: m/(1 + m) within 0.01..0.97
/// for a mean m of (exp(k/4) − 1)/4 + 0.02.
pub(crate) static GUESS: [u16; 28] = {
    let powers: [i128; 28] = exp_powers(4);
    let mut table = [0; 28];
    let mut k = 0;
    while k < table.len() {
        let one = 1i128 << POINT;
        let mean = (powers[k] - one) / 4 + one / 50;
        let guess = (mean << 16) / (one + mean);
        table[k] = if guess < 655 {
            655
        } else if guess > 63_570 {
            63_570
        } else {
            guess as u16
        };
        k += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    #[test]
    fn tables_are_what_their_formulas_say() {
        for n in [1, 2, 3, 64, 4095, 8191, 1 << 40] {
            assert!(near(ln(n) as f64 / 1099511627776.0, (n as f64).ln(), 1e-10), "{n}");
        }
        for (i, &value) in STRETCH.iter().enumerate() {
            let p = (i as f64 + 0.5) / 4096.0;
            assert!(near(f64::from(value), (256.0 * (p / (1.0 - p)).ln()).clamp(-2047.0, 2047.0), 0.501), "{i}");
        }
        for x in -3072..=SQUASH_MOST {
            let x2 = (x >> 1) as f64 / 128.0;
            let p = (65536.0 / (1.0 + (-x2).exp())).clamp(4.0, 65532.0);
            assert!(near(f64::from(squash(x)), p, 0.501), "{x}");
        }
        for s in 0..98000 {
            assert!(near(f64::from(level(s)), 64.0 * (1.0 + f64::from(s) / 64.0).ln(), 2.1), "{s}");
        }
        for n in 1..70000 {
            assert!(near(f64::from(half_octaves(n)), (2.0 * f64::from(n).log2()).floor(), 0.0), "{n}");
        }
        for (k, &guess) in GUESS.iter().enumerate() {
            let mean = ((k as f64 / 4.0).exp() - 1.0) / 4.0 + 0.02;
            assert!(near(f64::from(guess), 65536.0 * (mean / (1.0 + mean)).clamp(0.01, 0.97), 1.0), "{k}");
        }
    }

    #[test]
    fn stretch_and_squash_are_inverse() {
        for one in (1 << 12..(1 << 22) - (1 << 12)).step_by(997) {
            let back = i64::from(squash(stretch(one))) << 6;
            let p = f64::from(one) / 4194304.0;
            assert!(near(back as f64 / 4194304.0, p, 0.02 * p * (1.0 - p) + 3e-4), "{one} {back}");
        }
    }
}
