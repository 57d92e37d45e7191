//! Decodes into textures of a headless host through the C interface, and what it refuses.

use crate::host::{HeadlessHost, Target, messages};
use crate::model;
use neuvol_capi::*;
use neuvol_tests::cases;
use neuvol_tests::sample::THETA;
use neuvol_vulkan::vk::{self, Handle};
use neuvol_vulkan::{Texel, WritePath};
use std::ffi::{CStr, c_void};
use std::path::Path;
use std::time::{Duration, Instant};

/// No test takes nearly that long, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);
const DIMS: [u32; 3] = [37, 20, 18];

fn size<T>() -> u32 {
    size_of::<T>() as u32
}

fn last_error() -> String {
    let mut text = [0; 1024];
    // SAFETY: the buffer is as long as it says, and ends with a NUL.
    unsafe {
        neuvol_last_error(text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
    }
}

fn refused(result: neuvol_result, code: neuvol_result, what: &str) {
    assert_eq!(result, code, "{what}: {}", last_error());
    assert!(last_error().contains(what), "{what}: {}", last_error());
}

fn vulkan_desc(host: &HeadlessHost) -> neuvol_vulkan_desc {
    let handle = host.handle();
    let pointer = |raw: u64| std::ptr::with_exposed_provenance_mut::<c_void>(raw as usize);
    neuvol_vulkan_desc {
        struct_size: size::<neuvol_vulkan_desc>(),
        abi_version: NEUVOL_ABI_VERSION,
        flags: NEUVOL_VULKAN_EXTENDED_FORMATS,
        queue_family: handle.queue_family,
        instance: pointer(handle.instance.as_raw()),
        physical_device: pointer(handle.physical_device.as_raw()),
        device: pointer(handle.device.as_raw()),
        get_instance_proc_addr: handle.get_instance_proc_addr as *mut c_void,
        threads: 2,
        frames: 0,
        model_bytes: 0,
        work_bytes: 0,
        texel_bytes: 0,
    }
}

fn context(host: &HeadlessHost) -> neuvol_context {
    let mut context = neuvol_context { id: 0 };
    // SAFETY: the description is whole, and its handles live as long as the test.
    let result = unsafe { neuvol_context_create_vulkan(&vulkan_desc(host), &mut context) };
    assert_eq!(result, NEUVOL_OK, "{}", last_error());
    context
}

fn texture_desc(target: &Target) -> neuvol_texture_desc {
    neuvol_texture_desc {
        struct_size: size::<neuvol_texture_desc>(),
        texel: NEUVOL_TEXEL_R32F,
        path: NEUVOL_WRITE_PATH_STORE,
        layout: vk::ImageLayout::GENERAL.as_raw(),
        dims: DIMS,
        reserved0: 0,
        image: target.image.as_raw(),
    }
}

fn submit_desc(volume: neuvol_volume, texture: neuvol_texture) -> neuvol_submit_desc {
    neuvol_submit_desc {
        struct_size: size::<neuvol_submit_desc>(),
        flags: 0,
        volume,
        texture,
        variable: THETA,
        level: 0,
        quality: 0,
        precision: NEUVOL_PRECISION_EXACT,
        time: 2.5,
        time_velocity: 0.0,
        box_min: [0; 3],
        box_max: DIMS,
        texel_min: [0; 3],
        priority: 1.0,
        value_min: 0.0,
        value_max: 0.0,
        invalid: -1.0,
        reserved0: 0,
    }
}

fn open(path: &Path) -> neuvol_volume {
    let mut volume = neuvol_volume { id: 0 };
    let path = path.to_str().expect("UTF-8");
    // SAFETY: the text is as long as it says.
    let result = unsafe { neuvol_volume_open_file(path.as_ptr().cast(), path.len(), std::ptr::null(), &mut volume) };
    assert_eq!(result, NEUVOL_OK, "{}", last_error());
    volume
}

/// What the processor decodes; NaN where voxels are not valid.
fn by_processor(volume: neuvol_volume) -> Vec<f32> {
    let desc = cases::desc(THETA, 0, 2.5, [0; 3], DIMS);
    let mut values = vec![0f32; DIMS.iter().product::<u32>() as usize];
    let bytes = size_of_val(&values[..]);
    // SAFETY: the memory is as long as it says.
    let result =
        unsafe { neuvol_decode_to_host(volume, &desc, values.as_mut_ptr().cast(), bytes, std::ptr::null_mut(), 0) };
    assert_eq!(result, NEUVOL_OK, "{}", last_error());
    values
}

#[test]
fn frames_of_a_host_fill_its_texture() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let (_folder, path) = model();
    let (context, volume) = (context(&host), open(&path));
    let [x, y, z] = DIMS;
    let target = host.target([z, y, x], Texel::R32F, WritePath::Store);
    let (mut texture, mut ticket) = (neuvol_texture { id: 0 }, neuvol_ticket { id: 0 });
    // SAFETY: all descriptions are whole.
    unsafe {
        assert_eq!(
            neuvol_texture_register(context, &texture_desc(&target), &mut texture),
            NEUVOL_OK,
            "{}",
            last_error()
        );
        assert_eq!(neuvol_texture_status(context, texture), NEUVOL_OK);
        let desc = submit_desc(volume, texture);
        assert_eq!(neuvol_decode_submit(context, &desc, &mut ticket), NEUVOL_OK, "{}", last_error());
    }
    let mut progress = neuvol_progress {
        struct_size: size::<neuvol_progress>(),
        blocks_missing: 9,
        blocks: 0,
        reserved0: 0,
        frame: 9,
    };
    // SAFETY: the structure is whole.
    assert_eq!(unsafe { neuvol_decode_get_progress(context, ticket, &mut progress) }, NEUVOL_NOT_READY);
    assert!(progress.blocks > 1 && progress.blocks_missing <= progress.blocks && progress.frame == 0);

    let start = Instant::now();
    let mut bytes = host.run(&target, 0, |_| {});
    let mut frame = 0;
    while neuvol_decode_status(context, ticket) != NEUVOL_OK {
        assert_eq!(neuvol_decode_status(context, ticket), NEUVOL_NOT_READY, "{}", last_error());
        assert!(start.elapsed() < PATIENCE);
        frame += 1;
        let before = bytes.clone();
        let mut result = NEUVOL_OK;
        bytes = host.run_over(&target, &before, |commands| {
            let commands = std::ptr::with_exposed_provenance_mut(commands.as_raw() as usize);
            // SAFETY: the command buffer is being recorded, the texture in the layout GENERAL.
            result = unsafe { neuvol_context_record(context, commands, frame, frame - 1) };
        });
        assert!([NEUVOL_OK, NEUVOL_NOT_READY].contains(&result), "{}", last_error());
    }
    // SAFETY: the structure is whole.
    assert_eq!(unsafe { neuvol_decode_get_progress(context, ticket, &mut progress) }, NEUVOL_OK);
    assert_eq!((progress.blocks_missing, progress.frame), (0, frame));
    let found = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    for (n, (found, right)) in found.zip(by_processor(volume)).enumerate() {
        let right = if right.is_nan() { -1.0 } else { right };
        assert!((found - right).abs() < 1e-3, "voxel {n}: {found} for {right}");
    }

    // Closing the volume takes what waits with it.
    let mut late = neuvol_ticket { id: 0 };
    // SAFETY: as above.
    assert_eq!(unsafe { neuvol_decode_submit(context, &submit_desc(volume, texture), &mut late) }, NEUVOL_OK);
    assert_eq!(neuvol_volume_close(volume), NEUVOL_OK);
    assert_eq!(neuvol_decode_status(context, late), NEUVOL_CANCELLED);
    // SAFETY: it has only numbers.
    let mut stats = unsafe { std::mem::zeroed::<neuvol_context_stats>() };
    stats.struct_size = size::<neuvol_context_stats>();
    // SAFETY: the structure is whole.
    assert_eq!(unsafe { neuvol_context_get_stats(context, &mut stats) }, NEUVOL_OK);
    assert!(stats.frames > 0 && stats.blocks_decoded >= progress.blocks.into() && stats.models == 0, "{stats:?}");
    assert!(stats.gpu_us_p99 >= stats.gpu_us_p50 && stats.gpu_us_p50 > 0.0, "{stats:?}");
    assert_eq!(neuvol_texture_unregister(context, texture), NEUVOL_OK);
    assert_eq!(neuvol_context_destroy(context), NEUVOL_OK);
    host.destroy(target);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// What decodes, and why it is not CUDA: not asked for, or not there on a device that is not NVIDIA's.
#[test]
fn a_context_tells_what_decodes() {
    let Some(host) = HeadlessHost::new() else { return };
    // There may be a driver, but not for this device.
    for (flag, reasons) in [
        (0, &["CUDA was not asked for"][..]),
        (NEUVOL_VULKAN_USE_CUDA, &["no NVIDIA driver", "no CUDA device is the graphics device", "finds no device"]),
    ] {
        let mut desc = vulkan_desc(&host);
        desc.flags |= flag;
        let mut context = neuvol_context { id: 0 };
        // SAFETY: the handles are alive and belong together until the context is destroyed.
        let result = unsafe { neuvol_context_create_vulkan(&desc, &mut context) };
        assert_eq!(result, NEUVOL_OK, "{}", last_error());
        let (mut backend, mut text, mut needed) = (0, [0u8; 256], 0);
        // SAFETY: a number, a buffer of this capacity and a length.
        let result = unsafe {
            neuvol_context_get_backend(context, &mut backend, text.as_mut_ptr().cast(), text.len(), &mut needed)
        };
        assert_eq!((result, backend), (NEUVOL_OK, NEUVOL_BACKEND_VULKAN), "{}", last_error());
        let text = std::str::from_utf8(&text[..needed]).expect("UTF-8");
        assert!(reasons.iter().any(|reason| text.contains(reason)), "{text}");
        // SAFETY: null is allowed for what is not wanted, but not for the backend.
        let result = unsafe {
            neuvol_context_get_backend(context, std::ptr::null_mut(), std::ptr::null_mut(), 0, std::ptr::null_mut())
        };
        refused(result, NEUVOL_ERROR_NULL_POINTER, "backend");
        assert_eq!(neuvol_context_destroy(context), NEUVOL_OK);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let (_folder, path) = model();
    let (context, volume) = (context(&host), open(&path));
    let [x, y, z] = DIMS;
    let target = host.target([z, y, x], Texel::R32F, WritePath::Store);
    let mut texture = neuvol_texture { id: 0 };
    let argument = NEUVOL_ERROR_INVALID_ARGUMENT;
    // SAFETY: descriptions are whole, or refused before anything is done with them.
    unsafe {
        let create = |desc: neuvol_vulkan_desc| {
            let mut out = neuvol_context { id: 7 };
            let result = neuvol_context_create_vulkan(&desc, &mut out);
            assert_eq!(out.id, 0);
            result
        };
        let desc = vulkan_desc(&host);
        refused(create(neuvol_vulkan_desc { struct_size: 8, ..desc }), NEUVOL_ERROR_STRUCT_SIZE, "struct_size");
        refused(create(neuvol_vulkan_desc { abi_version: 0, ..desc }), NEUVOL_ERROR_ABI_MISMATCH, "abi_version");
        refused(create(neuvol_vulkan_desc { flags: 1 << 30, ..desc }), argument, "flags");
        let null = std::ptr::null_mut();
        refused(create(neuvol_vulkan_desc { device: null, ..desc }), NEUVOL_ERROR_NULL_POINTER, "desc.device");
        refused(create(neuvol_vulkan_desc { frames: 99, ..desc }), argument, "frames");
        refused(create(neuvol_vulkan_desc { threads: 999, ..desc }), argument, "threads");
        refused(create(neuvol_vulkan_desc { queue_family: 99, ..desc }), argument, "queue_family");
        refused(create(neuvol_vulkan_desc { work_bytes: 1 << 40, ..desc }), argument, "work_bytes");

        let register = |desc: neuvol_texture_desc| {
            let mut out = neuvol_texture { id: 7 };
            let result = neuvol_texture_register(context, &desc, &mut out);
            assert_eq!(out.id, 0);
            result
        };
        let desc = texture_desc(&target);
        refused(register(neuvol_texture_desc { texel: 9, ..desc }), argument, "texel");
        refused(register(neuvol_texture_desc { path: 0, ..desc }), argument, "path");
        refused(register(neuvol_texture_desc { image: 0, ..desc }), NEUVOL_ERROR_NULL_POINTER, "image");
        refused(register(neuvol_texture_desc { dims: [1, 0, 1], ..desc }), argument, "extent");
        refused(register(neuvol_texture_desc { reserved0: 1, ..desc }), argument, "reserved0");
        assert_eq!(neuvol_texture_register(context, &desc, &mut texture), NEUVOL_OK);

        let submit = |desc: neuvol_submit_desc| neuvol_decode_submit(context, &desc, std::ptr::null_mut());
        let desc = submit_desc(volume, texture);
        refused(submit(neuvol_submit_desc { variable: 99, ..desc }), argument, "variable");
        refused(submit(neuvol_submit_desc { level: 9, ..desc }), argument, "level");
        refused(submit(neuvol_submit_desc { time: 99.0, ..desc }), argument, "time");
        refused(submit(neuvol_submit_desc { time_velocity: f64::NAN, ..desc }), argument, "velocity");
        refused(submit(neuvol_submit_desc { priority: -1.0, ..desc }), argument, "priority");
        refused(submit(neuvol_submit_desc { precision: 5, ..desc }), argument, "precision");
        refused(submit(neuvol_submit_desc { texel_min: [1, 0, 0], ..desc }), argument, "outside 0..37 of the texture");
        refused(submit(neuvol_submit_desc { value_max: 1.0, ..desc }), argument, "NEUVOL_SUBMIT_VALUE_RANGE");
        refused(submit(neuvol_submit_desc { flags: 1 << 9, ..desc }), argument, "flags");
        let gone = neuvol_texture { id: texture.id + 1000 };
        refused(submit(neuvol_submit_desc { texture: gone, ..desc }), argument, "texture");
        let closed = neuvol_volume { id: 0 };
        refused(submit(neuvol_submit_desc { volume: closed, ..desc }), NEUVOL_ERROR_INVALID_HANDLE, "volume");

        let budget = neuvol_budget {
            struct_size: size::<neuvol_budget>(),
            gpu_us: 500,
            max_blocks: 0,
            reserved0: 1,
            max_upload_bytes: 0,
        };
        refused(neuvol_context_set_budget(context, &budget), argument, "reserved0");
        let budget = neuvol_budget { reserved0: 0, ..budget };
        assert_eq!(neuvol_context_set_budget(context, &budget), NEUVOL_OK);

        refused(neuvol_context_record(context, null, 1, 0), NEUVOL_ERROR_NULL_POINTER, "command_buffer");
        let some = std::ptr::dangling_mut();
        refused(neuvol_context_record(context, some, 1, 1), argument, "safe_frame");
    }
    let handle = NEUVOL_ERROR_INVALID_HANDLE;
    let wrong = neuvol_ticket { id: u64::MAX };
    refused(neuvol_decode_status(context, wrong), handle, "ticket");
    refused(neuvol_decode_cancel(context, wrong), handle, "ticket");
    refused(neuvol_texture_status(context, neuvol_texture { id: 0 }), handle, "texture");
    assert_eq!(neuvol_texture_unregister(context, neuvol_texture { id: 0 }), NEUVOL_OK);
    assert_eq!(neuvol_texture_unregister(context, texture), NEUVOL_OK);
    refused(neuvol_texture_unregister(context, texture), handle, "texture");

    // A device that is lost: the processor goes on.
    assert_eq!(neuvol_context_device_lost(context), NEUVOL_OK);
    let desc = submit_desc(volume, neuvol_texture { id: 0 });
    // SAFETY: the description is whole.
    let result = unsafe { neuvol_decode_submit(context, &desc, std::ptr::null_mut()) };
    refused(result, NEUVOL_ERROR_DEVICE_LOST, "lost");
    assert!(by_processor(volume).iter().any(|value| value.is_finite()));
    assert_eq!(neuvol_context_destroy(context), NEUVOL_OK);
    refused(neuvol_context_destroy(context), handle, "context");
    assert_eq!(neuvol_context_destroy(neuvol_context { id: 0 }), NEUVOL_OK);
    assert_eq!(neuvol_volume_close(volume), NEUVOL_OK);
    host.destroy(target);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}
