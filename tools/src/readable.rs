//! Numbers as people read them.

/// Bytes with a decimal unit.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        0..=9_999 => format!("{n} B"),
        10_000..=9_999_999 => format!("{:.1} kB", n as f64 / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// A grid extent z, y, x.
pub(crate) fn grid(dims: [u32; 3]) -> String {
    format!("{} × {} × {}", dims[0], dims[1], dims[2])
}

/// A physical value with enough digits.
pub(crate) fn value(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 || (1e-3..1e6).contains(&size) {
        let text = format!("{v:.*}", if size >= 1e3 { 1 } else { (3.0 - size.max(1e-3).log10().floor()) as usize });
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{v:.3e}")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_keep_four_digits() {
        assert_eq!(super::value(308.25), "308.2");
        assert_eq!(super::value(0.0123456), "0.01235");
        assert_eq!(super::value(0.0), "0");
        assert_eq!(super::value(-5.0), "-5");
        assert_eq!(super::value(1.5e-7), "1.500e-7");
        assert_eq!(super::bytes(1_234_567), "1234.6 kB");
    }
}
