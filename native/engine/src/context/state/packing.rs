//! What goes into the next packet.

use super::super::Shared;
use super::super::accelerator::Accelerator;
use super::super::handover::{Packed, Work, Written};
use super::super::request::Piece;
use super::super::residents::{Model, Resident};
use super::super::tickets::TicketStatus;
use super::{Image, State, Target};
use crate::{Error, FramePlan, Waiting};
use neuvol_vulkan::{Job, Later, Texture};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A dispatch should not take more than 250 µs, as a compositor cannot interrupt it. The longest of a block is about half of what
/// the block takes; in µs.
const LONGEST_PART: f64 = 500.0;

/// The model of a piece, and that of the segment behind with its share.
type Models = (Arc<Resident>, Option<(Arc<Resident>, f32)>);

/// What a packet is made of.
pub(in crate::context) struct Choice {
    pub(in crate::context) slot: u32,
    budget: f64,
    /// The time that this should take, in µs.
    predicted: f64,
    pub(in crate::context) pieces: Vec<Piece>,
    /// Of each piece.
    waiting: Vec<Waiting>,
    models: Vec<Models>,
    pub(in crate::context) textures: Vec<Arc<Texture>>,
    /// Models without a piece that are brought to the device as well.
    pub(in crate::context) also: Vec<Arc<Resident>>,
    written: Vec<Written>,
    /// CUDA, if the models are there.
    pub(in crate::context) accelerator: Option<Arc<Accelerator>>,
    /// What it took, in µs.
    pub(in crate::context) decoded: Option<f64>,
}

impl Choice {
    /// For Vulkan, whose models these are.
    pub(in crate::context) fn jobs(&self) -> Vec<Job<'_>> {
        let parts = self.pieces.iter().zip(&self.models).zip(&self.textures);
        parts
            .filter_map(|((piece, (model, later)), texture)| {
                Some(Job {
                    block: model.uploaded.vulkan()?,
                    time: piece.time,
                    range: model.range,
                    later: match later {
                        None => None,
                        Some((model, weight)) => {
                            Some(Later { block: model.uploaded.vulkan()?, range: model.range, weight: *weight })
                        }
                    },
                    halvings: piece.halvings,
                    min: piece.min,
                    max: piece.max,
                    texture,
                    to: piece.to,
                    unorm: piece.unorm,
                    invalid: piece.invalid,
                    fast: piece.fast,
                })
            })
            .collect()
    }

    /// The same for CUDA.
    pub(in crate::context) fn cuda_jobs(&self) -> Vec<neuvol_cuda::Job<'_>> {
        let parts = self.pieces.iter().zip(&self.models).zip(&self.textures);
        parts
            .filter_map(|((piece, (model, later)), texture)| {
                let block = model.uploaded.cuda()?;
                let mut variants = block.variants(piece.fast);
                let later = match later {
                    None => None,
                    Some((model, weight)) => {
                        let later = model.uploaded.cuda()?;
                        variants = variants.intersection(later.variants(piece.fast));
                        Some(neuvol_cuda::Later { block: later.source(), range: model.range, weight: *weight })
                    }
                };
                let task = neuvol_cuda::Task {
                    block: block.source(),
                    time: piece.time,
                    range: model.range,
                    later,
                    halvings: piece.halvings,
                    min: piece.min,
                    max: piece.max,
                    texel: texture.texel(),
                    texture: texture.extent(),
                    to: piece.to,
                    unorm: piece.unorm,
                    invalid: piece.invalid,
                    image: None,
                };
                Some(neuvol_cuda::Job { task, variants })
            })
            .collect()
    }

    /// What was chosen, when it is not decoded.
    pub(in crate::context) fn unpacked(self) -> Vec<Piece> {
        self.pieces
    }

    /// In how many parts it is decoded.
    pub(in crate::context) fn parts(&self) -> usize {
        (self.predicted / LONGEST_PART).ceil().max(1.0) as usize
    }

    /// Keeps the first `n` pieces; the others are returned.
    pub(in crate::context) fn cut(&mut self, n: usize) -> Vec<Piece> {
        self.models.truncate(n);
        self.textures.truncate(n);
        self.waiting.truncate(n);
        self.pieces.split_off(n)
    }

    pub(in crate::context) fn packed(self, packet: neuvol_vulkan::Packet) -> Packed {
        let of_pieces = self.models.into_iter().flat_map(|(model, later)| [Some(model), later.map(|(model, _)| model)]);
        Packed {
            work: Work::Decode(packet),
            slot: self.slot,
            plan: FramePlan::of(&self.waiting, self.budget),
            pieces: self.pieces,
            written: self.written,
            decoded: self.decoded,
            _residents: of_pieces.flatten().chain(self.also).collect(),
            _textures: self.textures,
        }
    }
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

impl State {
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

    /// Chooses what the next packet does; `None` if there is nothing to do or no room for a packet.
    pub(in crate::context) fn choose(&mut self, shared: &Shared) -> Option<Choice> {
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
        // What a model adds to the bytes that the packet brings to the device.
        let mut count = |resident: &Arc<Resident>| match counted.insert(Arc::as_ptr(resident)) {
            true => resident.uploaded.staged_bytes(),
            false => 0,
        };
        let mut chosen: Vec<usize> = Vec::new();
        for &place in &plan.chosen {
            let (_, model, later, _) = &able[place];
            let all = [Some(model), later.as_ref().map(|(model, _)| model)];
            all.into_iter().flatten().for_each(|model| bytes += count(model));
            if bytes <= self.budget.upload_bytes || chosen.is_empty() {
                chosen.push(place);
            }
        }
        let mut also = Vec::new();
        for resident in self.residents.staged() {
            bytes += count(resident);
            if bytes > self.budget.upload_bytes {
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
            predicted: plan.predicted,
            pieces: Vec::new(),
            waiting: Vec::new(),
            models: Vec::new(),
            textures: Vec::new(),
            also,
            written: Vec::new(),
            accelerator: self.accelerator(),
            decoded: None,
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
    pub(in crate::context) fn packed(
        &mut self,
        shared: &Shared,
        choice: Choice,
        result: Result<neuvol_vulkan::Packet, Error>,
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
                    if self.lost {
                        self.device_lost(shared);
                    }
                    self.sweep_textures(&shared.gpu);
                }
            }
            Err(error) => {
                self.free_slots.push(choice.slot);
                let error = Arc::new(error);
                for piece in &choice.pieces {
                    self.tickets.close(piece.ticket.number, TicketStatus::Failed(Arc::clone(&error)));
                }
                self.pieces.retain(|piece| !piece.ticket.is_closed());
            }
        }
    }

    /// Puts pieces back that did not fit a packet.
    pub(in crate::context) fn put_back(&mut self, pieces: Vec<Piece>) {
        self.pieces.splice(0..0, pieces.into_iter().filter(|piece| !piece.ticket.is_closed()));
        self.cancel_lost();
    }
}
