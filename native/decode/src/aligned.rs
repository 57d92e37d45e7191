/// A buffer of numbers that starts at a cache line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned<T> {
    storage: Vec<T>,
    start: usize,
    len: usize,
}

const LINE: usize = 64;

impl<T: Copy + Default> Aligned<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        let mut buffer = Aligned { storage: Vec::new(), start: 0, len: 0 };
        buffer.resize(len);
        buffer
    }

    /// At least `len` elements; the contents are unspecified afterwards. Allocates only to grow.
    pub(crate) fn resize(&mut self, len: usize) {
        if self.len < len {
            self.storage = vec![T::default(); len + LINE / size_of::<T>()];
            // Alignment is for speed alone: without it (`align_offset` may refuse) everything still works.
            self.start = self.storage.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
            self.len = len;
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.storage.capacity() * size_of::<T>()
    }
}

impl<T> std::ops::Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.storage[self.start..self.start + self.len]
    }
}

impl<T> std::ops::DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.start..self.start + self.len]
    }
}
