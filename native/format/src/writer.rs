//! The writer: writes a [`Plan`] so that a reader sees the whole file or none.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::layout::Layout;
use crate::plan::{Blob, Plan};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Length of the file in bytes.
    pub file_len: u64,
    /// Its content hash.
    pub content_hash: [u8; 32],
}

/// Gives the bytes of a blob: its number, and an empty vector to put them into.
type Blobs<'a> = dyn FnMut(u32, &mut Vec<u8>) -> io::Result<()> + 'a;

/// Writes a file: to a temporary file beside `path` that takes its name when it is complete and on the disk. On an
/// error, and after a crash, a file that was at `path` before is still there, untouched.
///
/// `blob` is asked for the payloads of [`Plan::blobs`] one after the other, in order.
///
/// # Errors
/// [`Error::Plan`] or [`Error::Limit`] if the plan breaks the format or `blob` gives other bytes than planned,
/// [`Error::Io`] if the file cannot be written or `blob` fails.
pub fn write_file(path: &Path, plan: &Plan, blob: &mut Blobs<'_>) -> Result<Written, Error> {
    let temporary = Temporary::create(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, &temporary.file);
    let written = write_to(&mut out, plan, blob)?;
    out.flush().map_err(|error| Error::file("write", &temporary.path, error))?;
    drop(out);
    temporary.publish(path)?;
    Ok(written)
}

/// Writes a file into a stream, from its current position on. See [`write_file`].
///
/// # Errors
/// As [`write_file`].
pub fn write_to<W: Write + Seek>(out: &mut W, plan: &Plan, blob: &mut Blobs<'_>) -> Result<Written, Error> {
    let failed = |error| Error::io("cannot write the file", error);
    let mut layout = Layout::new(plan)?;
    let start = out.stream_position().map_err(failed)?;
    // The header holds the hash of what follows, so its place is taken now and filled last.
    out.write_all(&layout.front).map_err(failed)?;
    let mut hash = Sha256::new();
    hash.update(&layout.front[layout.header.len()..]);

    let mut prefixes = prefixes(plan);
    let mut bytes = Vec::new();
    let mut position = layout.blks_offset;
    for (n, (planned, &offset)) in plan.blobs.iter().zip(&layout.blob_offsets).enumerate() {
        bytes.clear();
        blob(n as u32, &mut bytes).map_err(|error| Error::io(format!("payload {n} cannot be had"), error))?;
        if bytes.len() as u64 != u64::from(planned.len) || crate::crc(&bytes) != planned.crc {
            let what = format!(
                "payload {n} has {} bytes with CRC {:#010x}, planned were {} with {:#010x}",
                bytes.len(),
                crate::crc(&bytes),
                planned.len,
                planned.crc
            );
            return Err(Error::plan(what));
        }
        for prefix in prefixes.remove(&(n as u32)).unwrap_or_default() {
            // The length was checked with the plan.
            if crate::crc(&bytes[..prefix.len as usize]) != prefix.crc {
                let what = format!("the first {} bytes of payload {n} have not the CRC that was planned", prefix.len);
                return Err(Error::plan(what));
            }
        }
        let padding = &[0; 64][..(offset - position) as usize];
        for part in [padding, &bytes] {
            out.write_all(part).map_err(failed)?;
            hash.update(part);
        }
        position = offset + u64::from(planned.len);
    }

    layout.header.content_hash = hash.finalize().into();
    out.seek(SeekFrom::Start(start)).map_err(failed)?;
    out.write_all(&layout.header.to_bytes()).map_err(failed)?;
    let file_len = layout.header.file_len;
    out.seek(SeekFrom::Start(start + file_len)).map_err(failed)?;
    Ok(Written { file_len, content_hash: layout.header.content_hash })
}

/// The prefixes of every blob that entries have instead of the whole.
fn prefixes(plan: &Plan) -> HashMap<u32, HashSet<Blob>> {
    let mut prefixes = HashMap::<u32, HashSet<Blob>>::new();
    for entry in plan.variables.iter().flat_map(|variable| &variable.entries) {
        if let (Some(blob), Some(prefix)) = (entry.blob, entry.prefix) {
            prefixes.entry(blob).or_default().insert(prefix);
        }
    }
    prefixes
}

/// A file beside the final one that disappears unless it is published.
struct Temporary {
    file: File,
    path: PathBuf,
    published: bool,
}

impl Temporary {
    fn create(target: &Path) -> Result<Self, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let no_name = || Error::file("write", target, io::Error::new(io::ErrorKind::InvalidInput, "not a file name"));
        let mut name = target.file_name().ok_or_else(no_name)?.to_os_string();
        // Process and counter keep two writers of one file apart: the last to finish wins, neither is mixed up.
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        name.push(format!(".{}-{n}.neuvol.partial", std::process::id()));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        let file = file.map_err(|error| Error::file("create", &path, error))?;
        Ok(Self { file, path, published: false })
    }

    /// Puts the data on the disk and gives the file its name.
    fn publish(mut self, target: &Path) -> Result<(), Error> {
        self.file.sync_all().map_err(|error| Error::file("write", &self.path, error))?;
        fs::rename(&self.path, target).map_err(|error| Error::file("replace", target, error))?;
        self.published = true;
        sync_directory(target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.published {
            // Nothing can be done about a failure, and the error that led here matters more.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a rename survive a power cut.
#[cfg(unix)]
fn sync_directory(target: &Path) -> Result<(), Error> {
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|file| file.sync_all()).map_err(|error| Error::file("sync", directory, error))
}

/// Other systems cannot sync a directory.
#[cfg(not(unix))]
fn sync_directory(_target: &Path) -> Result<(), Error> {
    Ok(())
}
