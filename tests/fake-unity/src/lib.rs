//! A Unity for tests: it loads a native plugin as Unity does, makes a Vulkan device and 3D textures, runs frames with the
//! plugin's render events on a thread of their own, and counts which of Unity's rules the plugin breaks:
//!
//! - resources and the recording state are asked for in render events only, and on their thread;
//! - the recording state is asked for again after each access, and commands go nowhere else;
//! - events are configured to run outside of render passes;
//! - nothing that a frame uses is destroyed or changed before that frame is safe;
//! - the queue is Unity's.
//!
//! What the validation layers say counts, too. [`FakeUnity`] is for Rust, [`mod@c`] for other languages.

pub mod c;
mod device;
mod interface;
mod rules;
pub mod tables;
mod watch;

use ash::vk;
use device::Device;
use libloading::{Library, Symbol};
use rules::{Running, State, Texture};
use std::collections::{HashSet, VecDeque};
use std::ffi::c_void;
use std::path::Path;
use std::ptr::from_ref;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tables::{INITIALIZE, Instance, Interfaces, RenderEvent, SHUTDOWN, renderer};

/// Accesses that one frame may have.
const MOST_ACCESSES: u32 = 24;

/// There is one Unity at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What kind of Unity it is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The plugin is loaded before the device is made ("load on startup").
    pub preload: bool,
    /// The editor: its first device is none, and it tells of the real one twice.
    pub editor: bool,
    /// Unity has the second version of its Vulkan interface.
    pub has_v2: bool,
    /// Number of the graphics API, [`tables::renderer`].
    pub renderer: i32,
    /// Frames that the device may be behind.
    pub lag: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { preload: true, editor: false, has_v2: true, renderer: renderer::VULKAN, lag: 2 }
    }
}

/// A texture to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewTexture {
    /// Texels x, y, z.
    pub dims: [u32; 3],
    /// VkFormat.
    pub format: vk::Format,
    /// What it is for; transfers from it and sampling are added.
    pub usage: vk::ImageUsageFlags,
    /// Whether it is one of three dimensions.
    pub is_3d: bool,
}

/// How a plugin is started.
pub type Load = unsafe extern "system" fn(*const Interfaces);

#[derive(Clone, Copy)]
enum Plugin {
    Library(&'static Library),
    /// One of a test.
    Function(Load),
}

/// See the crate.
pub struct FakeUnity {
    device: Option<Device>,
    plugin: Plugin,
    issued: Vec<(RenderEvent, i32)>,
    /// Frames on their way.
    flying: VecDeque<(u64, Vec<vk::CommandBuffer>, vk::Fence)>,
    textures: Vec<(Box<vk::Image>, vk::DeviceMemory)>,
    lag: u64,
    has_ended: bool,
    _alone: MutexGuard<'static, ()>,
}

impl FakeUnity {
    /// Starts, with the plugin of this path. `None` without a Vulkan driver; where `NEUVOL_REQUIRE_VULKAN` is set it must be
    /// there.
    ///
    /// # Panics
    /// If the library is no plugin.
    pub fn start(plugin: &Path, options: Options) -> Option<Self> {
        // SAFETY: the library is a plugin, whose constructors do nothing.
        let library = unsafe { Library::new(plugin) }.unwrap_or_else(|error| panic!("{}: {error}", plugin.display()));
        // Unity's editor never unloads a plugin.
        Self::start_plugin(Plugin::Library(Box::leak(Box::new(library))), options)
    }

    /// The same with a plugin that is only a function.
    ///
    /// # Safety
    /// The function must be `UnityPluginLoad` of a plugin.
    pub unsafe fn start_function(load: Load, options: Options) -> Option<Self> {
        Self::start_plugin(Plugin::Function(load), options)
    }

    fn start_plugin(plugin: Plugin, options: Options) -> Option<Self> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        rules::set(Some(State::new(renderer::NULL, options.has_v2)));
        let mut unity = Self {
            device: None,
            plugin,
            issued: Vec::new(),
            flying: VecDeque::new(),
            textures: Vec::new(),
            lag: options.lag,
            has_ended: false,
            _alone: alone,
        };
        if options.preload {
            unity.load();
        }
        if options.editor {
            tell(INITIALIZE);
        }
        if options.renderer == renderer::VULKAN {
            match Device::new(intercepted) {
                Ok(device) => unity.use_device(device),
                Err(error) => {
                    device::require(&error);
                    return None;
                }
            }
        }
        rules::with(|state| state.renderer = options.renderer);
        for _ in 0..if options.editor { 2 } else { 1 } {
            tell(INITIALIZE);
        }
        if !options.preload {
            unity.load();
        }
        Some(unity)
    }

    fn load(&self) {
        let load = match self.plugin {
            Plugin::Library(_) => *self.symbol::<Load>("UnityPluginLoad"),
            Plugin::Function(load) => load,
        };
        // SAFETY: the tables are as Unity's, and stay.
        unsafe { load(from_ref(&interface::INTERFACES)) };
    }

    fn use_device(&mut self, device: Device) {
        let instance = Instance {
            pipeline_cache: 0,
            instance: device.instance.handle(),
            physical_device: device.physical,
            device: device.device.handle(),
            graphics_queue: device.queue,
            get_instance_proc_addr: Some(watch::over(device.get_instance_proc_addr)),
            queue_family_index: device.family,
            reserved: [0; 8],
        };
        rules::with(|state| {
            state.instance = Some(instance);
            state.device = Some(device.device.clone());
        });
        self.device = Some(device);
    }

    /// A function of the plugin's library.
    ///
    /// # Panics
    /// If there is none.
    pub fn symbol<F>(&self, name: &str) -> Symbol<'static, F> {
        let Plugin::Library(library) = self.plugin else { panic!("the plugin is no library") };
        // SAFETY: the caller names the type; calling it is unsafe.
        unsafe { library.get(name.as_bytes()) }.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn device(&self) -> &Device {
        self.device.as_ref().expect("a Vulkan device")
    }

    /// Whether the device has this function, so that its extension is enabled.
    pub fn has_function(&self, name: &std::ffi::CStr) -> bool {
        let device = self.device();
        // SAFETY: instance and device are alive.
        unsafe { device.instance.get_device_proc_addr(device.device.handle(), name.as_ptr()).is_some() }
    }

    /// Makes a texture, filled with zeros if it can be copied to, and gives its native pointer.
    pub fn texture(&mut self, new: NewTexture) -> *mut c_void {
        let [width, height, depth] = new.dims;
        let mut texture = Texture {
            image: vk::Image::null(),
            usage: new.usage | vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::SAMPLED,
            format: new.format,
            extent: vk::Extent3D { width, height, depth },
            ty: if new.is_3d { vk::ImageType::TYPE_3D } else { vk::ImageType::TYPE_2D },
            layout: vk::ImageLayout::UNDEFINED,
            stages: vk::PipelineStageFlags::TOP_OF_PIPE,
            access: vk::AccessFlags::empty(),
        };
        let memory = self.device().image(&mut texture);
        if texture.usage.contains(vk::ImageUsageFlags::TRANSFER_DST) {
            let device = self.device();
            let cleared = Texture {
                layout: vk::ImageLayout::TRANSFER_DST_OPTIMAL,
                stages: vk::PipelineStageFlags::TRANSFER,
                access: vk::AccessFlags::TRANSFER_WRITE,
                ..texture
            };
            // SAFETY: the commands are being recorded, and the texture is used as said.
            device.run(|commands| unsafe {
                interface::barrier(&device.device, commands, &texture, &cleared);
                let (layout, zero, all) = (cleared.layout, vk::ClearColorValue::default(), whole());
                device.device.cmd_clear_color_image(commands, cleared.image, layout, &zero, &[all]);
                interface::barrier(&device.device, commands, &cleared, &drawn(&cleared));
            });
            texture = drawn(&cleared);
        }
        // As the documentation says: a pointer to the VkImage.
        let place = Box::new(texture.image);
        let native = from_ref(&*place).cast_mut().cast::<c_void>();
        self.textures.push((place, memory));
        rules::with(|state| state.textures.insert(native as usize, texture));
        native
    }

    /// Destroys a texture as soon as the device has finished, as a script would.
    pub fn destroy(&mut self, native: *mut c_void) {
        self.finish();
        rules::with(|state| state.textures.remove(&(native as usize)));
        let at = self.textures.iter().position(|(place, _)| std::ptr::eq(&raw const **place, native.cast()));
        let (image, memory) = self.textures.remove(at.expect("a texture"));
        // SAFETY: the device has finished.
        unsafe {
            self.device().device.destroy_image(*image, None);
            self.device().device.free_memory(memory, None);
        }
    }

    /// Adds a render event to the next frame.
    pub fn issue(&mut self, function: RenderEvent, event: i32) {
        self.issued.push((function, event));
    }

    /// Runs a frame: the events that were issued on the render thread, then what Unity draws with the textures.
    pub fn frame(&mut self) {
        self.retire();
        let mut spare = self.device().begin(MOST_ACCESSES + 1);
        let first = spare.pop().expect("one of them");
        rules::with(|state| {
            state.frame += 1;
            (state.spare, state.used) = (spare, vec![first]);
        });
        let events = std::mem::take(&mut self.issued);
        std::thread::scope(|scope| {
            scope.spawn(|| events.iter().for_each(|&(function, id)| run(function, id)));
        });
        let (frame, used, spare) = rules::with(|state| {
            draw(state);
            (state.frame, std::mem::take(&mut state.used), std::mem::take(&mut state.spare))
        })
        .expect("a Unity");
        let device = self.device();
        // SAFETY: they were never submitted.
        unsafe { device.device.free_command_buffers(device.pool, &spare) };
        let fence = device.submit(&used);
        self.flying.push_back((frame, used, fence));
    }

    /// Waits until the device is no more frames behind than it may be.
    fn retire(&mut self) {
        while self.flying.len() as u64 > self.lag {
            self.finish_one();
        }
    }

    /// Waits for all frames.
    pub fn finish(&mut self) {
        while !self.flying.is_empty() {
            self.finish_one();
        }
    }

    fn finish_one(&mut self) {
        if let Some((frame, commands, fence)) = self.flying.pop_front() {
            self.device().finish(&commands, fence);
            rules::with(|state| state.safe_frame = frame);
        }
    }

    /// What is in a texture, x fastest.
    pub fn read(&mut self, native: *mut c_void, bytes_per_texel: usize) -> Vec<u8> {
        self.finish();
        let texture = rules::with(|state| state.textures.get(&(native as usize)).copied()).flatten();
        let texture = texture.expect("a texture");
        let vk::Extent3D { width, height, depth } = texture.extent;
        let bytes = width as usize * height as usize * depth as usize * bytes_per_texel;
        let device = self.device();
        let (buffer, memory) = device.read_buffer(bytes as u64);
        let copied = Texture {
            layout: vk::ImageLayout::TRANSFER_SRC_OPTIMAL,
            stages: vk::PipelineStageFlags::TRANSFER,
            access: vk::AccessFlags::TRANSFER_READ,
            ..texture
        };
        let region = vk::BufferImageCopy::default()
            .image_subresource(vk::ImageSubresourceLayers {
                aspect_mask: vk::ImageAspectFlags::COLOR,
                mip_level: 0,
                base_array_layer: 0,
                layer_count: 1,
            })
            .image_extent(texture.extent);
        // SAFETY: the commands are being recorded, the texture is used as said, and the buffer is large enough and mapped
        // when the device has finished.
        unsafe {
            device.run(|commands| {
                interface::barrier(&device.device, commands, &texture, &copied);
                device.device.cmd_copy_image_to_buffer(commands, copied.image, copied.layout, buffer, &[region]);
                interface::barrier(&device.device, commands, &copied, &texture);
                let barrier = vk::MemoryBarrier::default()
                    .src_access_mask(vk::AccessFlags::TRANSFER_WRITE)
                    .dst_access_mask(vk::AccessFlags::HOST_READ);
                let (from, to) = (vk::PipelineStageFlags::TRANSFER, vk::PipelineStageFlags::HOST);
                let none = vk::DependencyFlags::empty();
                device.device.cmd_pipeline_barrier(commands, from, to, none, &[barrier], &[], &[]);
            });
            let mapped = device.device.map_memory(memory, 0, vk::WHOLE_SIZE, vk::MemoryMapFlags::empty());
            let content = std::slice::from_raw_parts(mapped.expect("mapped").cast::<u8>(), bytes).to_vec();
            device.device.destroy_buffer(buffer, None);
            device.device.free_memory(memory, None);
            content
        }
    }

    /// Commands that the plugin has recorded so far, and copies to textures among them.
    pub fn commands(&self) -> (u64, u64) {
        rules::with_default(|state| (state.commands, state.copies))
    }

    /// The rules that the plugin has broken so far, and what the validation layers have said since the last call.
    pub fn problems(&self) -> Vec<String> {
        let broken = rules::with_default(|state| state.violations().to_vec());
        broken.into_iter().chain(device::messages()).collect()
    }

    /// Ends: tells of it, and destroys the device. `UnityPluginUnload` is not called, as in the editor. Gives the problems.
    pub fn stop(mut self) -> Vec<String> {
        self.end();
        self.problems()
    }

    fn end(&mut self) {
        if self.device.is_some() {
            self.finish();
        }
        if !std::mem::replace(&mut self.has_ended, true) {
            tell(SHUTDOWN);
        }
        let textures = std::mem::take(&mut self.textures);
        if let Some(device) = self.device.take() {
            for (image, memory) in textures {
                // SAFETY: the device has finished.
                unsafe {
                    device.device.destroy_image(*image, None);
                    device.device.free_memory(memory, None);
                }
            }
        }
    }
}

impl Drop for FakeUnity {
    fn drop(&mut self) {
        // Nothing is left to do after `stop`.
        self.end();
        rules::set(None);
    }
}

/// The loader's function, after all plugins that wanted to stand in between; the highest priority is nearest to the loader.
fn intercepted(loader: vk::PFN_vkGetInstanceProcAddr) -> vk::PFN_vkGetInstanceProcAddr {
    let mut intercepts = rules::with_default(|state| state.intercepts.clone());
    intercepts.sort_by_key(|(priority, ..)| std::cmp::Reverse(*priority));
    // SAFETY: the callbacks are the plugins', with what they asked for.
    intercepts.into_iter().fold(loader, |next, (_, callback, user)| unsafe { callback(next, user as *mut c_void) })
}

fn tell(event: i32) {
    if let Some(callback) = rules::with(|state| state.callback).flatten() {
        // SAFETY: the plugin asked for it.
        unsafe { callback(event) };
    }
}

/// Runs one render event.
fn run(function: RenderEvent, event: i32) {
    rules::with(|state| {
        let config = state.configured.get(&event).copied();
        if config.is_none_or(|config| config.render_pass != 2 || config.queue_access != 0 || config.flags != 9) {
            state.broken(format!("a render event that was configured as {config:?}"));
        }
        state.running = Some(Running {
            thread: std::thread::current().id(),
            outside: config.is_some_and(|config| config.render_pass == 2),
            commands: *state.used.last().expect("a command buffer"),
            is_fetched: false,
            accessed: HashSet::new(),
        });
    });
    // SAFETY: the plugin gave it for this.
    unsafe { function(event) };
    rules::with(|state| state.running = None);
}

/// Uses all textures that were accessed, as Unity would for drawing.
fn draw(state: &mut State) {
    let mut textures = std::mem::take(&mut state.textures);
    for texture in textures.values_mut() {
        let after = drawn(texture);
        if texture.layout != vk::ImageLayout::UNDEFINED && texture.layout != after.layout {
            interface::transition(state, texture, &after);
            *texture = after;
        }
    }
    state.textures = textures;
}

/// The texture when it is sampled.
fn drawn(texture: &Texture) -> Texture {
    Texture {
        layout: vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL,
        stages: vk::PipelineStageFlags::FRAGMENT_SHADER,
        access: vk::AccessFlags::SHADER_READ,
        ..*texture
    }
}

fn whole() -> vk::ImageSubresourceRange {
    vk::ImageSubresourceRange {
        aspect_mask: vk::ImageAspectFlags::COLOR,
        base_mip_level: 0,
        level_count: 1,
        base_array_layer: 0,
        layer_count: 1,
    }
}
