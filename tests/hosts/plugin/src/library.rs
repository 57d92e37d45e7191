//! The interface with lifetimes and results: what a Rust engine would write around it.

use crate::abi::Functions;
use crate::{Failure, Result};
use neuvol_capi::{
    NEUVOL_ABI_MAJOR, NEUVOL_ABI_VERSION, NEUVOL_CANCELLED, NEUVOL_FORMAT_F32, NEUVOL_NOT_READY, NEUVOL_OK,
    NEUVOL_PRECISION_EXACT, neuvol_budget, neuvol_context, neuvol_context_stats, neuvol_decode_desc, neuvol_open_desc,
    neuvol_result, neuvol_submit_desc, neuvol_texture, neuvol_texture_desc, neuvol_ticket, neuvol_variable_info,
    neuvol_volume, neuvol_vulkan_desc,
};
use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// The loaded library. It stays for the life of the program, as in an engine: unloading it while one of its threads still runs
/// would be a crash.
#[derive(Clone, Copy)]
pub struct Library {
    functions: Functions,
}

impl Library {
    /// Loads a file.
    ///
    /// # Errors
    /// If it is not there, lacks a function, or has another major version.
    pub fn load(path: &Path) -> Result<Self> {
        // SAFETY: loading runs what the library does at load, which for ours is nothing.
        let library = unsafe { libloading::Library::new(path) };
        let library = library.map_err(|error| Failure::broken(path.display(), error))?;
        let library: &'static libloading::Library = Box::leak(Box::new(library));
        // SAFETY: the functions of one name have one type in all versions of one major number, which is checked below.
        let functions = unsafe { Functions::find(library)? };
        let version = (functions.neuvol_abi_version)();
        if version >> 16 != NEUVOL_ABI_MAJOR {
            return Err(Failure::broken(path.display(), format!("version {version:#x} of the interface")));
        }
        Ok(Self { functions })
    }

    /// The value of a success, or the library's text of what went wrong.
    fn check(&self, function: &str, result: neuvol_result) -> Result<neuvol_result> {
        if result >= NEUVOL_OK {
            return Ok(result);
        }
        // SAFETY: a null buffer only asks for the length.
        let length = unsafe { (self.functions.neuvol_last_error)(ptr::null_mut(), 0) };
        let mut text = vec![0_u8; length + 1];
        // SAFETY: the buffer has as many bytes as it says.
        unsafe { (self.functions.neuvol_last_error)(text.as_mut_ptr().cast(), text.len()) };
        text.truncate(length);
        Err(Failure::broken(format!("{function} gave {result}"), String::from_utf8_lossy(&text)))
    }

    /// What the library has to say since the last call, a line per record; empty if nothing.
    pub fn log(&self) -> String {
        let mut text = vec![0_u8; 1 << 16];
        // SAFETY: the buffer has as many bytes as it says.
        let length = unsafe { (self.functions.neuvol_log_drain)(text.as_mut_ptr().cast(), text.len()) };
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    /// Opens a volume.
    ///
    /// # Errors
    /// What the library says.
    pub fn open(&self, path: &Path) -> Result<Volume> {
        let text = path.to_string_lossy();
        let mut volume = neuvol_volume { id: 0 };
        let desc = neuvol_open_desc {
            struct_size: size_of::<neuvol_open_desc>() as u32,
            abi_version: NEUVOL_ABI_VERSION,
            threads: 0,
            reserved0: 0,
            cache_bytes: 0,
        };
        let open = self.functions.neuvol_volume_open_file;
        // SAFETY: pointers to living values of the lengths that are told.
        let result = unsafe { open(text.as_ptr().cast(), text.len(), &raw const desc, &raw mut volume) };
        self.check("neuvol_volume_open_file", result)?;
        Ok(Volume { library: *self, volume })
    }

    /// Makes a context on the device of a host.
    ///
    /// # Errors
    /// What the library says.
    ///
    /// # Safety
    /// The handles must be alive as long as the context, and belong together.
    pub unsafe fn context(&self, desc: &neuvol_vulkan_desc) -> Result<Context> {
        let mut context = neuvol_context { id: 0 };
        // SAFETY: promised by the caller; pointers to living values.
        let result = unsafe { (self.functions.neuvol_context_create_vulkan)(desc, &raw mut context) };
        self.check("neuvol_context_create_vulkan", result)?;
        Ok(Context { library: *self, context })
    }
}

/// An open volume; closed when it is dropped.
pub struct Volume {
    library: Library,
    volume: neuvol_volume,
}

/// What a host wants to know of a variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variable {
    /// Voxels x, y, z.
    pub dims: [u32; 3],
    /// Time steps.
    pub steps: u32,
    /// Smallest and largest value.
    pub range: [f32; 2],
}

impl Volume {
    /// The number of the volume, for submits.
    pub fn handle(&self) -> neuvol_volume {
        self.volume
    }

    /// Describes a variable.
    ///
    /// # Errors
    /// What the library says.
    pub fn variable(&self, variable: u32) -> Result<Variable> {
        // SAFETY: zeros are a value of a structure of numbers.
        let mut info: neuvol_variable_info = unsafe { std::mem::zeroed() };
        info.struct_size = size_of::<neuvol_variable_info>() as u32;
        // SAFETY: a living structure that knows its size.
        let result = unsafe { (self.library.functions.neuvol_variable_get_info)(self.volume, variable, &raw mut info) };
        self.library.check("neuvol_variable_get_info", result)?;
        Ok(Variable { dims: info.dims, steps: info.step_count, range: [info.value_min, info.value_max] })
    }

    /// Decodes a whole variable on the CPU, NaN where it is not valid.
    ///
    /// # Errors
    /// What the library says.
    pub fn decode(&self, variable: u32, time: f64) -> Result<Vec<f32>> {
        let dims = self.variable(variable)?.dims;
        let mut values = vec![0_f32; dims.iter().map(|&n| n as usize).product()];
        let desc = neuvol_decode_desc {
            struct_size: size_of::<neuvol_decode_desc>() as u32,
            flags: 0,
            format: NEUVOL_FORMAT_F32,
            precision: NEUVOL_PRECISION_EXACT,
            variable,
            level: 0,
            quality: 0,
            reserved0: 0,
            time,
            box_min: [0; 3],
            box_max: dims,
            row_pitch: 0,
            slice_pitch: 0,
            value_min: 0.0,
            value_max: 0.0,
        };
        let bytes = size_of_val(values.as_slice());
        let decode = self.library.functions.neuvol_decode_to_host;
        // SAFETY: the description lives, and the memory is as long as it says.
        let result =
            unsafe { decode(self.volume, &raw const desc, values.as_mut_ptr().cast(), bytes, ptr::null_mut(), 0) };
        self.library.check("neuvol_decode_to_host", result)?;
        Ok(values)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let result = (self.library.functions.neuvol_volume_close)(self.volume);
        debug_assert_eq!(result, NEUVOL_OK);
    }
}

/// The library on a graphics device.
pub struct Context {
    library: Library,
    context: neuvol_context,
}

impl Context {
    /// Sets what a frame may take on the device.
    ///
    /// # Errors
    /// What the library says.
    pub fn set_budget(&self, time: Duration) -> Result<()> {
        let budget = neuvol_budget {
            struct_size: size_of::<neuvol_budget>() as u32,
            gpu_us: time.as_micros() as u32,
            max_blocks: 0,
            reserved0: 0,
            max_upload_bytes: 0,
        };
        // SAFETY: a pointer to a living value.
        let result = unsafe { (self.library.functions.neuvol_context_set_budget)(self.context, &raw const budget) };
        self.library.check("neuvol_context_set_budget", result).map(drop)
    }

    /// Registers a texture of the host.
    ///
    /// # Errors
    /// What the library says.
    ///
    /// # Safety
    /// The image must be what the description says, and live until all frames after [`Context::unregister`] are finished.
    pub unsafe fn register(&self, desc: &neuvol_texture_desc) -> Result<neuvol_texture> {
        let mut texture = neuvol_texture { id: 0 };
        // SAFETY: promised by the caller; pointers to living values.
        let result = unsafe { (self.library.functions.neuvol_texture_register)(self.context, desc, &raw mut texture) };
        self.library.check("neuvol_texture_register", result)?;
        Ok(texture)
    }

    /// Takes a texture back.
    ///
    /// # Errors
    /// What the library says.
    pub fn unregister(&self, texture: neuvol_texture) -> Result<()> {
        let result = (self.library.functions.neuvol_texture_unregister)(self.context, texture);
        self.library.check("neuvol_texture_unregister", result).map(drop)
    }

    /// Submits a decode of a whole variable.
    ///
    /// # Errors
    /// What the library says.
    pub fn submit(
        &self,
        volume: &Volume,
        variable: u32,
        time: f64,
        texture: neuvol_texture,
        invalid: f32,
    ) -> Result<neuvol_ticket> {
        let desc = neuvol_submit_desc {
            struct_size: size_of::<neuvol_submit_desc>() as u32,
            flags: 0,
            volume: volume.handle(),
            texture,
            variable,
            level: 0,
            quality: 0,
            precision: NEUVOL_PRECISION_EXACT,
            time,
            time_velocity: 0.0,
            box_min: [0; 3],
            box_max: volume.variable(variable)?.dims,
            texel_min: [0; 3],
            priority: 1.0,
            value_min: 0.0,
            value_max: 0.0,
            invalid,
            reserved0: 0,
        };
        let mut ticket = neuvol_ticket { id: 0 };
        // SAFETY: pointers to living values.
        let result =
            unsafe { (self.library.functions.neuvol_decode_submit)(self.context, &raw const desc, &raw mut ticket) };
        self.library.check("neuvol_decode_submit", result)?;
        Ok(ticket)
    }

    /// Whether all of a decode was recorded.
    ///
    /// # Errors
    /// What the library says.
    pub fn is_recorded(&self, ticket: neuvol_ticket) -> Result<bool> {
        let result = (self.library.functions.neuvol_decode_status)(self.context, ticket);
        if result == NEUVOL_CANCELLED {
            return Err(Failure::Broken("a decode was cancelled, which nobody has asked for".into()));
        }
        self.library.check("neuvol_decode_status", result).map(|result| result == NEUVOL_OK)
    }

    /// Records what is ready into a command buffer; true if there was something.
    ///
    /// # Errors
    /// What the library says.
    ///
    /// # Safety
    /// The command buffer must be recording, outside a render pass, on the queue family of the context; all frames up to
    /// `safe_frame` must be finished.
    pub unsafe fn record(&self, command_buffer: *mut c_void, frame: u64, safe_frame: u64) -> Result<bool> {
        // SAFETY: promised by the caller.
        let result =
            unsafe { (self.library.functions.neuvol_context_record)(self.context, command_buffer, frame, safe_frame) };
        self.library.check("neuvol_context_record", result).map(|result| result != NEUVOL_NOT_READY)
    }

    /// What the context has done.
    ///
    /// # Errors
    /// What the library says.
    pub fn stats(&self) -> Result<neuvol_context_stats> {
        // SAFETY: zeros are a value of a structure of numbers.
        let mut stats: neuvol_context_stats = unsafe { std::mem::zeroed() };
        stats.struct_size = size_of::<neuvol_context_stats>() as u32;
        // SAFETY: a living structure that knows its size.
        let result = unsafe { (self.library.functions.neuvol_context_get_stats)(self.context, &raw mut stats) };
        self.library.check("neuvol_context_get_stats", result)?;
        Ok(stats)
    }

    /// Destroys the context.
    ///
    /// # Errors
    /// What the library says.
    ///
    /// # Safety
    /// The device must live, and all frames that were recorded must be finished.
    pub unsafe fn destroy(self) -> Result<()> {
        let result = (self.library.functions.neuvol_context_destroy)(self.context);
        self.library.check("neuvol_context_destroy", result).map(drop)
    }
}
