//! What goes between the workers and the render thread: packets that are ready, on their way, or finished.
//!
//! The render thread never waits for the lock around this, and never allocates: if a worker holds it just now, the frame
//! does without a packet.

use super::Shared;
use super::request::Piece;
use super::residents::Resident;
use crate::FramePlan;
use neuvol_vulkan::{Packet, SelfTest, Texture, WritePath, vk};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

/// A texture that a frame writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub id: u64,
    /// What the host calls it; 0 if it was registered with its image.
    pub native: u64,
    /// Its image.
    pub image: vk::Image,
    /// How texels reach it: the layout that it must have.
    pub path: WritePath,
    /// Whether the packet brings it to that layout and back by itself.
    pub changes_layout: bool,
}

/// A packet with all that must stay until its commands are finished.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) work: Work,
    pub(super) slot: u32,
    pub(super) plan: FramePlan,
    pub(super) pieces: Vec<Piece>,
    pub(super) written: Vec<Written>,
    /// What CUDA took to decode it, in µs, if it did.
    pub(super) decoded: Option<f64>,
    /// Held, not used.
    pub(super) _residents: Vec<Arc<Resident>>,
    pub(super) _textures: Vec<Arc<Texture>>,
}

/// What is recorded.
#[derive(Debug)]
pub(super) enum Work {
    Decode(Packet),
    /// Of the faster kernels.
    Test(Box<SelfTest>),
}

impl Packed {
    pub(super) fn test(slot: u32, test: SelfTest) -> Self {
        Self {
            work: Work::Test(Box::new(test)),
            slot,
            plan: FramePlan::default(),
            pieces: Vec::new(),
            written: Vec::new(),
            decoded: None,
            _residents: Vec::new(),
            _textures: Vec::new(),
        }
    }
}

/// See the module. Its queues have room for all packets that there can be.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) ready: Option<Box<Packed>>,
    /// With the frames that they are in, the oldest first.
    pub(super) flying: VecDeque<(u64, Box<Packed>)>,
    pub(super) finished: VecDeque<Box<Packed>>,
}

impl Handover {
    pub(super) fn new(slots: u32) -> Self {
        let room = slots as usize + 1;
        Self { ready: None, flying: VecDeque::with_capacity(room), finished: VecDeque::with_capacity(room) }
    }

    /// Whether there is a packet.
    pub(super) fn is_busy(&self) -> bool {
        self.ready.is_some() || !self.flying.is_empty() || !self.finished.is_empty()
    }

    /// Hands the packets over to the workers whose frames are finished.
    pub(super) fn finish(&mut self, safe_frame: u64) -> bool {
        let mut any = false;
        while self.flying.front().is_some_and(|(frame, _)| *frame <= safe_frame)
            && let Some((_, packed)) = self.flying.pop_front()
        {
            self.finished.push_back(packed);
            any = true;
        }
        any
    }
}

/// The work of a frame: look at the textures that it writes, then record it. Dropped without that, it stays for the next one.
pub struct Frame<'a> {
    pub(super) shared: &'a Shared,
    pub(super) handover: MutexGuard<'a, Handover>,
    pub(super) frame: u64,
}

impl Frame<'_> {
    /// The textures that will be written, each once.
    #[must_use]
    pub fn textures(&self) -> &[Written] {
        self.handover.ready.as_ref().map_or(&[], |packed| &packed.written)
    }

    /// Records it.
    ///
    /// # Safety
    /// As [`Context::record`](super::Context::record).
    pub unsafe fn record(mut self, commands: vk::CommandBuffer) {
        let Some(packed) = self.handover.ready.take() else { return };
        let (gpu, counts) = (&self.shared.gpu, &self.shared.counts);
        // SAFETY: promised by the caller; the packet holds its models and textures until it is retired.
        unsafe {
            match &packed.work {
                Work::Decode(packet) => {
                    gpu.record(commands, packet);
                    counts.upload_bytes.fetch_add(packet.upload_bytes(), Ordering::Relaxed);
                    counts.frames.fetch_add(1, Ordering::Relaxed);
                }
                Work::Test(test) => gpu.self_test_record(commands, test),
            }
        }
        for piece in &packed.pieces {
            piece.ticket.recorded(self.frame);
            counts.voxels.fetch_add(piece.voxels().into(), Ordering::Relaxed);
        }
        counts.blocks.fetch_add(packed.pieces.len() as u64, Ordering::Relaxed);
        self.handover.flying.push_back((self.frame, packed));
        // Room for the next one.
        self.shared.wake.notify_all();
    }
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("frame", &self.frame).field("textures", &self.textures()).finish()
    }
}
