//! Where the bytes of an open file live.

use std::{fs::File, io, path::Path};

/// The bytes of one file: mapped, owned, or borrowed from a host that promised to keep them.
pub struct Bytes(Storage);

enum Storage {
    Mapped(memmap2::Mmap),
    Owned(Vec<u8>),
    Borrowed { pointer: *const u8, len: usize },
}

// SAFETY: the memory is only read, through `&self`, and whoever created a borrowed storage promised that it stays valid
// and unchanged (see `from_raw`); the other storages are Send and Sync themselves.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// Maps a file read-only. Pages are read when they are touched.
    pub(crate) fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            // An empty file cannot be mapped; the reader then says "truncated", which is what the user should see.
            return Ok(Self(Storage::Owned(Vec::new())));
        }
        // SAFETY: the map is read-only. If another process truncates the file meanwhile, touching the lost pages raises
        // SIGBUS: the writer of this project never does that (it replaces files by rename), and the documentation of
        // `Volume::open_file` tells users.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(Storage::Mapped(map)))
    }

    pub(crate) fn owned(bytes: Vec<u8>) -> Self {
        Self(Storage::Owned(bytes))
    }

    /// # Safety
    /// `pointer` must be valid for reading `len` bytes, which must not change, until the value is dropped.
    pub(crate) unsafe fn from_raw(pointer: *const u8, len: usize) -> Self {
        Self(Storage::Borrowed { pointer, len })
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Storage::Mapped(map) => map,
            Storage::Owned(bytes) => bytes,
            Storage::Borrowed { pointer, len } => {
                // SAFETY: promised by the caller of `from_raw`.
                unsafe { std::slice::from_raw_parts(*pointer, *len) }
            }
        }
    }
}
