//! One open file.

use crate::{Bytes, Error, Request, Result, Stats, Target, cache::Cache};
use neuvol_format::{BlockKey, MaskRef, Reader};
use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// More threads than any machine has use for; a larger number is a mistake of the caller.
const MAX_THREADS: usize = 1024;

/// Bytes that a volume keeps prepared if nobody says otherwise: 256 MiB, the lattices of some hundred blocks of 64³ voxels.
pub const DEFAULT_CACHE_BYTES: u64 = 256 << 20;

/// How to open a volume.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Threads that share the blocks of one decode; 0 = as many as the machine has cores, 1 = the calling thread only.
    /// At most 1024.
    pub threads: usize,
    /// Bytes of memory for blocks and masks that stay prepared from one decode to the next, so that another time of the
    /// same block costs its evaluation only. The least recently used go first, and what is larger than all this is not
    /// kept. 0 = keep nothing; [`DEFAULT_CACHE_BYTES`] by default.
    pub cache_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { threads: 0, cache_bytes: DEFAULT_CACHE_BYTES }
    }
}

/// An open model file. Any number of threads may use it at once.
pub struct Volume {
    pub(crate) reader: Reader<Bytes>,
    options: OpenOptions,
    pool: OnceLock<rayon::ThreadPool>,
    blocks: AtomicU64,
    voxels: AtomicU64,
    payload_bytes: AtomicU64,
    nanoseconds: AtomicU64,
    pub(crate) cache: Cache,
}

/// Sums over all decodes since the volume was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct VolumeStats {
    /// Length of the file in bytes (mapped, not necessarily resident).
    pub file_bytes: u64,
    /// Blocks decoded.
    pub blocks: u64,
    /// Voxels written.
    pub voxels: u64,
    /// Payload bytes read: those of blocks that had to be prepared.
    pub payload_bytes: u64,
    /// Wall time spent in decodes, in seconds.
    pub seconds: f64,
    /// Times that a block (raw or a network) was found prepared.
    pub cache_hits: u64,
    /// Times that one had to be read and prepared.
    pub cache_misses: u64,
    /// Bytes of prepared blocks and masks held now.
    pub cache_bytes: u64,
}

impl Volume {
    /// Maps a file and checks its front (header, directory, metadata). Blocks are checked when they are decoded.
    ///
    /// The file must not be truncated or rewritten in place while it is open; replacing it by rename is safe.
    pub fn open_file(path: &Path, options: OpenOptions) -> Result<Self> {
        let bytes = Bytes::map(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::new(bytes, options).map_err(|error| match error {
            Error::Format(source) => Error::File { path: path.to_owned(), source },
            other => other,
        })
    }

    /// Opens a file that lies in memory.
    pub fn from_vec(bytes: Vec<u8>, options: OpenOptions) -> Result<Self> {
        Self::new(Bytes::owned(bytes), options)
    }

    /// Opens a file that lies in memory that somebody else owns.
    ///
    /// # Safety
    /// `pointer` must be valid for reading `len` bytes, which must not change, until the volume is dropped.
    pub unsafe fn from_raw(pointer: *const u8, len: usize, options: OpenOptions) -> Result<Self> {
        // SAFETY: promised by the caller.
        Self::new(unsafe { Bytes::from_raw(pointer, len) }, options)
    }

    fn new(bytes: Bytes, options: OpenOptions) -> Result<Self> {
        if options.threads > MAX_THREADS {
            return Err(Error::argument("threads", format!("{} is more than {MAX_THREADS}", options.threads)));
        }
        Ok(Self {
            reader: Reader::new(bytes)?,
            options,
            pool: OnceLock::new(),
            blocks: AtomicU64::new(0),
            voxels: AtomicU64::new(0),
            payload_bytes: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            cache: Cache::new(options.cache_bytes),
        })
    }

    /// The checked reader of the file: header, metadata, variables, entries.
    pub fn reader(&self) -> &Reader<Bytes> {
        &self.reader
    }

    /// The metadata (SPEC section 5) as JSON text.
    pub fn metadata_json(&self) -> String {
        // Serialising the plain structs that were read from JSON cannot fail.
        serde_json::to_string(self.reader.meta()).unwrap_or_default()
    }

    /// Decodes a box into host memory. Blocks are decoded in parallel; the call returns when the target is complete.
    /// After an error the target's content is undefined.
    pub fn decode(&self, request: &Request, target: Target<'_>) -> Result<Stats> {
        let stats = crate::decode::decode(self, request, target)?;
        self.blocks.fetch_add(u64::from(stats.blocks), Ordering::Relaxed);
        self.voxels.fetch_add(stats.voxels, Ordering::Relaxed);
        self.payload_bytes.fetch_add(stats.payload_bytes, Ordering::Relaxed);
        self.nanoseconds.fetch_add((stats.seconds * 1e9) as u64, Ordering::Relaxed);
        Ok(stats)
    }

    /// Bounds of the decoded valid values of a block around a time, for empty-space skipping; `None` if the block has no
    /// valid voxel. The bounds hold for every level of detail and every time between the two steps around `time`.
    pub fn block_range(&self, variable: u32, quality: u8, time: f64, block: u32) -> Result<Option<(f32, f32)>> {
        let info = self.variable(variable)?;
        let mut probe = Request::whole(variable, info.dims, time);
        probe.quality = quality;
        probe.check(info)?;
        if block >= info.n_blocks() {
            return Err(Error::argument(
                "block",
                format!("{block} does not exist, the variable has 0..={}", info.n_blocks() - 1),
            ));
        }
        let mut range: Option<(f32, f32)> = None;
        for step in [time.floor() as u32, time.ceil() as u32] {
            let segment = self.segment(variable, step)?;
            for level in 0..info.n_stored_levels {
                let entry = self.reader.entry(BlockKey { variable, quality, level, segment, block })?;
                if entry.mask != MaskRef::NoneValid {
                    let (low, high) = range.unwrap_or((entry.min, entry.max));
                    range = Some((low.min(entry.min), high.max(entry.max)));
                }
            }
        }
        Ok(range)
    }

    pub(crate) fn segment(&self, variable: u32, step: u32) -> Result<u32> {
        self.reader.segment_of(variable as usize, step).ok_or_else(|| {
            // The reader checks that the segments cover all steps; this is for a step that was not checked before.
            Error::argument("time", format!("step {step} is outside the variable's steps"))
        })
    }

    /// What this volume has decoded so far.
    pub fn stats(&self) -> VolumeStats {
        let cache = self.cache.stats();
        VolumeStats {
            cache_hits: cache.hits,
            cache_misses: cache.misses,
            cache_bytes: cache.bytes,
            file_bytes: self.reader.header().file_len,
            blocks: self.blocks.load(Ordering::Relaxed),
            voxels: self.voxels.load(Ordering::Relaxed),
            payload_bytes: self.payload_bytes.load(Ordering::Relaxed),
            seconds: self.nanoseconds.load(Ordering::Relaxed) as f64 * 1e-9,
        }
    }

    /// Runs `work` where its parallel iterators use this volume's threads.
    pub(crate) fn install<R: Send>(&self, parallel: bool, work: impl FnOnce() -> R + Send) -> Result<R> {
        if !parallel || self.options.threads == 1 {
            return Ok(work());
        }
        let pool = match self.pool.get() {
            Some(pool) => pool,
            None => {
                let threads = self.options.threads;
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|index| format!("neuvol-{index}"))
                    .build()
                    .map_err(|error| Error::Threads { threads, message: error.to_string() })?;
                // Another thread may have been faster: then its pool is used and ours ends.
                let _ = self.pool.set(pool);
                self.pool.get().ok_or_else(|| Error::Threads { threads, message: "lost".into() })?
            }
        };
        Ok(pool.install(work))
    }

    pub(crate) fn threads(&self) -> usize {
        self.options.threads
    }
}

impl std::fmt::Debug for Volume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Volume").field("header", self.reader.header()).field("options", &self.options).finish()
    }
}
