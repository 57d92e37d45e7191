//! Progress bars and numbers as people read them.

use super::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::Path,
};

/// A bar on standard error; hidden when it is not a terminal or `quiet`.
pub(super) fn bar(total: u64, what: &'static str, quiet: bool) -> ProgressBar {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
    // The template is a constant: a mistake in it shows in the first run.
    if let Ok(style) = ProgressStyle::with_template("{prefix:>9} {bar:30} {pos}/{len} · {elapsed}, {eta} left {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

/// Prints text to standard output. A closed pipe (`neuvol info … | head`) is not an error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Failure::CANNOT_WRITE, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON value and a line end.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value)
        .map_err(|error| Failure::new(Failure::CANNOT_WRITE, format!("cannot write JSON: {error}")))?;
    print(&(text + "\n"))
}

/// Refuses to overwrite unless asked to.
pub(super) fn check_output(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::new(
            Failure::CANNOT_WRITE,
            format!("{} exists; give --force to replace it", path.display()),
        ));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::new(Failure::CANNOT_WRITE, format!("the folder {} does not exist", folder.display())));
    }
    Ok(())
}

/// Most memory that this process has had resident so far, in bytes; known on Linux only.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// Bytes with a decimal unit.
pub(super) fn bytes(n: u64) -> String {
    match n {
        0..=9_999 => format!("{n} B"),
        10_000..=9_999_999 => format!("{:.1} kB", n as f64 / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// A grid extent z, y, x.
pub(super) fn grid(dims: [u32; 3]) -> String {
    format!("{} × {} × {}", dims[0], dims[1], dims[2])
}

/// A physical value with enough digits.
pub(super) fn value(v: f64) -> String {
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
