//! Requests, textures and models, under one lock: who waits for what.

use super::handover::{Packed, Work, Written};
use super::request::{ModelKey, Piece, TextureRequest};
use super::residents::{Model, Resident, Residents};
use super::tickets::{TicketStatus, Tickets};
use super::{Budget, Shared};
use crate::{Error, FramePlan, Planner, Result, Volume, Waiting};
use neuvol_vulkan::{Gpu, Job, Later, SelfTest, Texel, Texture};
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
}

/// Who writes where: decodes into the same texels keep the order in which they were asked for, and go into different packets.
struct Order {
    /// Per texture: the requests, and a box around what they still write.
    requests: HashMap<u64, Vec<(u64, Region)>>,
}

/// First texel, and one past the last.
type Region = ([u32; 3], [u32; 3]);

impl Order {
    fn of(pieces: &[Piece]) -> Self {
        let mut requests: HashMap<u64, Vec<(u64, Region)>> = HashMap::new();
        for piece in pieces.iter().filter(|piece| piece.texture != 0) {
            let (from, to) = piece.region();
            let of_texture = requests.entry(piece.texture).or_default();
            match of_texture.iter_mut().find(|(ticket, _)| *ticket == piece.ticket.number) {
                None => of_texture.push((piece.ticket.number, (from, to))),
                Some((_, (first, end))) => {
                    for axis in 0..3 {
                        first[axis] = first[axis].min(from[axis]);
                        end[axis] = end[axis].max(to[axis]);
                    }
                }
            }
        }
        Self { requests }
    }

    /// Whether an older request has something to write first.
    fn must_wait(&self, piece: &Piece, pieces: &[Piece]) -> bool {
        let region = piece.region();
        let number = piece.ticket.number;
        let of_texture = self.requests.get(&piece.texture).map_or(&[][..], Vec::as_slice);
        // Mostly there is one request, or they do not touch.
        let near = |(ticket, around): &(u64, Region)| *ticket < number && overlap(around, &region);
        of_texture.iter().any(near)
            && pieces.iter().any(|other| {
                other.texture == piece.texture && other.ticket.number < number && overlap(&other.region(), &region)
            })
    }
}

fn overlap(a: &Region, b: &Region) -> bool {
    (0..3).all(|axis| a.0[axis] < b.1[axis] && b.0[axis] < a.1[axis])
}

/// What a packet is made of.
pub(super) struct Choice {
    pub(super) slot: u32,
    budget: f64,
    pub(super) pieces: Vec<Piece>,
    /// Of each piece.
    waiting: Vec<Waiting>,
    pub(super) models: Vec<(Arc<Resident>, Option<(Arc<Resident>, f32)>)>,
    pub(super) textures: Vec<Arc<Texture>>,
    /// Models without a piece that are brought to the device as well.
    pub(super) also: Vec<Arc<Resident>>,
    written: Vec<Written>,
}

impl Choice {
    pub(super) fn jobs(&self) -> Vec<Job<'_>> {
        let parts = self.pieces.iter().zip(&self.models).zip(&self.textures);
        parts
            .map(|((piece, (model, later)), texture)| Job {
                block: &model.uploaded,
                time: piece.time,
                range: model.range,
                later: later.as_ref().map(|(model, weight)| Later {
                    block: &model.uploaded,
                    range: model.range,
                    weight: *weight,
                }),
                halvings: piece.halvings,
                min: piece.min,
                max: piece.max,
                texture,
                to: piece.to,
                unorm: piece.unorm,
                invalid: piece.invalid,
                fast: piece.fast,
            })
            .collect()
    }

    /// Keeps the first `n` pieces; the others are returned.
    pub(super) fn cut(&mut self, n: usize) -> Vec<Piece> {
        self.models.truncate(n);
        self.textures.truncate(n);
        self.waiting.truncate(n);
        self.pieces.split_off(n)
    }

    pub(super) fn packed(self, packet: neuvol_vulkan::Packet) -> Packed {
        let of_pieces = self.models.into_iter().flat_map(|(model, later)| [Some(model), later.map(|(model, _)| model)]);
        Packed {
            work: Work::Decode(packet),
            slot: self.slot,
            plan: FramePlan::of(&self.waiting, self.budget),
            pieces: self.pieces,
            written: self.written,
            _residents: of_pieces.flatten().chain(self.also).collect(),
            _textures: self.textures,
        }
    }
}

impl State {
    pub(super) fn new(slots: u32) -> Self {
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
            untested: true,
            lost: false,
            stop: false,
        }
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
            self.ahead = request.ahead(key, volume)?;
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
            Work::Test(test) => gpu.self_test_withdraw(test),
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

    pub(super) fn device_lost(&mut self) {
        self.lost = true;
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

    /// Whether nothing but the request for a model itself keeps it from having room: nothing is as urgent, nothing underway.
    pub(super) fn is_hopeless(&self, key: ModelKey, keep: &HashSet<ModelKey>) -> bool {
        let own = |piece: &Piece| piece.models().any(|model| model == key);
        let of_its_request = |model: &ModelKey| {
            *model == key || self.pieces.iter().any(|piece| own(piece) && piece.models().any(|other| other == *model))
        };
        self.is_idle(1) && keep.iter().all(of_its_request)
    }

    /// Ends pieces that cannot be decoded, and those that need no decoding.
    fn settle(&mut self) {
        let mut failed = Vec::new();
        let (targets, residents) = (&self.targets, &mut self.residents);
        self.pieces.retain(|piece| {
            let mut all_ready = true;
            for key in piece.models() {
                match residents.get(key) {
                    Some(Model::Ready(_)) => {}
                    Some(Model::Failed(error)) => {
                        failed.push((piece.ticket.number, Arc::clone(error)));
                        all_ready = false;
                    }
                    _ => all_ready = false,
                }
            }
            if let Some(Target { image: Image::Refused(error), .. }) = targets.get(&piece.texture) {
                failed.push((piece.ticket.number, Arc::clone(error)));
            }
            if piece.texture == 0 && all_ready {
                piece.ticket.one_less();
                return false;
            }
            true
        });
        for (number, error) in failed {
            self.tickets.close(number, TicketStatus::Failed(error));
        }
        self.pieces.retain(|piece| !piece.ticket.is_closed());
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
            Some(test) => {
                let packed = Packed::test(slot, test);
                shared.handover().ready = Some(Box::new(packed));
            }
            None => self.free_slots.push(slot),
        }
    }

    /// Chooses what the next packet does; `None` if there is nothing to do or no room for a packet.
    pub(super) fn choose(&mut self, shared: &Shared) -> Option<Choice> {
        self.settle();
        if self.packing || self.lost || self.free_slots.is_empty() || shared.handover().ready.is_some() {
            return None;
        }
        // What could be decoded now.
        let mut able = Vec::new();
        let mut waiting = Vec::new();
        let order = Order::of(&self.pieces);
        for (n, piece) in self.pieces.iter().enumerate() {
            if order.must_wait(piece, &self.pieces) {
                continue;
            }
            let Some(Target { image: Image::Known(texture), .. }) = self.targets.get(&piece.texture) else { continue };
            let Some(model) = self.residents.ready(piece.model) else { continue };
            let later = match piece.later {
                None => None,
                Some((key, weight)) => {
                    let Some(later) = self.residents.ready(key) else { continue };
                    Some((later, weight))
                }
            };
            let class = model.uploaded.class();
            // Two models are decoded.
            let voxels = piece.voxels() * if later.is_some() { 2 } else { 1 };
            waiting.push(Waiting { class, voxels, priority: piece.priority, waited: piece.waited });
            able.push((n, model, later, Arc::clone(texture)));
        }
        let mut plan = self.planner.plan(self.budget.gpu_us, &waiting);
        plan.chosen.truncate(self.budget.blocks.max(1));
        let mut bytes = 0;
        let mut counted = HashSet::new();
        let mut fits = |resident: &Arc<Resident>, bytes: &mut u64| {
            if counted.insert(Arc::as_ptr(resident)) {
                *bytes += resident.uploaded.staged_bytes();
            }
            *bytes <= self.budget.upload_bytes
        };
        let mut chosen: Vec<usize> = Vec::new();
        for &place in &plan.chosen {
            let (_, model, later, _) = &able[place];
            let all = [Some(model), later.as_ref().map(|(model, _)| model)];
            let room = all.into_iter().flatten().fold(true, |room, model| fits(model, &mut bytes) && room);
            if room || chosen.is_empty() {
                chosen.push(place);
            }
        }
        let mut also = Vec::new();
        for resident in self.residents.staged() {
            if !fits(resident, &mut bytes) {
                break;
            }
            also.push(Arc::clone(resident));
        }
        if chosen.is_empty() && also.is_empty() {
            return None;
        }
        let mut choice = Choice {
            slot: self.free_slots.pop()?,
            budget: self.budget.gpu_us,
            pieces: Vec::new(),
            waiting: Vec::new(),
            models: Vec::new(),
            textures: Vec::new(),
            also,
            written: Vec::new(),
        };
        let mut taken = HashSet::new();
        for place in chosen {
            let (n, model, later, texture) = able[place].clone();
            taken.insert(n);
            let piece = self.pieces[n].clone();
            if !choice.written.iter().any(|written| written.id == piece.texture) {
                let native = self.targets.get(&piece.texture).map_or(0, |target| target.native);
                let (image, path, changes_layout) = (texture.image(), texture.path(), texture.changes_layout());
                choice.written.push(Written { id: piece.texture, native, image, path, changes_layout });
            }
            choice.pieces.push(piece);
            choice.waiting.push(waiting[place]);
            choice.models.push((model, later));
            choice.textures.push(texture);
        }
        let mut n = 0;
        self.pieces.retain_mut(|piece| {
            piece.waited = piece.waited.saturating_add(1);
            n += 1;
            !taken.contains(&(n - 1))
        });
        self.packing = true;
        Some(choice)
    }

    /// A packet was made, or could not be.
    pub(super) fn packed(
        &mut self,
        shared: &Shared,
        choice: Choice,
        result: std::result::Result<neuvol_vulkan::Packet, neuvol_vulkan::Error>,
    ) {
        self.packing = false;
        match result {
            Ok(packet) => {
                let packed = choice.packed(packet);
                // Textures may have gone meanwhile.
                let all_there = packed.written.iter().all(|written| self.targets.contains_key(&written.id));
                if all_there && !self.lost {
                    shared.handover().ready = Some(Box::new(packed));
                } else {
                    self.unpack(&shared.gpu, packed);
                    self.cancel_lost();
                    self.sweep_textures(&shared.gpu);
                }
            }
            Err(error) => {
                self.free_slots.push(choice.slot);
                let error: Arc<Error> = Arc::new(error.into());
                for piece in &choice.pieces {
                    self.tickets.close(piece.ticket.number, TicketStatus::Failed(Arc::clone(&error)));
                }
                self.pieces.retain(|piece| !piece.ticket.is_closed());
            }
        }
    }

    /// Puts pieces back that did not fit a packet.
    pub(super) fn put_back(&mut self, pieces: Vec<Piece>) {
        self.pieces.splice(0..0, pieces.into_iter().filter(|piece| !piece.ticket.is_closed()));
        self.cancel_lost();
    }

    /// Takes in what finished frames leave.
    pub(super) fn retire(&mut self, shared: &Shared) {
        loop {
            let Some(packed) = shared.handover().finished.pop_front() else { break };
            let Packed { work, slot, plan, _residents: residents, _textures: textures, .. } = *packed;
            // SAFETY: the host says that its frame is finished.
            let retired = unsafe {
                match work {
                    Work::Decode(packet) => shared.gpu.retire(packet),
                    Work::Test(test) => shared.gpu.self_test_check(test).map(|variants| {
                        log::info!("faster kernels: {variants:?}");
                        None
                    }),
                }
            };
            match retired {
                Ok(Some(time)) => self.planner.measured(&plan, time),
                Ok(None) => {}
                Err(error) => {
                    log::error!("{error}");
                    if error.is_device_lost() {
                        self.device_lost();
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
