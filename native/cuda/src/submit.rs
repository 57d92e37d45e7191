//! Decoding: tasks are planned, and put into the stream kernel by kernel.

use crate::driver::call;
use crate::kernels::{self, FUSED_INPUTS};
use crate::{Error, External, Gpu};
use cudarc::driver::sys::{self, CUdeviceptr, CUresult};
use neuvol_plan::{Batch, Dispatch, Kernel, Task, Texels, Variants};
use std::ffi::c_void;

/// A box of a block, and the kernels that it may use: see [`Uploaded::variants`](crate::Uploaded::variants).
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What is decoded. Its texels are always packed: `image` must be `None`.
    pub task: Task<'a>,
    /// Kernels in fewer bits that may be used.
    pub variants: Variants,
}

/// Where texels go.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// Into memory of the device's own: see [`Gpu::read`].
    Own,
    /// Into foreign memory, from this byte on (a multiple of 16), at most so many bytes.
    External {
        /// The memory.
        memory: &'a External,
        /// The first byte.
        offset: u64,
        /// Bytes.
        bytes: u64,
    },
}

/// What is on its way. To be given back with [`Gpu::retire`].
#[derive(Debug)]
#[must_use = "its slot is taken until it is given back"]
pub struct Submitted {
    slot: usize,
    /// The texels of each job, counted in words from the begin of the destination.
    pub texels: Vec<Texels>,
}

/// The argument of every kernel: see `common.cuh`.
#[repr(C)]
struct Launch {
    params: CUdeviceptr,
    models: CUdeviceptr,
    work: CUdeviceptr,
    texels: CUdeviceptr,
    first: u32,
    stride: u32,
    shape: [u32; 2],
}

impl Gpu {
    /// Puts the decoding of some boxes into the stream, and does not wait for it. Their texels follow each other in the
    /// destination, as [`Submitted::texels`] says.
    ///
    /// # Errors
    /// [`Error::Full`] if a memory is too small (that of texels for all jobs together, that of work for one of them) or if
    /// [`Limits::frames`](crate::Limits) submissions are on their way; [`Error::Argument`] for a box that does not fit;
    /// [`Error::Cuda`] if the device is lost.
    ///
    /// # Safety
    /// Blocks and foreign memory must stay until the submission is finished.
    pub unsafe fn submit(&self, jobs: &[Job<'_>], destination: Destination<'_>) -> Result<Submitted, Error> {
        let (texels, texel_bytes) = self.place_of(destination)?;
        if jobs.is_empty() {
            return Err(Error::argument("jobs", "are none: there is nothing to decode"));
        }
        if jobs.iter().any(|job| job.task.image.is_some()) {
            return Err(Error::argument("jobs", "store into an image, which only Vulkan's kernels do"));
        }
        let tasks: Vec<_> = jobs.iter().map(|job| (job.task, job.variants, 0)).collect();
        let limits = neuvol_plan::Limits {
            work_bytes: self.limits.work_bytes,
            texel_bytes,
            record_bytes: self.limits.record_bytes,
            keep_texels: true,
        };
        let batch = Batch::new(&tasks, 1, limits)?;
        let current = self.enter()?;
        let mut slots = self.slots();
        let Some(slot) = slots.iter().position(|slot| !slot.taken) else {
            return Err(Error::Full { what: "number of submissions", needed: 1, free: 0 });
        };
        slots[slot].records.write(&batch.words);
        let records = self.records.pointer + slot as u64 * self.limits.record_bytes;
        let (pinned, bytes) = (slots[slot].records.pointer(), size_of_val(batch.words.as_slice()));
        // From here on it is on its way, even if a launch fails.
        slots[slot].taken = true;
        let launched = (|| {
            // SAFETY: the context is current, the events are the slot's, and its records are not in use: it was free.
            unsafe {
                call!(cuEventRecord(slots[slot].started, self.stream))?;
                call!(cuMemcpyHtoDAsync_v2(records, pinned, bytes, self.stream))?;
            }
            for dispatch in batch.rounds.iter().flat_map(|round| &round.dispatches) {
                self.launch(dispatch, &batch.words, records, texels)?;
            }
            // SAFETY: as above.
            unsafe { call!(cuEventRecord(slots[slot].ended, self.stream)) }
        })();
        drop(slots);
        let mut texels = vec![None; jobs.len()];
        for (job, packed) in batch.rounds.iter().flat_map(|round| &round.packed) {
            texels[*job] = Some(*packed);
        }
        let submitted = Submitted { slot, texels: texels.into_iter().flatten().collect() };
        if let Err(error) = launched {
            // What was launched before must be over before anything of it is given back.
            // SAFETY: the context is current.
            drop(unsafe { call!(cuStreamSynchronize(self.stream)) });
            self.retire(submitted);
            return Err(error);
        }
        drop(current);
        Ok(submitted)
    }

    fn place_of(&self, destination: Destination<'_>) -> Result<(CUdeviceptr, u64), Error> {
        match destination {
            Destination::Own => Ok((self.texels.pointer, self.limits.texel_bytes)),
            Destination::External { memory, offset, bytes } => {
                let end = offset.checked_add(bytes);
                if offset % 16 != 0 || end.is_none_or(|end| end > memory.bytes) {
                    let message =
                        format!("{offset} +{bytes} is outside of {} bytes, or no multiple of 16", memory.bytes);
                    return Err(Error::argument("offset", message));
                }
                Ok((memory.pointer + offset, bytes))
            }
        }
    }

    fn launch(
        &self,
        dispatch: &Dispatch,
        words: &[u32],
        records: CUdeviceptr,
        texels: CUdeviceptr,
    ) -> Result<(), Error> {
        let Dispatch { kernel, first, stride, groups: [groups, jobs], .. } = *dispatch;
        let (entry, function) = self.function(kernel)?;
        let n_inputs = match kernel {
            Kernel::GridFused(_) | Kernel::GridSteps(_) => {
                let record = |job: u32| words[(first + job * stride) as usize + FUSED_INPUTS];
                (0..jobs).map(record).max().unwrap_or(0)
            }
            _ => 0,
        };
        let mut launch = Launch {
            params: records,
            models: self.models.pointer,
            work: self.work.pointer,
            texels,
            first,
            stride,
            shape: entry.shape,
        };
        let mut parameters = [(&raw mut launch).cast::<c_void>()];
        // SAFETY: the caller has made the context current; the function takes one `Launch`, which the driver copies.
        unsafe {
            call!(cuLaunchKernel(
                function,
                groups,
                1,
                jobs,
                entry.threads,
                1,
                1,
                kernels::shared_bytes(kernel, n_inputs),
                self.stream,
                parameters.as_mut_ptr(),
                std::ptr::null_mut(),
            ))
        }
    }

    /// Whether a submission is finished. Does not wait.
    ///
    /// # Errors
    /// [`Error::Cuda`] if the device is lost: then it is finished as well, and its texels are worth nothing.
    pub fn is_done(&self, submitted: &Submitted) -> Result<bool, Error> {
        let _current = self.enter()?;
        let event = self.slots()[submitted.slot].ended;
        // SAFETY: the context is current, the event is alive.
        match unsafe { sys::cuEventQuery(event) } {
            CUresult::CUDA_SUCCESS => Ok(true),
            CUresult::CUDA_ERROR_NOT_READY => Ok(false),
            result => Err(Error::Cuda { call: "cuEventQuery", result }),
        }
    }

    /// Waits until a submission is finished. Not for a thread that draws.
    ///
    /// # Errors
    /// As [`Gpu::is_done`].
    pub fn wait(&self, submitted: &Submitted) -> Result<(), Error> {
        let _current = self.enter()?;
        let event = self.slots()[submitted.slot].ended;
        // SAFETY: as above.
        unsafe { call!(cuEventSynchronize(event)) }
    }

    /// What a finished submission took on the device, in µs.
    ///
    /// # Errors
    /// [`Error::Cuda`] if it is not finished, or the device is lost.
    pub fn elapsed(&self, submitted: &Submitted) -> Result<f64, Error> {
        let _current = self.enter()?;
        let (started, ended) = {
            let slots = self.slots();
            (slots[submitted.slot].started, slots[submitted.slot].ended)
        };
        let mut milliseconds = 0.0f32;
        // SAFETY: as above.
        unsafe { call!(cuEventElapsedTime(&raw mut milliseconds, started, ended)) }?;
        Ok(f64::from(milliseconds) * 1000.0)
    }

    /// Reads words of the own memory of texels, behind everything that is on its way; waits for it.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are not so many words, [`Error::Cuda`] if the device is lost.
    pub fn read(&self, first: u32, words: u32) -> Result<Vec<u32>, Error> {
        let end = (u64::from(first) + u64::from(words)) * 4;
        if end > self.limits.texel_bytes {
            return Err(Error::argument("words", format!("end at byte {end} of {}", self.limits.texel_bytes)));
        }
        let _current = self.enter()?;
        let mut read = vec![0u32; words as usize];
        let from = self.texels.pointer + u64::from(first) * 4;
        // SAFETY: the context is current; the vector lives until the wait is over.
        unsafe {
            call!(cuMemcpyDtoHAsync_v2(read.as_mut_ptr().cast(), from, size_of_val(read.as_slice()), self.stream))?;
            call!(cuStreamSynchronize(self.stream))?;
        }
        Ok(read)
    }

    /// Takes a submission back that is finished: see [`Gpu::is_done`] and [`Gpu::wait`].
    pub fn retire(&self, submitted: Submitted) {
        self.slots()[submitted.slot].taken = false;
    }
}
