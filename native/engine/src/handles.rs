//! Handles: numbers that stand for objects where references cannot go.

use std::{
    ops::Deref,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
};

/// A table of objects behind generational numbers: slot in the lower 32 bits, generation in the upper.
///
/// A number is never given out twice: after [`remove`](Self::remove) it names nothing, for ever. 0 never names anything.
pub struct Handles<T> {
    slots: RwLock<Slots<T>>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    object: Option<Arc<Shared<T>>>,
}

struct Shared<T> {
    object: T,
    leases: Mutex<usize>,
    idle: Condvar,
}

/// An object in use: [`Handles::remove`] waits for it.
pub struct Lease<T>(Arc<Shared<T>>);

impl<T> Handles<T> {
    /// An empty table.
    pub const fn new() -> Self {
        Self { slots: RwLock::new(Slots { slots: Vec::new(), free: Vec::new() }) }
    }

    /// Takes an object and gives its number, which is not 0.
    pub fn insert(&self, object: T) -> u64 {
        let shared = Arc::new(Shared { object, leases: Mutex::new(0), idle: Condvar::new() });
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = slots.free.pop() {
            let slot = &mut slots.slots[index as usize];
            slot.object = Some(shared);
            return number(slot.generation, index);
        }
        // 2^32 objects at once do not fit in any memory.
        let index = slots.slots.len() as u32;
        slots.slots.push(Slot { generation: 1, object: Some(shared) });
        number(1, index)
    }

    /// The object behind a number, kept until the lease is dropped; `None` if the number names nothing (any more).
    pub fn lease(&self, number: u64) -> Option<Lease<T>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let shared = slots.slots.get(number as u32 as usize)?.get(number)?;
        // Counted while the table is locked, so that nobody can remove the object in between.
        *shared.leases() += 1;
        Some(Lease(Arc::clone(shared)))
    }

    /// All objects that there are now.
    pub fn all(&self) -> Vec<Lease<T>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let objects = slots.slots.iter().filter_map(|slot| slot.object.as_ref());
        objects
            .map(|shared| {
                *shared.leases() += 1;
                Lease(Arc::clone(shared))
            })
            .collect()
    }

    /// Takes the number out of use, then waits until the last lease of its object is dropped; the object goes with it.
    /// `false` if the number names nothing.
    ///
    /// A thread that holds a lease of the object would wait for itself.
    pub fn remove(&self, number: u64) -> bool {
        let Some(shared) = self.take(number) else { return false };
        let mut leases = shared.leases();
        while *leases > 0 {
            leases = shared.idle.wait(leases).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn take(&self, number: u64) -> Option<Arc<Shared<T>>> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = number as u32;
        let slot = slots.slots.get_mut(index as usize)?;
        slot.get(number)?;
        let shared = slot.object.take();
        // A slot whose generations are used up stays empty.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            slots.free.push(index);
        }
        shared
    }
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slot<T> {
    fn get(&self, number: u64) -> Option<&Arc<Shared<T>>> {
        self.object.as_ref().filter(|_| self.generation == (number >> 32) as u32)
    }
}

impl<T> Shared<T> {
    fn leases(&self) -> MutexGuard<'_, usize> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Lease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.object
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        let mut leases = self.0.leases();
        *leases -= 1;
        if *leases == 0 {
            self.0.idle.notify_all();
        }
    }
}

fn number(generation: u32, index: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, thread, time::Duration};

    #[test]
    fn a_removed_number_never_comes_back() {
        let handles = Handles::new();
        let first = handles.insert('a');
        assert_ne!(first, 0);
        assert_eq!(*handles.lease(first).unwrap(), 'a');
        assert!(handles.remove(first));
        assert!(!handles.remove(first));
        assert!(handles.lease(first).is_none());
        let second = handles.insert('b');
        assert_eq!(second as u32, first as u32, "the slot is used again");
        assert_ne!(second, first);
        assert!(handles.lease(first).is_none());
        assert_eq!(*handles.lease(second).unwrap(), 'b');
        for wrong in [0, 1, u64::MAX, second + 1, second ^ 1 << 63] {
            assert!(handles.lease(wrong).is_none(), "{wrong:#x}");
            assert!(!handles.remove(wrong), "{wrong:#x}");
        }
    }

    #[test]
    fn a_worn_out_slot_is_not_used_again() {
        let handles = Handles::new();
        let first = handles.insert(1);
        handles.slots.write().unwrap().slots[0].generation = u32::MAX;
        let last = number(u32::MAX, first as u32);
        assert!(handles.remove(last));
        assert_eq!(handles.insert(2) as u32, 1);
        assert!(handles.lease(last).is_none());
    }

    #[test]
    fn removal_waits_for_leases() {
        let handles = Handles::new();
        let id = handles.insert(());
        let lease = handles.lease(id).unwrap();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let handles = &handles;
            scope.spawn(move || sender.send(handles.remove(id)));
            assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "removed under a lease");
            drop(lease);
            assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Ok(true));
        });
        assert!(handles.lease(id).is_none());
    }
}
