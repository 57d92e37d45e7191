//! Requests, textures and models, under one lock: who waits for what.

mod packing;

pub(super) use packing::Choice;

use super::accelerator::{Accelerator, Backend, BackendKind};
use super::handover::{Packed, Work};
use super::request::{ModelKey, Piece, TextureRequest};
use super::residents::{Model, Residents};
use super::tickets::{TicketStatus, Tickets};
use super::{Budget, Shared};
use crate::{Error, Planner, Result, Volume};
use neuvol_vulkan::{Gpu, SelfTest, Texel, Texture};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an unknown device is taken to need, in µs per million voxels: a slow one's time, so that the first frames are short.
const FIRST_COST: f64 = 4000.0;

/// Numbers are not used again by another context either.
static NEXT_TARGET: AtomicU64 = AtomicU64::new(1);

/// A texture of the host.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) extent: [u32; 3],
    pub(super) texel: Texel,
    pub(super) native: u64,
    pub(super) image: Image,
}

#[derive(Debug)]
pub(super) enum Image {
    Known(Arc<Texture>),
    /// The render thread will find it.
    Unknown,
    Refused(Arc<Error>),
}

/// See the module.
pub(super) struct State {
    targets: HashMap<u64, Target>,
    /// Unregistered while commands that write them may be on their way.
    leaving: Vec<Arc<Texture>>,
    pub(super) tickets: Tickets,
    pieces: Vec<Piece>,
    volumes: HashMap<u64, Arc<Volume>>,
    /// Models that may be needed soon, the next ones first.
    ahead: Vec<ModelKey>,
    pub(super) residents: Residents,
    pub(super) planner: Planner,
    pub(super) budget: Budget,
    slots: usize,
    free_slots: Vec<u32>,
    /// Whether a worker is making a packet.
    packing: bool,
    /// Whether the faster kernels are to be tested yet.
    untested: bool,
    lost: bool,
    pub(super) stop: bool,
    /// CUDA, or why it is not used.
    accelerator: std::result::Result<Arc<Accelerator>, String>,
}

impl State {
    pub(super) fn new(slots: u32, accelerator: std::result::Result<Arc<Accelerator>, String>) -> Self {
        Self {
            targets: HashMap::new(),
            leaving: Vec::new(),
            tickets: Tickets::default(),
            pieces: Vec::new(),
            volumes: HashMap::new(),
            ahead: Vec::new(),
            residents: Residents::new(),
            planner: Planner::new(FIRST_COST, usize::MAX),
            budget: Budget::default(),
            slots: slots as usize,
            free_slots: (0..slots).collect(),
            packing: false,
            // CUDA has no need of them.
            untested: accelerator.is_err(),
            lost: false,
            stop: false,
            accelerator,
        }
    }

    /// CUDA, if it decodes.
    pub(super) fn accelerator(&self) -> Option<Arc<Accelerator>> {
        self.accelerator.as_ref().ok().map(Arc::clone)
    }

    pub(super) fn backend(&self) -> Backend {
        match &self.accelerator {
            Ok(accelerator) => accelerator.backend(),
            Err(reason) => Backend { kind: BackendKind::Vulkan, reason: reason.clone() },
        }
    }

    /// Goes on with Vulkan. Models are read again; a choice that was not decoded waits for them.
    pub(super) fn decelerate(&mut self, shared: &Shared, choice: Option<Choice>, reason: &str) {
        if let Some(choice) = choice {
            self.packing = false;
            self.free_slots.push(choice.slot);
            let pieces = choice.unpacked();
            self.put_back(pieces);
        }
        if self.accelerator.is_ok() {
            log::warn!("CUDA is not used any more, Vulkan decodes: {reason}");
            self.accelerator = Err(reason.to_owned());
            self.untested = true;
            self.residents.forget_cuda(&shared.gpu);
        }
        self.residents.sweep(&shared.gpu);
    }

    pub(super) fn waiting(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn add_target(&mut self, target: Target) -> u64 {
        let number = NEXT_TARGET.fetch_add(1, Ordering::Relaxed);
        self.targets.insert(number, target);
        number
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = (u64, &Target)> {
        self.targets.iter().map(|(id, target)| (*id, target))
    }

    pub(super) fn target(&self, id: u64) -> Option<&Target> {
        self.targets.get(&id)
    }

    pub(super) fn target_mut(&mut self, id: u64) -> Option<&mut Target> {
        self.targets.get_mut(&id)
    }

    pub(super) fn remove_target(&mut self, id: u64) -> Option<Target> {
        self.targets.remove(&id)
    }

    /// Gives back what was made for a texture as soon as no packet writes to it.
    pub(super) fn bury(&mut self, gpu: &Gpu, target: Target) {
        if let Image::Known(texture) = target.image {
            self.leaving.push(texture);
        }
        self.sweep_textures(gpu);
    }

    fn sweep_textures(&mut self, gpu: &Gpu) {
        for texture in std::mem::take(&mut self.leaving) {
            match Arc::try_unwrap(texture) {
                // SAFETY: packets hold their textures until they are retired, and none has this one.
                Ok(texture) => unsafe { gpu.unregister(texture) },
                Err(shared) => self.leaving.push(shared),
            }
        }
    }

    pub(super) fn submit(&mut self, key: u64, volume: &Arc<Volume>, request: &TextureRequest) -> Result<u64> {
        if self.lost {
            return Err(Error::DeviceLost);
        }
        let target = match request.texture {
            0 => None,
            id => {
                let target = self.targets.get(&id);
                let target = target.ok_or_else(|| Error::argument("texture", "is not registered with this context"))?;
                Some((target.extent, target.texel))
            }
        };
        request.check(volume.variable(request.source.variable)?, target)?;
        let ahead = if request.time_velocity == 0.0 { Vec::new() } else { request.ahead(key, volume)? };
        if request.replace && request.texture != 0 {
            // What stands in the next frame stays: a player that asks anew in every frame would never see anything.
            self.cancel_if(|piece| piece.texture == request.texture);
        }
        // With a ticket of no blocks, to learn how many there are.
        let probe = Arc::new(super::tickets::Ticket::new(0, key, 0));
        let mut pieces = request.pieces(key, volume, &probe)?;
        let ticket = self.tickets.create(key, pieces.len() as u32);
        pieces.iter_mut().for_each(|piece| piece.ticket = Arc::clone(&ticket));
        self.pieces.append(&mut pieces);
        self.volumes.insert(key, Arc::clone(volume));
        if request.time_velocity != 0.0 {
            self.ahead = ahead;
        }
        Ok(ticket.number)
    }

    pub(super) fn cancel(&mut self, ticket: u64) -> bool {
        let closed = self.tickets.close(ticket, TicketStatus::Cancelled);
        self.pieces.retain(|piece| !piece.ticket.is_closed());
        closed
    }

    /// Cancels the requests of all pieces like these.
    pub(super) fn cancel_if(&mut self, which: impl Fn(&Piece) -> bool) {
        let numbers: HashSet<u64> =
            self.pieces.iter().filter(|piece| which(piece)).map(|piece| piece.ticket.number).collect();
        for number in numbers {
            self.tickets.close(number, TicketStatus::Cancelled);
        }
        self.pieces.retain(|piece| !piece.ticket.is_closed());
    }

    /// Cancels the requests whose textures have gone.
    fn cancel_lost(&mut self) {
        let known: HashSet<u64> = self.targets.keys().copied().collect();
        self.cancel_if(|piece| piece.texture != 0 && !known.contains(&piece.texture));
    }

    pub(super) fn forget(&mut self, volume: u64) {
        for number in self.tickets.of_volume(volume) {
            self.tickets.close(number, TicketStatus::Cancelled);
        }
        self.pieces.retain(|piece| !piece.ticket.is_closed());
        self.ahead.retain(|key| key.volume != volume);
        self.volumes.remove(&volume);
    }

    /// Takes the packet back that is ready, if it is one like this; its pieces wait again.
    pub(super) fn withdraw(&mut self, shared: &Shared, which: impl Fn(&Packed) -> bool) {
        let packed = shared.handover().ready.take_if(|packed| which(packed));
        if let Some(packed) = packed {
            self.unpack(&shared.gpu, *packed);
        }
    }

    pub(super) fn unpack(&mut self, gpu: &Gpu, packed: Packed) {
        match packed.work {
            Work::Decode(packet) => gpu.withdraw(packet),
            Work::Test(test) => gpu.self_test_withdraw(*test),
        }
        self.free_slots.push(packed.slot);
        self.pieces.extend(packed.pieces.into_iter().filter(|piece| !piece.ticket.is_closed()));
    }

    /// Fails all requests that need a model.
    pub(super) fn fail(&mut self, key: ModelKey, error: &Arc<Error>) {
        let numbers: HashSet<u64> = self
            .pieces
            .iter()
            .filter(|piece| piece.models().any(|model| model == key))
            .map(|piece| piece.ticket.number)
            .collect();
        for number in numbers {
            self.tickets.close(number, TicketStatus::Failed(Arc::clone(error)));
        }
        self.pieces.retain(|piece| !piece.ticket.is_closed());
        // What waited for its room may go on.
        self.residents.generation += 1;
    }

    /// Nothing more is done on the device: what waits fails, and so does what stands in the next frame.
    pub(super) fn device_lost(&mut self, shared: &Shared) {
        self.lost = true;
        self.withdraw(shared, |_| true);
        for piece in std::mem::take(&mut self.pieces) {
            self.tickets.close(piece.ticket.number, TicketStatus::Failed(Arc::new(Error::DeviceLost)));
        }
        self.ahead.clear();
    }

    /// What a worker should read next.
    pub(super) fn next_load(&mut self) -> Option<(ModelKey, Arc<Volume>)> {
        let residents = &self.residents;
        let key = self.most_urgent(|key| residents.wants(key));
        let key = key.or_else(|| self.ahead.iter().copied().find(|key| residents.wants_ahead(*key)));
        // With nothing underway nothing will make room: the most urgent one finds out whether there is any without others.
        let alone = || self.is_idle(0).then(|| self.most_urgent(|key| residents.has_no_room(key))).flatten();
        let key = key.or_else(alone)?;
        let volume = Arc::clone(self.volumes.get(&key.volume)?);
        self.residents.set(key, Model::Loading);
        Some((key, volume))
    }

    /// The first model like this of the most urgent piece that needs one.
    fn most_urgent(&self, which: impl Fn(ModelKey) -> bool) -> Option<ModelKey> {
        let urgency = |piece: &&Piece| piece.priority * (1 + piece.waited) as f32;
        let wanting = self.pieces.iter().filter(|piece| piece.models().any(&which));
        // The first of equals: they are in the order in which they were asked for.
        let most = wanting.rev().max_by(|a, b| urgency(a).total_cmp(&urgency(b)))?;
        most.models().find(|key| which(*key))
    }

    /// Models that must not go for the sake of this one: those of pieces that are as urgent, and those that are as near ahead.
    pub(super) fn more_urgent(&self, key: ModelKey) -> HashSet<ModelKey> {
        let urgency = |piece: &Piece| piece.priority * (1 + piece.waited) as f32;
        let needing = self.pieces.iter().filter(|piece| piece.models().any(|model| model == key));
        match needing.map(urgency).max_by(f32::total_cmp) {
            Some(own) => {
                // Of equals the ones that were asked for first.
                let first = self.pieces.iter().position(|piece| piece.models().any(|model| model == key));
                let before = |(n, piece): &(usize, &Piece)| {
                    let other = urgency(piece);
                    other > own || other == own && Some(*n) <= first
                };
                self.pieces.iter().enumerate().filter(before).flat_map(|(_, piece)| piece.models()).collect()
            }
            None => {
                let nearer = self.ahead.iter().copied().take_while(|model| *model != key);
                self.pieces.iter().flat_map(Piece::models).chain(nearer).collect()
            }
        }
    }

    /// Whether nothing that is underway will make room: no packet, and no more loads than these.
    fn is_idle(&self, loads: usize) -> bool {
        self.free_slots.len() == self.slots && !self.packing && self.residents.loading() <= loads
    }

    /// Whether nothing but the request for a model itself keeps it from having room: nothing is as urgent, nothing underway. What
    /// may only be needed later can wait for room.
    pub(super) fn is_hopeless(&self, key: ModelKey, keep: &HashSet<ModelKey>) -> bool {
        let own = |piece: &Piece| piece.models().any(|model| model == key);
        let of_its_request = |model: &ModelKey| {
            *model == key || self.pieces.iter().any(|piece| own(piece) && piece.models().any(|other| other == *model))
        };
        self.is_idle(1) && self.pieces.iter().any(own) && keep.iter().all(of_its_request)
    }

    /// The slot for the test of the faster kernels, if that is what comes next: the first frame.
    pub(super) fn begin_test(&mut self) -> Option<u32> {
        if !self.untested || self.packing {
            return None;
        }
        self.untested = false;
        self.packing = true;
        self.free_slots.pop()
    }

    /// The test was prepared, or there is none.
    pub(super) fn test_prepared(&mut self, shared: &Shared, slot: u32, test: Option<SelfTest>) {
        self.packing = false;
        match test {
            Some(test) if self.lost => self.unpack(&shared.gpu, Packed::test(slot, test)),
            Some(test) => shared.handover().ready = Some(Box::new(Packed::test(slot, test))),
            None => self.free_slots.push(slot),
        }
    }

    /// Takes in what finished frames leave.
    pub(super) fn retire(&mut self, shared: &Shared) {
        loop {
            let Some(packed) = shared.handover().finished.pop_front() else { break };
            let Packed { work, slot, plan, decoded, _residents: residents, _textures: textures, .. } = *packed;
            // SAFETY: the host says that its frame is finished.
            let retired = unsafe {
                match work {
                    Work::Decode(packet) => shared.gpu.retire(packet),
                    Work::Test(test) => shared.gpu.self_test_check(*test).map(|variants| {
                        log::info!("faster kernels: {variants:?}");
                        None
                    }),
                }
            };
            match retired {
                // What CUDA took, and what the copies did.
                Ok(time) => {
                    if let Some(time) = decoded.map(|decoded| decoded + time.unwrap_or(0.0)).or(time) {
                        self.planner.measured(&plan, time);
                    }
                }
                Err(error) => {
                    log::error!("{error}");
                    if error.is_device_lost() {
                        self.device_lost(shared);
                    }
                }
            }
            self.free_slots.push(slot);
            // Before the sweeps, or what only this packet held would stay until the next one.
            drop((residents, textures));
            self.residents.sweep(&shared.gpu);
            self.sweep_textures(&shared.gpu);
        }
    }

    pub(super) fn loaded(&mut self, shared: &Shared) {
        shared.counts.loads.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives everything back; nothing is on its way.
    pub(super) fn end(&mut self, shared: &Shared) {
        self.withdraw(shared, |_| true);
        self.retire(shared);
        let volumes: HashSet<u64> = self.volumes.drain().map(|(key, _)| key).collect();
        for volume in volumes {
            self.residents.forget(&shared.gpu, volume);
        }
        for (_, target) in std::mem::take(&mut self.targets) {
            self.bury(&shared.gpu, target);
        }
    }
}
