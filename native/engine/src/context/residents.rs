//! Models in device memory: which ones are there, on their way, or not to be had; and which go when room is needed.

use super::accelerator::Accelerator;
use super::request::ModelKey;
use crate::{Error, Result, Volume};
use lru::LruCache;
use neuvol_format::{BlockKey, BlockMask, MaskRef};
use neuvol_model::Block;
use neuvol_vulkan::{Gpu, Validity};
use std::collections::HashSet;
use std::sync::Arc;

/// Changes of the memory after which it is looked again whether a model that may be needed soon has room.
const PATIENCE: u64 = 64;

/// A model in device memory.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) uploaded: Uploaded,
    /// Smallest and largest value of its entry.
    pub(super) range: (f32, f32),
}

/// Where a model is.
#[derive(Debug)]
pub(super) enum Uploaded {
    Vulkan(neuvol_vulkan::Uploaded),
    Cuda(neuvol_cuda::Uploaded, Arc<Accelerator>),
}

impl Uploaded {
    /// Of Vulkan's; `None` if it is CUDA's.
    pub(super) fn vulkan(&self) -> Option<&neuvol_vulkan::Uploaded> {
        match self {
            Self::Vulkan(uploaded) => Some(uploaded),
            Self::Cuda(..) => None,
        }
    }

    /// Of CUDA's; `None` if it is Vulkan's.
    pub(super) fn cuda(&self) -> Option<&neuvol_cuda::Uploaded> {
        match self {
            Self::Vulkan(_) => None,
            Self::Cuda(uploaded, _) => Some(uploaded),
        }
    }

    /// See [`neuvol_vulkan::Uploaded::class`].
    pub(super) fn class(&self) -> usize {
        match self {
            Self::Vulkan(uploaded) => uploaded.class(),
            Self::Cuda(uploaded, _) => uploaded.class(),
        }
    }

    /// Bytes of device memory.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Vulkan(uploaded) => uploaded.bytes(),
            Self::Cuda(uploaded, _) => uploaded.bytes(),
        }
    }

    /// Bytes that a packet has to bring to the device; CUDA has brought its own.
    pub(super) fn staged_bytes(&self) -> u64 {
        self.vulkan().map_or(0, neuvol_vulkan::Uploaded::staged_bytes)
    }

    /// # Safety
    /// No packet with it may still be there.
    unsafe fn release(self, gpu: &Gpu) {
        // SAFETY: promised by the caller; what CUDA does is always waited for.
        unsafe {
            match self {
                Self::Vulkan(uploaded) => gpu.release(uploaded),
                Self::Cuda(uploaded, accelerator) => accelerator.cuda.release(uploaded),
            }
        }
    }
}

/// What is known of a model that was asked for.
#[derive(Debug, Clone)]
pub(super) enum Model {
    /// A worker has it.
    Loading,
    /// There was no room at this state of the memory.
    NoRoom(u64),
    Ready(Arc<Resident>),
    Failed(Arc<Error>),
}

/// All models of a context, the ones that were used last first.
pub(super) struct Residents {
    models: LruCache<ModelKey, Model>,
    /// Driven out while commands that read them may be on their way.
    leaving: Vec<Arc<Resident>>,
    /// Changes whenever memory may have become free.
    pub(super) generation: u64,
}

impl Residents {
    pub(super) fn new() -> Self {
        Self { models: LruCache::unbounded(), leaving: Vec::new(), generation: 0 }
    }

    /// A model, which counts as used.
    pub(super) fn get(&mut self, key: ModelKey) -> Option<&Model> {
        self.models.get(&key)
    }

    pub(super) fn ready(&mut self, key: ModelKey) -> Option<Arc<Resident>> {
        match self.models.get(&key) {
            Some(Model::Ready(resident)) => Some(Arc::clone(resident)),
            _ => None,
        }
    }

    /// Whether a worker should fetch it.
    pub(super) fn wants(&self, key: ModelKey) -> bool {
        match self.models.peek(&key) {
            None => true,
            Some(Model::NoRoom(generation)) => *generation != self.generation,
            Some(_) => false,
        }
    }

    /// Whether there was no room for it.
    pub(super) fn has_no_room(&self, key: ModelKey) -> bool {
        matches!(self.models.peek(&key), Some(Model::NoRoom(_)))
    }

    /// The same for one that may be needed soon: if there was no room it can wait.
    pub(super) fn wants_ahead(&self, key: ModelKey) -> bool {
        match self.models.peek(&key) {
            None => true,
            Some(Model::NoRoom(generation)) => self.generation.wrapping_sub(*generation) > PATIENCE,
            Some(_) => false,
        }
    }

    pub(super) fn set(&mut self, key: ModelKey, model: Model) {
        self.models.put(key, model);
    }

    /// How many a worker has.
    pub(super) fn loading(&self) -> usize {
        self.models.iter().filter(|(_, model)| matches!(model, Model::Loading)).count()
    }

    pub(super) fn is_loading_of(&self, volume: u64) -> bool {
        self.models.iter().any(|(key, model)| key.volume == volume && matches!(model, Model::Loading))
    }

    /// Those that wait to be brought to the device, the last ones first.
    pub(super) fn staged(&self) -> impl Iterator<Item = &Arc<Resident>> {
        self.models.iter().filter_map(|(_, model)| match model {
            Model::Ready(resident) if resident.uploaded.staged_bytes() > 0 => Some(resident),
            _ => None,
        })
    }

    /// Models and bytes on the device.
    pub(super) fn held(&self) -> (u32, u64) {
        let bytes = self.models.iter().filter_map(|(_, model)| match model {
            Model::Ready(resident) => Some(resident.uploaded.bytes()),
            _ => None,
        });
        bytes.fold((0, 0), |(n, sum), bytes| (n + 1, sum + bytes))
    }

    /// Drives out models that nothing uses, the least recently used first, until about `bytes` are free; those in `keep` stay.
    /// `false` if there was none.
    pub(super) fn make_room(&mut self, gpu: &Gpu, mut bytes: u64, keep: &HashSet<ModelKey>) -> bool {
        let mut gone = Vec::new();
        for (key, model) in self.models.iter().rev() {
            let Model::Ready(resident) = model else { continue };
            if keep.contains(key) || Arc::strong_count(resident) > 1 || resident.uploaded.bytes() == 0 {
                continue;
            }
            gone.push(*key);
            bytes = bytes.saturating_sub(resident.uploaded.bytes());
            if bytes == 0 {
                break;
            }
        }
        for key in &gone {
            self.remove(gpu, *key);
        }
        !gone.is_empty()
    }

    pub(super) fn remove(&mut self, gpu: &Gpu, key: ModelKey) {
        if let Some(Model::Ready(resident)) = self.models.pop(&key) {
            self.leaving.push(resident);
            self.sweep(gpu);
        }
    }

    /// Forgets all models that are CUDA's: they are read again for Vulkan.
    pub(super) fn forget_cuda(&mut self, gpu: &Gpu) {
        let is_cuda = |model: &Model| match model {
            Model::Ready(resident) => resident.uploaded.cuda().is_some(),
            // There may be room now.
            Model::NoRoom(_) => true,
            Model::Loading | Model::Failed(_) => false,
        };
        let keys: Vec<ModelKey> = self.models.iter().filter(|(_, model)| is_cuda(model)).map(|(key, _)| *key).collect();
        for key in keys {
            self.remove(gpu, key);
        }
    }

    /// Forgets all models of a volume.
    pub(super) fn forget(&mut self, gpu: &Gpu, volume: u64) {
        let keys: Vec<ModelKey> = self.models.iter().map(|(key, _)| *key).filter(|key| key.volume == volume).collect();
        for key in keys {
            self.remove(gpu, key);
        }
    }

    /// Gives the memory of models back that no packet uses any more.
    pub(super) fn sweep(&mut self, gpu: &Gpu) {
        let leaving = std::mem::take(&mut self.leaving);
        for resident in leaving {
            match Arc::try_unwrap(resident) {
                // SAFETY: packets hold their models until they are retired, and none has this one.
                Ok(resident) => unsafe { resident.uploaded.release(gpu) },
                Err(shared) => self.leaving.push(shared),
            }
        }
        self.generation += 1;
    }
}

/// A model in host memory, on its way to the device.
pub(super) struct Loaded {
    block: Block,
    output: u8,
    extent: [u32; 3],
    range: (f32, f32),
    mask: Option<BlockMask>,
    is_valid: bool,
}

impl Loaded {
    /// Reads, checks and parses a model and its mask. Takes the time that this takes.
    pub(super) fn read(volume: &Volume, key: ModelKey) -> Result<Self> {
        let reader = volume.reader();
        let variable = volume.variable(key.block.variable)?;
        let extent = variable.block_extent(key.block.block, key.block.level);
        let entry = reader.entry(key.block)?;
        let range = (entry.min, entry.max);
        let (mask, is_valid) = match entry.mask {
            MaskRef::AllValid => (None, true),
            // Its payload means nothing.
            MaskRef::NoneValid => {
                let block = Block::Constant(0.0);
                return Ok(Self { block, output: 0, extent, range: (0.0, 0.0), mask: None, is_valid: false });
            }
            MaskRef::Stored(_) => (Some(reader.mask(key.block, &entry)?), true),
        };
        let block = neuvol_model::parse_block(reader, key.block, &entry).map_err(|source| {
            let BlockKey { variable, segment, block, .. } = key.block;
            let segment = reader.segments(variable as usize).get(segment as usize);
            Error::Block { variable, step: segment.map_or(0, |segment| segment.first), block, source }
        })?;
        Ok(Self { block, output: entry.output, extent, range, mask, is_valid })
    }

    pub(super) fn upload(&self, gpu: &Gpu, accelerator: Option<&Arc<Accelerator>>) -> Result<Resident> {
        let validity = match &self.mask {
            _ if !self.is_valid => Validity::None,
            Some(BlockMask::Bits(mask)) => Validity::Bits { bits: mask.bits(), steps: mask.steps() },
            Some(BlockMask::NoneValid) => Validity::None,
            None | Some(BlockMask::AllValid) => Validity::All,
        };
        let Self { block, output, extent, .. } = self;
        let uploaded = match accelerator {
            None => Uploaded::Vulkan(gpu.upload(block, *output, *extent, validity)?),
            Some(accelerator) => {
                let uploaded = accelerator.cuda.upload(block, *output, *extent, validity)?;
                Uploaded::Cuda(uploaded, Arc::clone(accelerator))
            }
        };
        Ok(Resident { uploaded, range: self.range })
    }
}
