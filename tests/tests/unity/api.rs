//! The library's functions, called as a script of Unity would: by name, in the library that Unity has loaded.

use crate::{library, model};
use ash::vk;
use neuvol_capi::{
    NEUVOL_NOT_READY, NEUVOL_OK, NEUVOL_SUBMIT_VALUE_RANGE, NEUVOL_TEXEL_R8, NEUVOL_TEXEL_R16F, NEUVOL_TEXEL_R32F,
    neuvol_context, neuvol_decode_desc, neuvol_open_desc, neuvol_result, neuvol_submit_desc, neuvol_texel,
    neuvol_texture, neuvol_ticket, neuvol_unity_texture_desc, neuvol_volume,
};
use neuvol_fake_unity::tables::RenderEvent;
use neuvol_fake_unity::{FakeUnity, NewTexture, Options};
use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::time::Duration;

/// Frames until something must have happened; each leaves the workers a moment.
const MOST_FRAMES: usize = 3000;
const MOMENT: Duration = Duration::from_millis(1);

/// A Unity with the library.
pub(crate) struct Script {
    pub(crate) unity: FakeUnity,
    pub(crate) context: neuvol_context,
    event: (RenderEvent, i32),
}

/// A texture on both sides.
#[derive(Clone, Copy)]
pub(crate) struct Texture {
    pub(crate) native: *mut c_void,
    pub(crate) handle: neuvol_texture,
    pub(crate) texel: neuvol_texel,
}

impl Script {
    /// Starts, and asks for the context. `None` without Vulkan.
    pub(crate) fn start(options: Options) -> Option<Self> {
        let mut script = Self::start_only(options)?;
        assert_eq!(script.context().0, NEUVOL_OK, "{}", script.last_error());
        Some(script)
    }

    /// Starts only.
    pub(crate) fn start_only(options: Options) -> Option<Self> {
        let unity = FakeUnity::start(library(), options)?;
        let function = *unity.symbol::<extern "C" fn() -> *mut c_void>("neuvol_unity_render_event");
        let id = *unity.symbol::<extern "C" fn() -> i32>("neuvol_unity_event_id");
        // SAFETY: the library says that it is such a function.
        let function = unsafe { std::mem::transmute::<*mut c_void, RenderEvent>(function()) };
        Some(Self { unity, context: neuvol_context { id: 0 }, event: (function, id()) })
    }

    /// Asks for the context.
    pub(crate) fn context(&mut self) -> (neuvol_result, neuvol_context) {
        type Function = unsafe extern "C" fn(*mut neuvol_context) -> neuvol_result;
        let get = *self.unity.symbol::<Function>("neuvol_unity_context");
        let mut context = neuvol_context { id: 7 };
        // SAFETY: the pointer is of a value here.
        let result = unsafe { get(&mut context) };
        self.context = context;
        (result, context)
    }

    pub(crate) fn last_error(&self) -> String {
        let get = *self.unity.symbol::<unsafe extern "C" fn(*mut c_char, usize) -> usize>("neuvol_last_error");
        let mut text = vec![0u8; 1024];
        // SAFETY: the text has this many bytes.
        let len = unsafe { get(text.as_mut_ptr().cast(), text.len()) };
        text.truncate(len);
        String::from_utf8(text).expect("UTF-8")
    }

    /// What the library has logged.
    pub(crate) fn log(&self) -> String {
        let drain = *self.unity.symbol::<unsafe extern "C" fn(*mut c_char, usize) -> usize>("neuvol_log_drain");
        let mut text = vec![0u8; 1 << 17];
        // SAFETY: the text has this many bytes.
        let len = unsafe { drain(text.as_mut_ptr().cast(), text.len()) };
        text.truncate(len);
        String::from_utf8(text).expect("UTF-8")
    }

    pub(crate) fn open(&self) -> neuvol_volume {
        type Function =
            unsafe extern "C" fn(*const c_char, usize, *const neuvol_open_desc, *mut neuvol_volume) -> neuvol_result;
        let open = *self.unity.symbol::<Function>("neuvol_volume_open_file");
        let mut volume = neuvol_volume { id: 0 };
        // SAFETY: pointers of values here, with their lengths.
        let result = unsafe { open(model().as_ptr().cast(), model().len(), null(), &mut volume) };
        assert_eq!(result, NEUVOL_OK, "{}", self.last_error());
        volume
    }

    pub(crate) fn close(&self, volume: neuvol_volume) {
        let close = *self.unity.symbol::<extern "C" fn(neuvol_volume) -> neuvol_result>("neuvol_volume_close");
        assert_eq!(close(volume), NEUVOL_OK, "{}", self.last_error());
    }

    /// Decodes into memory.
    pub(crate) fn decode(&self, volume: neuvol_volume, desc: &neuvol_decode_desc) -> Vec<f32> {
        type Function = unsafe extern "C" fn(
            neuvol_volume,
            *const neuvol_decode_desc,
            *mut c_void,
            usize,
            *mut u8,
            usize,
        ) -> neuvol_result;
        let decode = *self.unity.symbol::<Function>("neuvol_decode_to_host");
        let count: u32 = (0..3).map(|axis| desc.box_max[axis] - desc.box_min[axis]).product();
        let mut values = vec![0f32; count as usize];
        // SAFETY: pointers of values here, with their lengths.
        let result =
            unsafe { decode(volume, desc, values.as_mut_ptr().cast(), values.len() * 4, std::ptr::null_mut(), 0) };
        assert_eq!(result, NEUVOL_OK, "{}", self.last_error());
        values
    }

    /// Registers a native texture.
    pub(crate) fn register(
        &self,
        native: *mut c_void,
        dims: [u32; 3],
        texel: neuvol_texel,
    ) -> Result<neuvol_texture, neuvol_result> {
        type Function = unsafe extern "C" fn(*const neuvol_unity_texture_desc, *mut neuvol_texture) -> neuvol_result;
        let register = *self.unity.symbol::<Function>("neuvol_unity_texture_register");
        let struct_size = size_of::<neuvol_unity_texture_desc>() as u32;
        let desc = neuvol_unity_texture_desc { struct_size, texel, dims, reserved0: 0, native_texture: native };
        let mut texture = neuvol_texture { id: 0 };
        // SAFETY: pointers of values here.
        let result = unsafe { register(&desc, &mut texture) };
        if result == NEUVOL_OK { Ok(texture) } else { Err(result) }
    }

    pub(crate) fn texture(&mut self, dims: [u32; 3], texel: neuvol_texel, usage: vk::ImageUsageFlags) -> Texture {
        let native = self.unity.texture(NewTexture { dims, format: format_of(texel), usage, is_3d: true });
        let handle = self.register(native, dims, texel).unwrap_or_else(|_| panic!("{}", self.last_error()));
        Texture { native, handle, texel }
    }

    pub(crate) fn texture_status(&self, texture: neuvol_texture) -> neuvol_result {
        type Function = extern "C" fn(neuvol_context, neuvol_texture) -> neuvol_result;
        self.unity.symbol::<Function>("neuvol_texture_status")(self.context, texture)
    }

    pub(crate) fn unregister(&self, texture: neuvol_texture) {
        type Function = extern "C" fn(neuvol_context, neuvol_texture) -> neuvol_result;
        let result = self.unity.symbol::<Function>("neuvol_texture_unregister")(self.context, texture);
        assert_eq!(result, NEUVOL_OK, "{}", self.last_error());
    }

    /// Asks for a box in a texture.
    pub(crate) fn submit(
        &self,
        volume: neuvol_volume,
        texture: Texture,
        desc: &neuvol_decode_desc,
        invalid: f32,
        range: Option<(f32, f32)>,
    ) -> neuvol_ticket {
        type Function =
            unsafe extern "C" fn(neuvol_context, *const neuvol_submit_desc, *mut neuvol_ticket) -> neuvol_result;
        let submit = *self.unity.symbol::<Function>("neuvol_decode_submit");
        let (value_min, value_max) = range.unwrap_or_default();
        let desc = neuvol_submit_desc {
            struct_size: size_of::<neuvol_submit_desc>() as u32,
            flags: if range.is_some() { NEUVOL_SUBMIT_VALUE_RANGE } else { 0 },
            volume,
            texture: texture.handle,
            variable: desc.variable,
            level: desc.level,
            quality: desc.quality,
            precision: desc.precision,
            time: desc.time,
            time_velocity: 0.0,
            box_min: desc.box_min,
            box_max: desc.box_max,
            texel_min: [0; 3],
            priority: 1.0,
            value_min,
            value_max,
            invalid,
            reserved0: 0,
        };
        let mut ticket = neuvol_ticket { id: 0 };
        // SAFETY: pointers of values here.
        let result = unsafe { submit(self.context, &desc, &mut ticket) };
        assert_eq!(result, NEUVOL_OK, "{}", self.last_error());
        ticket
    }

    pub(crate) fn status(&self, ticket: neuvol_ticket) -> neuvol_result {
        type Function = extern "C" fn(neuvol_context, neuvol_ticket) -> neuvol_result;
        self.unity.symbol::<Function>("neuvol_decode_status")(self.context, ticket)
    }

    /// One frame with the library's render event.
    pub(crate) fn frame(&mut self) {
        self.unity.issue(self.event.0, self.event.1);
        self.unity.frame();
        std::thread::sleep(MOMENT);
    }

    /// Frames until something is no longer waited for; gives what it is then.
    pub(crate) fn frames_until(&mut self, result: impl Fn(&Self) -> neuvol_result) -> neuvol_result {
        for _ in 0..MOST_FRAMES {
            match result(self) {
                NEUVOL_NOT_READY => self.frame(),
                other => return other,
            }
        }
        NEUVOL_NOT_READY
    }
}

/// Vulkan's name of a texel.
pub(crate) fn format_of(texel: neuvol_texel) -> vk::Format {
    match texel {
        NEUVOL_TEXEL_R32F => vk::Format::R32_SFLOAT,
        NEUVOL_TEXEL_R16F => vk::Format::R16_SFLOAT,
        NEUVOL_TEXEL_R8 => vk::Format::R8_UNORM,
        other => panic!("no test uses texel {other}"),
    }
}
