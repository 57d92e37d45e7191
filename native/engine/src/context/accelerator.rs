//! CUDA in place of the Vulkan kernels, where a host asks for it and its device has it.
//!
//! Models live in CUDA's memory then. A worker lets CUDA decode a frame's boxes into a slot of a ring, which is memory of the
//! host's Vulkan device, waits until they are there, and prepares a packet that only copies them into the textures: the render
//! thread sees no difference, and waits for nothing. If anything speaks against it, now or later, a context goes on with
//! Vulkan and says why.

use super::state::Choice;
use crate::Error;
use neuvol_cuda::{Destination, External, Handle};
use neuvol_vulkan::{Gpu, Limits, Packet, Ring, Transfer};
use std::mem::ManuallyDrop;

/// What decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendKind {
    /// Kernels on the host's Vulkan device.
    Vulkan,
    /// CUDA, into memory of the Vulkan device.
    Cuda,
    /// CUDA, by way of the processor's memory, as the host's device cannot share its own.
    CudaStaged,
}

/// What decodes, and why it is not something faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// What decodes.
    pub kind: BackendKind,
    /// The CUDA device, or why CUDA is not used; for a person.
    pub reason: String,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Accelerator {
    pub(super) cuda: neuvol_cuda::Gpu,
    ring: Ring,
    /// The ring's memory; goes before both.
    memory: ManuallyDrop<External>,
    kind: BackendKind,
    reason: String,
}

/// Why a choice was not decoded.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It does not fit the memories together: less of it may.
    TooMuch(Error),
    /// CUDA is of no use any more.
    End(String),
}

impl Accelerator {
    /// # Errors
    /// Why CUDA cannot be used.
    pub(super) fn new(gpu: &Gpu, limits: Limits) -> Result<Self, String> {
        let device = {
            let identity = gpu.identity().map_err(|error| error.to_string())?;
            neuvol_cuda::matching(identity.device_uuid).map_err(|reason| reason.to_string())?
        };
        let cuda_limits = neuvol_cuda::Limits {
            model_bytes: limits.model_bytes.next_multiple_of(16),
            work_bytes: limits.work_bytes.next_multiple_of(16),
            // All texels go to the ring.
            texel_bytes: 16,
            record_bytes: limits.record_bytes.next_multiple_of(16),
            frames: limits.frames,
        };
        let cuda = neuvol_cuda::Gpu::new(&device, cuda_limits).map_err(|error| error.to_string())?;
        let (shared, why_staged) = match gpu.ring(limits.texel_bytes, limits.frames) {
            Ok(ring) => match Self::import(&cuda, &ring) {
                Ok(memory) => (Some((ring, memory)), String::new()),
                Err(error) => (None, error),
            },
            Err(error) => (None, error.to_string()),
        };
        let (ring, memory, kind) = match shared {
            Some((ring, memory)) => (ring, memory, BackendKind::Cuda),
            None => {
                let ring = gpu.staging_ring(limits.texel_bytes, limits.frames).map_err(|error| error.to_string())?;
                let memory = ring.mapped().ok_or("a staging ring is not mapped")?;
                // SAFETY: the ring lives until its memory was given back: see `Drop`.
                let memory = unsafe { cuda.register_host(memory.as_ptr(), ring.bytes()) };
                let memory = memory.map_err(|error| format!("{why_staged}; {error}"))?;
                (ring, memory, BackendKind::CudaStaged)
            }
        };
        let reason = match kind {
            BackendKind::CudaStaged => format!("{}, by way of the processor's memory: {why_staged}", device.name),
            _ => device.name,
        };
        Ok(Self { cuda, ring, memory: ManuallyDrop::new(memory), kind, reason })
    }

    fn import(cuda: &neuvol_cuda::Gpu, ring: &Ring) -> Result<External, String> {
        let exported = ring.export().map_err(|error| error.to_string())?;
        #[cfg(unix)]
        let handle = Handle::Fd(exported.handle);
        #[cfg(windows)]
        let handle = Handle::Win32(exported.handle);
        cuda.import(handle, exported.size, exported.dedicated).map_err(|error| error.to_string())
    }

    pub(super) fn backend(&self) -> Backend {
        Backend { kind: self.kind, reason: self.reason.clone() }
    }

    /// Decodes a choice, waits for it, and prepares the packet that brings it to the textures; also what it took, in µs.
    pub(super) fn decode(&self, gpu: &Gpu, choice: &Choice) -> Result<(Packet, f64), Refusal> {
        // One slot for each packet that there can be.
        let Some(slot) = self.ring.take() else { return Err(Refusal::End("all slots of the ring are taken".into())) };
        let destination = Destination::External { memory: &self.memory, offset: slot.offset(), bytes: slot.bytes() };
        let jobs = choice.cuda_jobs();
        // SAFETY: the choice holds its models, and this the ring, until the wait below is over.
        let submitted = unsafe { self.cuda.submit(&jobs, destination) }.map_err(refusal)?;
        let waited = self.cuda.wait(&submitted).and_then(|()| self.cuda.elapsed(&submitted));
        let texels = submitted.texels.clone();
        self.cuda.retire(submitted);
        let time = waited.map_err(refusal)?;
        let transfers: Vec<_> = texels
            .into_iter()
            .zip(&choice.textures)
            .map(|(texels, texture)| Transfer { slot: &slot, texels, texture })
            .collect();
        let packet = gpu.prepare_copies(choice.slot, &transfers);
        packet.map(|packet| (packet, time)).map_err(|error| Refusal::End(error.to_string()))
    }
}

fn refusal(error: neuvol_cuda::Error) -> Refusal {
    match error {
        neuvol_cuda::Error::Full { .. } => Refusal::TooMuch(error.into()),
        other => Refusal::End(other.to_string()),
    }
}

impl Drop for Accelerator {
    fn drop(&mut self) {
        // SAFETY: it is not used again; submissions are always waited for.
        unsafe {
            let memory = ManuallyDrop::take(&mut self.memory);
            self.cuda.release_external(memory);
        }
    }
}
