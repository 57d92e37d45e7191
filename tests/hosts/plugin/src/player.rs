//! The library in a host that stands on wgpu: what is there from the start, and what happens each frame.

use crate::compare::{self, Texels, Verdict};
use crate::{Context, Failure, Fill, Library, Options, Result, Variable, Volume, scene};
use ash::vk::{self, Handle};
use neuvol_capi::{
    NEUVOL_ABI_VERSION, NEUVOL_TEXEL_R16F, NEUVOL_TEXEL_R32F, NEUVOL_WRITE_PATH_COPY, NEUVOL_WRITE_PATH_STORE,
    neuvol_texture, neuvol_texture_desc, neuvol_ticket, neuvol_vulkan_desc,
};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wgpu::hal::api::Vulkan;
use wgpu::wgt::{TextureTransition, TextureUses};

/// Number of the variable that is shown.
const VARIABLE: u32 = 0;
/// Frames that may be on their way at once.
const FRAMES: u32 = 3;
/// What a frame may take on the device: so much that a device of software needs some frames, not dozens.
const GPU_TIME: Duration = Duration::from_millis(250);
/// A decode that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is shown: the open volume, and what the CPU decodes of it.
pub struct Content {
    library: Library,
    volume: Volume,
    /// The variable that is shown.
    pub variable: Variable,
    expected: Vec<f32>,
}

impl Content {
    /// Loads the library, opens the volume and decodes it on the CPU.
    ///
    /// # Errors
    /// What the library says.
    pub fn open(options: &Options) -> Result<Self> {
        let library = Library::load(&options.library)?;
        let volume = library.open(&options.volume)?;
        let variable = volume.variable(VARIABLE)?;
        let expected = compare::expected(volume.decode(VARIABLE, scene::TIME)?);
        Ok(Self { library, volume, variable, expected })
    }
}

/// Who does the barriers around a decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barriers {
    /// The host: it brings the textures to the layouts of their write paths before, and to the one for sampling after.
    Host,
    /// The library: the host keeps the textures in the layout for sampling, always.
    Library,
}

/// A host's use of the library.
pub struct Player {
    content: Content,
    /// None if the host fills its textures itself.
    context: Option<Context>,
    barriers: Barriers,
    time: f64,
    textures: Vec<Registered>,
    frame: u64,
    /// The last frame that the device has finished.
    finished: Arc<AtomicU64>,
    start: Instant,
}

/// A texture of the host, and the decode into it.
struct Registered {
    texture: wgpu::Texture,
    decode: Option<(neuvol_texture, neuvol_ticket)>,
}

impl Player {
    /// Makes a context on the device of the host.
    ///
    /// # Errors
    /// What the library says, or if the device is not one of Vulkan.
    pub fn new(content: Content, options: &Options, barriers: Barriers, device: &wgpu::Device) -> Result<Self> {
        let context = match options.fill {
            Fill::Gpu => {
                let context = context(&content.library, device)?;
                context.set_budget(GPU_TIME)?;
                Some(context)
            }
            Fill::Cpu => None,
        };
        Ok(Self {
            content,
            context,
            barriers,
            time: options.time(),
            textures: Vec::new(),
            frame: 0,
            finished: Arc::default(),
            start: Instant::now(),
        })
    }

    /// Registers a texture and submits the decode into it. wgpu must know that the texture has content: it clears what it
    /// believes untouched at its first use, and would clear what the library has written.
    ///
    /// # Errors
    /// What the library says.
    pub fn add(&mut self, queue: &wgpu::Queue, texture: &wgpu::Texture) -> Result<()> {
        let decode = match &self.context {
            Some(context) => {
                let desc = description(texture, self.barriers, self.content.variable.dims)?;
                // SAFETY: the description was made from the texture, which lives until `close`.
                let target = unsafe { context.register(&desc)? };
                let ticket = context.submit(&self.content.volume, VARIABLE, self.time, target, scene::INVALID)?;
                Some((target, ticket))
            }
            None => {
                let values = compare::expected(self.content.volume.decode(VARIABLE, self.time)?);
                write_texture(queue, texture, &kind(texture)?.encode(&values));
                None
            }
        };
        self.textures.push(Registered { texture: texture.clone(), decode });
        Ok(())
    }

    /// One frame of the host: gives the library a command buffer of the host's queue. True when all decodes are recorded.
    ///
    /// # Errors
    /// What the library says, or if it takes too long.
    pub fn frame(&mut self, device: &wgpu::Device, queue: &wgpu::Queue) -> Result<bool> {
        let Some(context) = &self.context else { return Ok(true) };
        if self.start.elapsed() > PATIENCE {
            return Err(Failure::Broken(format!("not decoded after {} frames, {PATIENCE:?}", self.frame)));
        }
        self.frame += 1;
        while self.frame - self.finished.load(Ordering::Acquire) > u64::from(FRAMES) {
            wait(device)?;
        }
        let transitions = self.textures.iter().map(|registered| TextureTransition {
            texture: &registered.texture,
            selector: None,
            state: match self.barriers {
                Barriers::Library => TextureUses::RESOURCE,
                Barriers::Host if stores(&registered.texture) => TextureUses::STORAGE_WRITE_ONLY,
                Barriers::Host => TextureUses::COPY_DST,
            },
        });
        // wgpu's own commands and raw ones must not be mixed in one encoder.
        let mut before = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        before.transition_resources(std::iter::empty(), transitions);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let (frame, safe) = (self.frame, self.finished.load(Ordering::Acquire));
        // SAFETY: the raw encoder is only recorded into: no render pass is open, it is of the queue of the context, and the
        // device has said that it has finished the frames up to `safe`.
        unsafe {
            encoder.as_hal_mut::<Vulkan, _, _>(|encoder| {
                let encoder = encoder.ok_or_else(not_vulkan)?;
                context.record(encoder.raw_handle().as_raw() as *mut c_void, frame, safe)
            })?;
        }
        queue.submit([before.finish(), encoder.finish()]);
        let finished = Arc::clone(&self.finished);
        queue.on_submitted_work_done(move || {
            finished.fetch_max(frame, Ordering::AcqRel);
        });
        device.poll(wgpu::PollType::Poll).map_err(|error| Failure::broken("poll", error))?;
        let mut done = true;
        for (_, ticket) in self.textures.iter().filter_map(|registered| registered.decode) {
            done &= context.is_recorded(ticket)?;
        }
        if done {
            let (stats, time) = (context.stats()?, self.start.elapsed().as_secs_f64());
            println!("{} blocks decoded in {} of {frame} frames, {time:.2} s", stats.blocks_decoded, stats.frames);
        }
        Ok(done)
    }

    /// Compares the texels of all textures with what the CPU decodes.
    ///
    /// # Errors
    /// If the device is lost.
    pub fn check(&self, device: &wgpu::Device, queue: &wgpu::Queue, verdict: &mut Verdict) -> Result<()> {
        let content = &self.content;
        for registered in &self.textures {
            let (texture, kind) = (&registered.texture, kind(&registered.texture)?);
            let texels = read_texture(device, queue, texture, kind.bytes())?;
            verdict.add(compare::texels(name(texture), &texels, kind, &content.expected, content.variable.range));
        }
        Ok(())
    }

    /// Gives everything back, in the order that the library asks for.
    ///
    /// # Errors
    /// What the library says.
    pub fn close(self, device: &wgpu::Device) -> Result<()> {
        let Some(context) = self.context else { return Ok(()) };
        for (target, _) in self.textures.iter().filter_map(|registered| registered.decode) {
            context.unregister(target)?;
        }
        wait(device)?;
        // SAFETY: the device lives, and it has just finished everything.
        unsafe { context.destroy()? };
        let log = self.content.library.log();
        // Nothing here gives a reason to complain.
        let complaints: Vec<&str> = log.lines().filter(|line| !line.starts_with("INFO")).collect();
        if complaints.is_empty() { Ok(()) } else { Err(Failure::broken("the library's log", complaints.join("\n"))) }
    }
}

/// What the picture and the figures of a texture are called.
pub fn name(texture: &wgpu::Texture) -> &'static str {
    if stores(texture) { "store" } else { "copy" }
}

/// The library is given the path that the texture was made for.
fn stores(texture: &wgpu::Texture) -> bool {
    texture.usage().contains(wgpu::TextureUsages::STORAGE_BINDING)
}

fn kind(texture: &wgpu::Texture) -> Result<Texels> {
    match texture.format() {
        wgpu::TextureFormat::R32Float => Ok(Texels::F32),
        wgpu::TextureFormat::R16Float => Ok(Texels::F16),
        format => Err(Failure::Broken(format!("textures of {format:?} are not tried here"))),
    }
}

fn not_vulkan() -> Failure {
    Failure::Broken("the device is not one of Vulkan".into())
}

/// A context with the raw handles of a device.
fn context(library: &Library, device: &wgpu::Device) -> Result<Context> {
    // SAFETY: the handles are only read here, and used by the library as its interface says.
    let hal = unsafe { device.as_hal::<Vulkan>() }.ok_or_else(not_vulkan)?;
    let instance = hal.shared_instance();
    let desc = neuvol_vulkan_desc {
        struct_size: size_of::<neuvol_vulkan_desc>() as u32,
        abi_version: NEUVOL_ABI_VERSION,
        // wgpu enables none of the optional features that the library can use.
        flags: 0,
        queue_family: hal.queue_family_index(),
        instance: instance.raw_instance().handle().as_raw() as *mut c_void,
        physical_device: hal.raw_physical_device().as_raw() as *mut c_void,
        device: hal.raw_device().handle().as_raw() as *mut c_void,
        get_instance_proc_addr: instance.entry().static_fn().get_instance_proc_addr as *mut c_void,
        threads: 0,
        frames: FRAMES,
        model_bytes: 0,
        work_bytes: 0,
        texel_bytes: 0,
    };
    // SAFETY: the handles are those of one living device, which the hosts drop after the context.
    unsafe { library.context(&desc) }
}

fn description(texture: &wgpu::Texture, barriers: Barriers, dims: [u32; 3]) -> Result<neuvol_texture_desc> {
    // SAFETY: the handle is only read.
    let hal = unsafe { texture.as_hal::<Vulkan>() }.ok_or_else(not_vulkan)?;
    Ok(neuvol_texture_desc {
        struct_size: size_of::<neuvol_texture_desc>() as u32,
        texel: match kind(texture)? {
            Texels::F32 => NEUVOL_TEXEL_R32F,
            Texels::F16 => NEUVOL_TEXEL_R16F,
        },
        path: if stores(texture) { NEUVOL_WRITE_PATH_STORE } else { NEUVOL_WRITE_PATH_COPY },
        layout: match barriers {
            Barriers::Host => 0,
            Barriers::Library => vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL.as_raw(),
        },
        dims,
        reserved0: 0,
        // SAFETY: as above.
        image: unsafe { hal.raw_handle() }.as_raw(),
    })
}

fn wait(device: &wgpu::Device) -> Result<()> {
    let waited = device.poll(wgpu::PollType::wait_indefinitely());
    waited.map(drop).map_err(|error| Failure::broken("waiting for the device", error))
}

/// Writes all texels.
pub fn write_texture(queue: &wgpu::Queue, texture: &wgpu::Texture, texels: &[u8]) {
    let size = texture.size();
    let row = texels.len() as u32 / (size.height * size.depth_or_array_layers);
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: Some(size.height) };
    queue.write_texture(texture.as_image_copy(), texels, layout, size);
}

/// Reads all texels, rows without gaps.
///
/// # Errors
/// If the device is lost.
pub fn read_texture(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    texture: &wgpu::Texture,
    bytes: u32,
) -> Result<Vec<u8>> {
    let size = texture.size();
    let (row, rows) = (size.width * bytes, size.height * size.depth_or_array_layers);
    let pitch = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(pitch) * u64::from(rows),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: Some(size.height) };
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), to, size);
    queue.submit([encoder.finish()]);
    let mapped = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&mapped);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        told.store(u64::from(result.is_ok()), Ordering::Release);
    });
    wait(device)?;
    if mapped.load(Ordering::Acquire) == 0 {
        return Err(Failure::Broken("a buffer cannot be mapped".into()));
    }
    let bytes = buffer.slice(..).get_mapped_range();
    Ok(bytes.chunks(pitch as usize).flat_map(|line| &line[..row as usize]).copied().collect())
}
