//! Textures that cannot be written to, or not any more.

use crate::api::{Script, Texture};
use ash::vk;
use neuvol_capi::{
    NEUVOL_ERROR_INVALID_ARGUMENT, NEUVOL_ERROR_NULL_POINTER, NEUVOL_NOT_READY, NEUVOL_OK, NEUVOL_TEXEL_R16F,
    NEUVOL_TEXEL_R32F,
};
use neuvol_fake_unity::{NewTexture, Options};
use neuvol_tests::cases;
use neuvol_tests::sample::THETA;
use std::ptr::null_mut;

const DIMS: [u32; 3] = [37, 20, 18];
const STORE: vk::ImageUsageFlags = vk::ImageUsageFlags::STORAGE;

#[test]
fn textures_that_are_not_as_registered_are_refused() {
    let Some(mut script) = Script::start(Options::default()) else { return };
    let good = NewTexture { dims: DIMS, format: vk::Format::R32_SFLOAT, usage: STORE, is_3d: true };
    let flat = NewTexture { dims: [37, 20, 1], is_3d: false, ..good };
    let sampled = NewTexture { usage: vk::ImageUsageFlags::SAMPLED, ..good };
    let half = NewTexture { format: vk::Format::R16_SFLOAT, ..good };
    let native = [good, flat, sampled, half].map(|new| script.unity.texture(new));
    let cases = [
        (native[0], [37, 20, 17], NEUVOL_TEXEL_R32F, "37 x 20 x 18 texels, not 37 x 20 x 17"),
        (native[0], DIMS, NEUVOL_TEXEL_R16F, "R32_SFLOAT"),
        (native[1], [37, 20, 1], NEUVOL_TEXEL_R32F, "not a 3D texture"),
        (native[2], DIMS, NEUVOL_TEXEL_R32F, "enable random write"),
        (native[3], DIMS, NEUVOL_TEXEL_R32F, "R16_SFLOAT"),
        // Something that Unity does not know, and that must not be followed.
        (8 as *mut _, DIMS, NEUVOL_TEXEL_R32F, "Unity does not know it"),
    ];
    let handles = cases.map(|(native, dims, texel, text)| {
        let handle = script.register(native, dims, texel).expect("a number");
        assert_eq!(script.texture_status(handle), NEUVOL_NOT_READY, "no render event has seen it");
        (handle, text)
    });
    let ready = script.register(native[0], DIMS, NEUVOL_TEXEL_R32F).expect("a number");
    for (handle, text) in handles {
        let result = script.frames_until(|script| script.texture_status(handle));
        assert_eq!(result, NEUVOL_ERROR_INVALID_ARGUMENT, "{text}");
        assert!(script.last_error().contains(text), "{text}: {}", script.last_error());
    }
    assert_eq!(script.frames_until(|script| script.texture_status(ready)), NEUVOL_OK);
    assert_eq!(script.register(null_mut(), DIMS, NEUVOL_TEXEL_R32F), Err(NEUVOL_ERROR_NULL_POINTER));
    assert_eq!(script.register(native[0], DIMS, 99), Err(NEUVOL_ERROR_INVALID_ARGUMENT));
    let problems = script.unity.stop();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_texture_that_unity_loses_does_not_hold_up_the_others() {
    let Some(mut script) = Script::start(Options::default()) else { return };
    let volume = script.open();
    let desc = cases::desc(THETA, 0, 1.0, [0; 3], DIMS);
    let [lost, kept] = [0, 1].map(|_| script.texture(DIMS, NEUVOL_TEXEL_R32F, STORE));
    for texture in [lost, kept] {
        assert_eq!(script.frames_until(|script| script.texture_status(texture.handle)), NEUVOL_OK);
    }
    let submit = |script: &Script, texture: Texture| script.submit(volume, texture, &desc, 0.0, None);
    let first = submit(&script, lost);
    // A script destroys the texture while its decode is being prepared.
    std::thread::sleep(std::time::Duration::from_millis(50));
    script.unity.destroy(lost.native);
    let second = submit(&script, kept);
    assert_eq!(script.frames_until(|script| script.status(second)), NEUVOL_OK, "{}", script.last_error());
    assert_eq!(script.frames_until(|script| script.status(first)), NEUVOL_ERROR_INVALID_ARGUMENT);
    assert_eq!(script.texture_status(lost.handle), NEUVOL_ERROR_INVALID_ARGUMENT);
    assert!(script.last_error().contains("Unity does not know it any more"), "{}", script.last_error());
    let problems = script.unity.stop();
    // The view of the image went after it: the script's mistake, which the layers may tell of.
    assert!(problems.iter().all(|problem| problem.contains("VkImageView")), "{problems:#?}");
}
