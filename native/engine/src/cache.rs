//! What is kept of blocks from one call to the next.
//!
//! A decode first has to check, parse, un-hash and fold the model of a block, which can take longer than to evaluate it.
//! A player that goes from step to step needs the same models again and again, so they are kept, the last recently used
//! ones, within a number of bytes.

use lru::LruCache;
use neuvol_decode::{Kernel, Prepared};
use neuvol_format::{BlockKey, BlockMask, Mask};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// About what an entry costs beside its object.
const ENTRY_BYTES: u64 = 192;

/// Names an object. The output of a shared network is not in it: each key of the index has one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Block(BlockKey, Kernel),
    Mask(u32),
}

#[derive(Debug, Clone)]
enum Object {
    Block(Arc<Prepared>),
    Mask(Arc<BlockMask>),
}

/// Prepared blocks and masks of a volume. The lock is held to look up and to hand over, never while an object is made:
/// two threads that need the same block at once may both make it, and one of the two is kept.
pub(crate) struct Cache {
    budget: u64,
    held: Mutex<Held>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Held {
    objects: LruCache<Key, (Object, u64)>,
    bytes: u64,
}

/// What a cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheStats {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) bytes: u64,
}

impl Cache {
    /// A cache that holds at most `budget` bytes; 0 = nothing.
    pub(crate) fn new(budget: u64) -> Self {
        let held = Held { objects: LruCache::unbounded(), bytes: 0 };
        Self { budget, held: Mutex::new(held), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// A block prepared for a kernel, and whether it had to be made for this call.
    pub(crate) fn block<E>(
        &self,
        key: BlockKey,
        kernel: Kernel,
        make: impl FnOnce() -> Result<Prepared, E>,
    ) -> Result<(Arc<Prepared>, bool), E> {
        let key = Key::Block(key, kernel);
        if let Some(Object::Block(block)) = self.get(key) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok((block, false));
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let block = Arc::new(make()?);
        self.put(key, Object::Block(Arc::clone(&block)), block.memory_bytes());
        Ok((block, true))
    }

    /// A mask by its number. Blocks may share it, but only the first one's place was checked when it was read: a held one
    /// that does not `fit` is read anew, so that the reader says what is wrong.
    pub(crate) fn mask<E>(
        &self,
        number: u32,
        fits: impl FnOnce(&Mask) -> bool,
        read: impl FnOnce() -> Result<BlockMask, E>,
    ) -> Result<Arc<BlockMask>, E> {
        let key = Key::Mask(number);
        if let Some(Object::Mask(mask)) = self.get(key)
            && matches!(&*mask, BlockMask::Bits(bits) if fits(bits))
        {
            return Ok(mask);
        }
        let mask = Arc::new(read()?);
        if let BlockMask::Bits(bits) = &*mask {
            self.put(key, Object::Mask(Arc::clone(&mask)), size_of::<BlockMask>() + bits.bits().len());
        }
        Ok(mask)
    }

    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            bytes: self.held().bytes,
        }
    }

    fn get(&self, key: Key) -> Option<Object> {
        if self.budget == 0 {
            return None;
        }
        self.held().objects.get(&key).map(|(object, _)| object.clone())
    }

    /// Keeps an object, and drops others that no longer fit beside it. One larger than the whole budget is not kept: it
    /// would drive out everything and itself with the next.
    fn put(&self, key: Key, object: Object, bytes: usize) {
        let bytes = ENTRY_BYTES + bytes as u64;
        if bytes > self.budget {
            return;
        }
        let mut dropped = Vec::new();
        let mut held = self.held();
        if let Some((old, old_bytes)) = held.objects.put(key, (object, bytes)) {
            held.bytes -= old_bytes;
            dropped.push(old);
        }
        held.bytes += bytes;
        while held.bytes > self.budget {
            let Some((_, (oldest, oldest_bytes))) = held.objects.pop_lru() else { break };
            held.bytes -= oldest_bytes;
            dropped.push(oldest);
        }
        // Memory is given back (`dropped`) behind the lock: that of large blocks goes to the system, which takes time.
        drop(held);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // No code of others runs under the lock, so a poisoned one guards whole data.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn key(block: u32) -> BlockKey {
        BlockKey { variable: 0, quality: 0, level: 0, segment: 0, block }
    }

    /// The value of a block, and whether it was made.
    fn ask(cache: &Cache, block: u32, kernel: Kernel) -> (f32, bool) {
        let make = || Ok::<_, ()>(Prepared::Constant(block as f32));
        let (prepared, made) = cache.block(key(block), kernel, make).unwrap();
        let Prepared::Constant(value) = *prepared else { panic!("another block") };
        (value, made)
    }

    fn size() -> u64 {
        ENTRY_BYTES + Prepared::Constant(0.0).memory_bytes() as u64
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = Cache::new(3 * size());
        for block in [1, 2, 3] {
            assert_eq!(ask(&cache, block, Kernel::Scalar), (block as f32, true));
        }
        assert_eq!(ask(&cache, 1, Kernel::Scalar), (1.0, false));
        assert_eq!(ask(&cache, 4, Kernel::Scalar), (4.0, true));
        assert_eq!(ask(&cache, 1, Kernel::Scalar), (1.0, false));
        assert_eq!(ask(&cache, 2, Kernel::Scalar), (2.0, true), "driven out by 4");
        assert_eq!(ask(&cache, 1, Kernel::Avx2), (1.0, true), "another kernel");
        assert_eq!(cache.stats(), CacheStats { hits: 2, misses: 6, bytes: 3 * size() });
    }

    #[test]
    fn nothing_larger_than_the_budget_is_kept() {
        for budget in [0, 1, size() - 1] {
            let cache = Cache::new(budget);
            for _ in 0..2 {
                assert_eq!(ask(&cache, 1, Kernel::Scalar), (1.0, true));
            }
            assert_eq!(cache.stats(), CacheStats { hits: 0, misses: 2, bytes: 0 });
        }
    }

    #[test]
    fn errors_are_not_kept() {
        let cache = Cache::new(1 << 20);
        assert_eq!(cache.block(key(1), Kernel::Scalar, || Err("damaged")).unwrap_err(), "damaged");
        assert_eq!(ask(&cache, 1, Kernel::Scalar), (1.0, true));
    }

    #[test]
    fn a_mask_that_does_not_fit_is_read_again() {
        let cache = Cache::new(1 << 20);
        let ask = |n: u32, read: Option<u32>| {
            let mask = |n| BlockMask::Bits(Mask::from_fn([1, 1, n], 1, |_, _, _, _| true));
            let found = cache.mask(7, |mask| mask.extent() == [1, 1, n], || read.map(mask).ok_or(()))?;
            let BlockMask::Bits(mask) = &*found else { panic!("another mask") };
            Ok::<_, ()>(mask.extent()[2])
        };
        assert_eq!(ask(5, Some(5)), Ok(5));
        assert_eq!(ask(5, None), Ok(5));
        assert_eq!(ask(6, None), Err(()));
    }

    #[test]
    fn many_threads_share_it() {
        let cache = Cache::new(5 * size());
        thread::scope(|scope| {
            for first in 0..8u32 {
                let cache = &cache;
                scope.spawn(move || {
                    for i in 0..2000 {
                        let block = (first + i * i) % 11;
                        assert_eq!(ask(cache, block, Kernel::Scalar).0, block as f32);
                    }
                });
            }
        });
        let stats = cache.stats();
        assert_eq!(stats.hits + stats.misses, 16_000);
        assert_eq!(stats.bytes, 5 * size());
    }
}
