//! Errors that the engine logs, above all those of the Vulkan validation layers: a picture may be right by luck.

use crate::{Failure, Result};
use std::sync::Mutex;

static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes an error, unless it is only that old validation layers do not know the language of the shader (WGSL), or the
/// second line of one.
pub fn add(text: String) {
    if text.contains("Invalid source language operand") || text.contains("\tobjects: ") {
        return;
    }
    eprintln!("{text}");
    if let Ok(mut errors) = ERRORS.lock() {
        errors.push(text);
    }
}

/// Notes all errors of the crate `log` from now on. To be called before the engine makes its instance, which asks for no more
/// messages than are logged.
pub fn listen() {
    // Another logger can only be there in a host that has one of its own, and calls `add` from it.
    if log::set_logger(&Listener).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

/// Fails if there was an error.
///
/// # Errors
/// [`Failure::Broken`] with the first one.
pub fn check() -> Result<()> {
    let errors = ERRORS.lock().map(|errors| errors.clone()).unwrap_or_default();
    match errors.first() {
        None => Ok(()),
        Some(first) => Err(Failure::Broken(format!("{} errors were logged, the first one: {first}", errors.len()))),
    }
}

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Error
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            add(format!("{}: {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}
