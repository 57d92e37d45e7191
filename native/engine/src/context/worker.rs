//! What workers do: take in what finished frames leave, make the next packet, read models.

use super::Shared;
use super::accelerator::Refusal;
use super::request::ModelKey;
use super::residents::{Loaded, Model};
use super::state::{Choice, State};
use crate::{Error, ErrorKind, Volume};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// The render thread wakes workers without a lock, so that one may miss it: they look again after this time.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// With nothing to do.
const IDLE: Duration = Duration::from_millis(200);

pub(super) fn work(shared: &Shared) {
    let mut state = shared.state();
    while !state.stop {
        state.retire(shared);
        if let Some(slot) = state.begin_test() {
            drop(state);
            test(shared, slot);
            state = shared.state();
        } else if let Some(choice) = state.choose(shared) {
            drop(state);
            pack(shared, choice);
            state = shared.state();
        } else if let Some((key, volume)) = state.next_load() {
            drop(state);
            load(shared, key, &volume);
            // Others wait for the model, or to close the volume.
            drop(volume);
            shared.wake.notify_all();
            state = shared.state();
        } else {
            state = sleep(shared, state);
        }
    }
}

fn sleep<'a>(shared: &'a Shared, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    let time = if state.waiting() > 0 || shared.handover().is_busy() { LOOK_AGAIN } else { IDLE };
    shared.wake.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
}

/// Prepares the test of the faster kernels. Without it, all is decoded in 32-bit floats.
fn test(shared: &Shared, slot: u32) {
    let test = shared.gpu.self_test_prepare(slot).unwrap_or_else(|error| {
        log::warn!("the faster kernels are not used, as they cannot be tested: {error}");
        None
    });
    shared.state().test_prepared(shared, slot, test);
}

/// Makes a packet of what was chosen; of less if a memory is too small for all of it.
fn pack(shared: &Shared, mut choice: Choice) {
    while let Some(accelerator) = choice.accelerator.clone() {
        match accelerator.decode(&shared.gpu, &choice) {
            Ok((packet, time)) => {
                choice.decoded = Some(time);
                return shared.state().packed(shared, choice, Ok(packet));
            }
            Err(Refusal::TooMuch(_)) if choice.pieces.len() > 1 => {
                let rest = choice.cut(choice.pieces.len() / 2);
                shared.state().put_back(rest);
            }
            Err(Refusal::TooMuch(error)) => return shared.state().packed(shared, choice, Err(error)),
            Err(Refusal::End(reason)) => return shared.state().decelerate(shared, Some(choice), &reason),
        }
    }
    loop {
        let also: Vec<_> = choice.also.iter().filter_map(|resident| resident.uploaded.vulkan()).collect();
        let result = shared.gpu.prepare_in_parts(choice.slot, &choice.jobs(), &also, choice.parts());
        let n = choice.pieces.len();
        if let Err(neuvol_vulkan::Error::Full { .. }) = &result
            && n > 1
        {
            let rest = choice.cut(n / 2);
            shared.state().put_back(rest);
            continue;
        }
        shared.state().packed(shared, choice, result.map_err(Error::from));
        return;
    }
}

/// Reads a model and brings it to device memory, where others make room for it.
fn load(shared: &Shared, key: ModelKey, volume: &Volume) {
    // A bug in a parser must not end the worker: its request fails.
    let read = catch_unwind(AssertUnwindSafe(|| Loaded::read(volume, key)));
    let loaded = match read {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(error)) => return fail(shared, key, error),
        Err(_) => return fail(shared, key, Error::Bug("a block could not be parsed".into())),
    };
    loop {
        let accelerator = shared.state().accelerator();
        match loaded.upload(&shared.gpu, accelerator.as_ref()) {
            Ok(resident) => {
                let mut state = shared.state();
                // CUDA may have been given up meanwhile: then it is of no use.
                if accelerator.is_some() && state.accelerator().is_none() {
                    drop(state);
                    continue;
                }
                state.residents.set(key, Model::Ready(Arc::new(resident)));
                state.loaded(shared);
                return;
            }
            Err(error) if error.full().is_some() => {
                let (needed, free) = error.full().unwrap_or_default();
                let mut state = shared.state();
                state.retire(shared);
                let keep = state.more_urgent(key);
                if state.residents.make_room(&shared.gpu, needed.saturating_sub(free).max(1), &keep) {
                    continue;
                }
                if state.is_hopeless(key, &keep) {
                    drop(state);
                    return fail(shared, key, error);
                }
                // Room comes with the frames that finish.
                let generation = state.residents.generation;
                state.residents.set(key, Model::NoRoom(generation));
                return;
            }
            Err(Error::Cuda(error)) if !matches!(error, neuvol_cuda::Error::Model(_)) => {
                shared.state().decelerate(shared, None, &error.to_string());
            }
            Err(error) => return fail(shared, key, error),
        }
    }
}

fn fail(shared: &Shared, key: ModelKey, error: Error) {
    let error = Arc::new(error);
    let mut state = shared.state();
    state.fail(key, &error);
    match error.kind() {
        ErrorKind::DeviceLost => state.device_lost(shared),
        // Another request may leave it more room.
        ErrorKind::DeviceMemory => state.residents.remove(&shared.gpu, key),
        _ => state.residents.set(key, Model::Failed(error)),
    }
}
