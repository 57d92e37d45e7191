//! Starting and ending: other graphics APIs, no device, early and late loading, shutdown.

use crate::api::Script;
use neuvol_capi::{
    NEUVOL_ERROR_NO_VULKAN, NEUVOL_NOT_READY, NEUVOL_OK, NEUVOL_TEXEL_R32F, neuvol_context, neuvol_result,
};
use neuvol_fake_unity::Options;
use neuvol_fake_unity::tables::renderer;

#[test]
fn other_graphics_apis_are_named() {
    for preload in [true, false] {
        let options = Options { renderer: renderer::D3D11, preload, ..Options::default() };
        let mut script = Script::start_only(options).expect("no Vulkan is needed");
        assert_eq!(script.context(), (NEUVOL_ERROR_NO_VULKAN, neuvol_context { id: 0 }));
        let text = script.last_error();
        assert!(text.contains("Unity draws with Direct3D 11") && text.contains("player settings"), "{text}");
        let texture = script.register(8 as *mut _, [1; 3], NEUVOL_TEXEL_R32F);
        assert_eq!(texture, Err(NEUVOL_ERROR_NO_VULKAN));
        assert_eq!(script.unity.stop(), [""; 0]);
    }
}

#[test]
fn without_a_device_there_is_no_context_yet() {
    let options = Options { renderer: renderer::NULL, ..Options::default() };
    let mut script = Script::start_only(options).expect("no Vulkan is needed");
    assert_eq!(script.context(), (NEUVOL_NOT_READY, neuvol_context { id: 0 }));
    assert_eq!(script.unity.stop(), [""; 0]);
}

#[test]
fn extensions_are_added_if_the_library_is_loaded_first() {
    for (preload, has_v2) in [(true, true), (true, false), (false, true)] {
        let Some(mut script) = Script::start(Options { preload, has_v2, ..Options::default() }) else { return };
        // Not every lavapipe has semaphores to share; memory they all have.
        assert_eq!(script.unity.has_function(c"vkGetMemoryFdKHR"), preload, "preload {preload}, V2 {has_v2}");
        let context = script.context;
        assert_eq!(script.context(), (NEUVOL_OK, context), "there is one context");
        assert!(script.log().contains("loaded by Unity"));
        let problems = script.unity.stop();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

#[test]
fn the_context_goes_with_the_device_or_by_hand() {
    let Some(mut script) = Script::start(Options { editor: true, ..Options::default() }) else { return };
    let destroy = *script.unity.symbol::<extern "C" fn(neuvol_context) -> neuvol_result>("neuvol_context_destroy");
    let first = script.context;
    script.frame();
    assert_eq!(destroy(first), NEUVOL_OK);
    // Scripts go on with the event for a while.
    script.frame();
    let (result, second) = script.context();
    assert_eq!(result, NEUVOL_OK, "{}", script.last_error());
    assert_ne!(first, second, "numbers are never used again");
    script.frame();
    let problems = script.unity.stop();
    assert!(problems.is_empty(), "all that was made of the device is gone with it: {problems:#?}");
    assert!(destroy(second) < 0, "the context went with the device");
}
