//! The log of probes: what was tried, and what came out. One JSON object per line.

use super::{Outcome, Query, Traits};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// One try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// File and variable; those of one name are kept together when a part is held back to judge by.
    pub name: String,
    /// What the values are like.
    pub traits: Traits,
    /// What was tried.
    pub query: Query,
    /// What came out.
    pub outcome: Outcome,
}

/// A log that is written.
#[derive(Debug)]
pub struct Log(Mutex<File>);

impl Log {
    /// Opens a log to add to it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn append(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(OpenOptions::new().append(true).create(true).open(path)?)))
    }

    /// Adds a probe. A failure is only logged: the run itself does not need it.
    pub fn add(&self, probe: &Probe) {
        let write = || -> io::Result<()> {
            let mut line = serde_json::to_vec(probe)?;
            line.push(b'\n');
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        };
        if let Err(error) = write() {
            log::warn!("cannot write to the log of probes: {error}");
        }
    }
}

/// Reads the probes of a log.
///
/// # Errors
/// The file cannot be read, or a line is not a probe.
pub fn read(path: &Path) -> io::Result<Vec<Probe>> {
    let mut probes = Vec::new();
    for (number, line) in BufReader::new(File::open(path)?).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let probe: Probe = serde_json::from_str(&line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {error}", number + 1)))?;
        let numbers = [probe.query.log_step, probe.query.plain_psnr, probe.query.log_significant];
        let outcome = [probe.outcome.gain, probe.outcome.log_bits];
        if probe.traits.0.iter().chain(&numbers).chain(&outcome).all(|n| n.is_finite()) {
            probes.push(probe);
        }
    }
    Ok(probes)
}
