//! Progress bars and numbers as people read them.

use super::Failure;
pub(super) use crate::readable::{bytes, grid, value};
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

/// Processor time of this process so far, in seconds; known on Linux only.
#[cfg(feature = "train")]
pub(super) fn cpu_seconds() -> Option<f64> {
    // Fields 14 and 15 (user and system time in clock ticks), counted behind the name in parentheses.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    // USER_HZ, which Linux has fixed at 100 for what it shows to programs.
    Some(ticks / 100.0)
}

/// Most memory that this process has had resident so far, in bytes; known on Linux only.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
