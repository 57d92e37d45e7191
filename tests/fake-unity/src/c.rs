//! The same for programs in other languages, through the shared library.

use crate::tables::RenderEvent;
use crate::{FakeUnity, NewTexture, Options};
use ash::vk;
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

thread_local! {
    /// The one of this thread, which is the main thread.
    static UNITY: RefCell<Option<FakeUnity>> = const { RefCell::new(None) };
}

fn with<T>(body: impl FnOnce(&mut FakeUnity) -> T) -> T {
    UNITY.with_borrow_mut(|unity| body(unity.as_mut().expect("fake_unity_start was called")))
}

/// Starts with a plugin; 0 without Vulkan.
///
/// # Safety
/// `plugin` ends in 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fake_unity_start(plugin: *const c_char) -> i32 {
    // SAFETY: promised by the caller.
    let plugin = unsafe { CStr::from_ptr(plugin) }.to_str().expect("UTF-8");
    let unity = FakeUnity::start(Path::new(plugin), Options { editor: true, ..Options::default() });
    let is_there = unity.is_some();
    UNITY.set(unity);
    is_there.into()
}

/// Makes a 3D texture that can be stored to, and gives its native pointer.
#[unsafe(no_mangle)]
pub extern "C" fn fake_unity_texture(x: u32, y: u32, z: u32, vulkan_format: i32) -> *mut c_void {
    with(|unity| {
        unity.texture(NewTexture {
            dims: [x, y, z],
            format: vk::Format::from_raw(vulkan_format),
            usage: vk::ImageUsageFlags::STORAGE | vk::ImageUsageFlags::TRANSFER_DST,
            is_3d: true,
        })
    })
}

/// Destroys a texture, when the events that were issued have run.
#[unsafe(no_mangle)]
pub extern "C" fn fake_unity_destroy(texture: *mut c_void) {
    with(|unity| unity.destroy(texture));
}

/// Adds a render event to the next frame.
#[unsafe(no_mangle)]
pub extern "C" fn fake_unity_issue(function: Option<RenderEvent>, event: i32) {
    with(|unity| unity.issue(function.expect("a function"), event));
}

/// Runs a frame.
#[unsafe(no_mangle)]
pub extern "C" fn fake_unity_frame() {
    with(FakeUnity::frame);
}

/// Reads a texture.
///
/// # Safety
/// `out` has room for `bytes`, which is the texture's size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fake_unity_read(texture: *mut c_void, bytes_per_texel: u32, out: *mut u8, bytes: usize) {
    let content = with(|unity| unity.read(texture, bytes_per_texel as usize));
    assert_eq!(content.len(), bytes, "the size of the texture");
    // SAFETY: promised by the caller.
    unsafe { out.copy_from_nonoverlapping(content.as_ptr(), bytes) };
}

/// Ends, and gives the number of problems; they are printed.
#[unsafe(no_mangle)]
pub extern "C" fn fake_unity_stop() -> i32 {
    let problems = UNITY.take().map(FakeUnity::stop).unwrap_or_default();
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    problems.len() as i32
}
