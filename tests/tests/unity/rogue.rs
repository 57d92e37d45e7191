//! Negative controls: a plugin that breaks the rules one by one, to see that the fake Unity notices.

use ash::vk;
use neuvol_fake_unity::tables::{
    EventConfig, GRAPHICS, Graphics, INITIALIZE, Image, Instance, Interfaces, PIPELINE_BARRIER, RecordingState,
    VULKAN_V2, Vulkan, renderer,
};
use neuvol_fake_unity::{FakeUnity, NewTexture, Options};
use std::ffi::c_void;
use std::mem::zeroed;
use std::ptr::null;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Outside of render passes, as our own events.
const GOOD: EventConfig = EventConfig { render_pass: 2, queue_access: 0, flags: 9 };

static ROGUE: Mutex<Rogue> =
    Mutex::new(Rogue { tables: None, event: 0, config: Some(GOOD), action: |_, _| (), native: 0, kept: Vec::new() });

/// The plugin.
struct Rogue {
    tables: Option<(&'static Graphics, &'static Vulkan)>,
    event: i32,
    config: Option<EventConfig>,
    /// What its render event does.
    action: fn(&'static Vulkan, *mut c_void),
    native: usize,
    /// Buffers that it destroys later.
    kept: Vec<(vk::Buffer, vk::DeviceMemory)>,
}

fn rogue() -> MutexGuard<'static, Rogue> {
    ROGUE.lock().unwrap_or_else(PoisonError::into_inner)
}

unsafe extern "system" fn load(interfaces: *const Interfaces) {
    // SAFETY: the tables are the fake Unity's, which stay.
    unsafe {
        let find = (*interfaces).get_split;
        let graphics = &*find(GRAPHICS.0, GRAPHICS.1).cast::<Graphics>();
        let vulkan = &*find(VULKAN_V2.0, VULKAN_V2.1).cast::<Vulkan>();
        let event = (graphics.reserve)(1);
        {
            let mut rogue = rogue();
            rogue.tables = Some((graphics, vulkan));
            rogue.event = event;
        }
        (graphics.register)(Some(on_device));
    }
}

unsafe extern "system" fn on_device(event: i32) {
    let (tables, id, config) = {
        let rogue = rogue();
        (rogue.tables, rogue.event, rogue.config)
    };
    let (Some((graphics, vulkan)), Some(config)) = (tables, config) else { return };
    // SAFETY: as above.
    unsafe {
        if event == INITIALIZE && (graphics.renderer)() == renderer::VULKAN {
            (vulkan.configure_event)(id, &config);
        }
    }
}

unsafe extern "system" fn on_render(_: i32) {
    let (tables, action, native) = {
        let rogue = rogue();
        (rogue.tables, rogue.action, rogue.native)
    };
    action(tables.expect("loaded").1, native as *mut c_void);
}

fn access(vulkan: &Vulkan, native: *mut c_void) -> bool {
    let (layout, stage, access) =
        (vk::ImageLayout::GENERAL, vk::PipelineStageFlags::COMPUTE_SHADER, vk::AccessFlags::SHADER_WRITE);
    // SAFETY: numbers and handles; the fake Unity looks at pointers before it uses them.
    unsafe {
        let mut image: Image = zeroed();
        (vulkan.access_texture)(native, null(), layout, stage, access, PIPELINE_BARRIER, &mut image)
    }
}

fn state(vulkan: &Vulkan) -> Option<RecordingState> {
    // SAFETY: as above.
    unsafe {
        let mut state: RecordingState = zeroed();
        (vulkan.command_recording_state)(&mut state, 0).then_some(state)
    }
}

/// The device with functions as a plugin gets them.
fn device(vulkan: &Vulkan) -> (Instance, ash::Device) {
    // SAFETY: the device is alive.
    unsafe {
        let host = (vulkan.instance)();
        let get_instance_proc_addr = host.get_instance_proc_addr.expect("a function");
        let instance = ash::Instance::load(&ash::StaticFn { get_instance_proc_addr }, host.instance);
        (host, ash::Device::load(instance.fp_v1_0(), host.device))
    }
}

fn barrier(vulkan: &Vulkan, commands: vk::CommandBuffer) {
    let all = vk::PipelineStageFlags::ALL_COMMANDS;
    // SAFETY: the fake Unity records all its command buffers until the end of the frame.
    unsafe {
        device(vulkan).1.cmd_pipeline_barrier(commands, all, all, vk::DependencyFlags::empty(), &[], &[], &[]);
    }
}

/// Runs one frame with one event that does this, and gives what was noticed.
fn noticed(config: Option<EventConfig>, action: fn(&'static Vulkan, *mut c_void)) -> Option<Vec<String>> {
    noticed_with(config, action, |_| ())
}

fn noticed_with(
    config: Option<EventConfig>,
    action: fn(&'static Vulkan, *mut c_void),
    then: fn(&mut FakeUnity),
) -> Option<Vec<String>> {
    // One rogue at a time.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let mut rogue = rogue();
        rogue.config = config;
        rogue.action = action;
    }
    // SAFETY: it is a plugin's function.
    let mut unity = unsafe { FakeUnity::start_function(load, Options::default()) }?;
    let usage = vk::ImageUsageFlags::STORAGE;
    let native = unity.texture(NewTexture { dims: [4; 3], format: vk::Format::R32_SFLOAT, usage, is_3d: true });
    rogue().native = native as usize;
    let event = rogue().event;
    unity.issue(on_render, event);
    unity.frame();
    then(&mut unity);
    Some(unity.stop())
}

#[track_caller]
fn assert_noticed(problems: Option<Vec<String>>, text: &str) {
    // None: no Vulkan here.
    if let Some(problems) = problems {
        assert!(problems.iter().any(|problem| problem.contains(text)), "{text}: {problems:#?}");
    }
}

#[test]
fn a_good_plugin_breaks_no_rule() {
    let problems = noticed(Some(GOOD), |vulkan, native| {
        assert!(access(vulkan, native));
        barrier(vulkan, state(vulkan).expect("a state").command_buffer);
    });
    assert_eq!(problems.unwrap_or_default(), [""; 0]);
}

#[test]
fn access_outside_of_an_event() {
    let later = |_: &mut FakeUnity| {
        let vulkan = rogue().tables.expect("loaded").1;
        let native = rogue().native;
        assert!(!access(vulkan, native as *mut c_void));
        assert!(state(vulkan).is_none());
    };
    let problems = noticed_with(Some(GOOD), |_, _| (), later);
    assert_noticed(problems.clone(), "AccessTexture outside of a render event");
    assert_noticed(problems, "CommandRecordingState outside of a render event");
}

#[test]
fn access_on_another_thread() {
    let problems = noticed(Some(GOOD), |vulkan, native| {
        let native = native as usize;
        let other = std::thread::spawn(move || access(vulkan, native as *mut c_void));
        assert!(!other.join().expect("no panic"));
    });
    assert_noticed(problems, "AccessTexture outside of a render event");
}

#[test]
fn a_state_from_before_an_access() {
    let problems = noticed(Some(GOOD), |vulkan, native| {
        let state = state(vulkan).expect("a state");
        access(vulkan, native);
        barrier(vulkan, state.command_buffer);
    });
    assert_noticed(problems, "vkCmdPipelineBarrier into a command buffer of an earlier state");
}

#[test]
fn no_new_state_after_leaving_the_render_pass() {
    let problems = noticed(Some(GOOD), |vulkan, _| {
        let state = state(vulkan).expect("a state");
        // SAFETY: in a render event.
        unsafe { (vulkan.ensure_outside_render_pass)() };
        barrier(vulkan, state.command_buffer);
    });
    assert_noticed(problems, "vkCmdPipelineBarrier without asking for the state after the last access");
}

#[test]
fn events_that_are_not_configured() {
    for config in [None, Some(EventConfig { render_pass: 0, ..GOOD })] {
        let problems = noticed(config, |vulkan, _| {
            barrier(vulkan, state(vulkan).expect("a state").command_buffer);
        });
        assert_noticed(problems.clone(), "a render event that was configured as");
        assert_noticed(problems, "vkCmdPipelineBarrier inside of a render pass");
    }
}

/// Copies between two buffers, which are kept.
fn copy(vulkan: &'static Vulkan, _: *mut c_void) {
    let (host, device) = device(vulkan);
    let commands = state(vulkan).expect("a state").command_buffer;
    let usage = vk::BufferUsageFlags::TRANSFER_SRC | vk::BufferUsageFlags::TRANSFER_DST;
    let info = vk::BufferCreateInfo::default().size(256).usage(usage);
    // SAFETY: the device is alive; memory of the first kind that fits is there.
    unsafe {
        let buffers = [0, 1].map(|_| {
            let buffer = device.create_buffer(&info, None).expect("a buffer");
            let needed = device.get_buffer_memory_requirements(buffer);
            let kind = needed.memory_type_bits.trailing_zeros();
            let info = vk::MemoryAllocateInfo::default().allocation_size(needed.size).memory_type_index(kind);
            let memory = device.allocate_memory(&info, None).expect("memory");
            device.bind_buffer_memory(buffer, memory, 0).expect("bound");
            (buffer, memory)
        });
        device.cmd_fill_buffer(commands, buffers[0].0, 0, vk::WHOLE_SIZE, 1);
        let memory = vk::MemoryBarrier::default()
            .src_access_mask(vk::AccessFlags::TRANSFER_WRITE)
            .dst_access_mask(vk::AccessFlags::TRANSFER_READ);
        let transfer = vk::PipelineStageFlags::TRANSFER;
        let none = vk::DependencyFlags::empty();
        device.cmd_pipeline_barrier(commands, transfer, transfer, none, &[memory], &[], &[]);
        device.cmd_copy_buffer(commands, buffers[0].0, buffers[1].0, &[vk::BufferCopy::default().size(256)]);
        assert_eq!(host.device, device.handle());
        rogue().kept.extend(buffers);
    }
}

fn destroy_kept() {
    let kept = std::mem::take(&mut rogue().kept);
    let device = device(rogue().tables.expect("loaded").1).1;
    for (buffer, memory) in kept {
        // SAFETY: the device is alive; that it may use the buffer is what is tested, after it has finished in fact.
        unsafe {
            device.destroy_buffer(buffer, None);
            device.free_memory(memory, None);
        }
    }
}

#[test]
fn buffers_that_a_frame_may_still_use() {
    let at_once = noticed_with(Some(GOOD), copy, |_| {
        // SAFETY: the device is alive. Waiting through Unity's own loader is not noticed, and keeps the test defined.
        unsafe {
            let host = (rogue().tables.expect("loaded").1.instance)();
            let entry = ash::Entry::load().expect("Vulkan");
            let instance = ash::Instance::load(entry.static_fn(), host.instance);
            ash::Device::load(instance.fp_v1_0(), host.device).device_wait_idle().expect("idle");
        }
        destroy_kept();
    });
    assert_noticed(at_once, "vkDestroyBuffer of an object that frame 1 uses, safe is 0");
    let later = noticed_with(Some(GOOD), copy, |unity| {
        rogue().action = |_, _| ();
        (0..4).for_each(|_| unity.frame());
        destroy_kept();
    });
    assert_eq!(later.unwrap_or_default(), [""; 0]);
}

#[test]
fn waiting_for_the_queue() {
    let problems = noticed(Some(GOOD), |vulkan, _| {
        let (host, device) = device(vulkan);
        // SAFETY: nobody else uses the queue just now.
        unsafe { device.queue_wait_idle(host.graphics_queue) }.expect("idle");
    });
    assert_noticed(problems, "vkQueueWaitIdle");
}
